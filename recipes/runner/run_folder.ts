/**
 * The folder that a run leaves behind: `config.yaml`, `metrics.jsonl`, `summary.json`, and `figures/` of
 * SVG and PNG.
 *
 * @module
 */
import { basename, dirname, join } from "@std/path";
import { formatRecord, type RunRecord } from "./config_file.ts";
import { renderSvg, type VegaLiteSpec } from "./figures.ts";
import { reasonOf } from "./file_errors.ts";
import { toJson } from "./json.ts";
import { type MetricsFile, metricsFile } from "./metrics_file.ts";
import { UsageError } from "./usage_error.ts";
import { writeWhole } from "./write_whole.ts";

/** How a run ended. */
export type RunStatus = "completed" | "interrupted" | "failed";

/** What a recipe writes its results with. */
export interface RunFolder {
  /** The folder's path. */
  readonly path: string;
  /** Appends one line to metrics.jsonl; it is in the file, whole, when the call returns. */
  metric(record: object): void;
  /** Adds results to summary.json; later values of the same name replace earlier ones. */
  summary(results: object): void;
  /** Draws a vega-lite figure into figures/<name>.svg. */
  figure(name: string, spec: VegaLiteSpec): Promise<void>;
  /** Writes a picture, encoded as PNG, into figures/<name>.png. */
  image(name: string, png: Uint8Array): void;
  /** Writes a text file such as a table. */
  text(name: string, content: string): void;
}

/** A run folder with the parts that only the runner uses. */
export interface OwnedRunFolder extends RunFolder {
  /** The file metrics.jsonl. */
  readonly metrics: MetricsFile;
  /** All results given to `summary` so far, as they would be written. */
  readonly results: object;
  /** Writes config.yaml. */
  record(record: RunRecord): void;
  /** Writes summary.json; may be called again. */
  finish(status: RunStatus, facts?: object): void;
  /** Closes the files. */
  close(): void;
  /** Closes the files and takes them away again, if nothing has come of the run. */
  discard(): void;
}

/** Where a run folder goes. */
export interface RunFolderOptions {
  /** The recipe's name. */
  readonly recipe: string;
  /** The folder; it must be new or empty. */
  readonly out?: string | undefined;
  /** Where the next free `<recipe>-<number>` is taken if `out` is left out. */
  readonly parent?: string;
}

/**
 * Makes a run folder and takes hold of it, so that nothing is computed that could not be kept.
 *
 * @throws {UsageError} If it cannot be made or written, or holds something already.
 */
export function createRunFolder({ recipe, out, parent = "runs" }: RunFolderOptions): OwnedRunFolder {
  const path = out === undefined ? makeNumbered(parent, recipe) : makeGiven(out);
  return ownedFolder(path, recipe, claim(path), out === undefined);
}

/**
 * Takes hold of the folder of an earlier run, to go on with it. Nothing in it is changed.
 *
 * @throws {UsageError} If it is none, or a process has it that still runs.
 */
export function openRunFolder({ recipe, path }: { readonly recipe: string; readonly path: string }): OwnedRunFolder {
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(join(path, "metrics.jsonl"), { read: true, append: true });
  } catch (error) {
    throw new UsageError(`Cannot resume ${path}: metrics.jsonl: ${reasonOf(error)}`);
  }
  if (!hold(file)) {
    file.close();
    throw new UsageError(`Cannot resume ${path}: another process is running it`);
  }
  return ownedFolder(path, recipe, file, false);
}

function ownedFolder(path: string, recipe: string, file: Deno.FsFile, isOurs: boolean): OwnedRunFolder {
  const metrics = metricsFile(file);
  let results: object = {};
  return {
    path,
    metrics,
    get results() {
      return JSON.parse(toJson(results));
    },
    metric: metrics.append,
    summary(more) {
      results = { ...results, ...more };
    },
    async figure(name, spec) {
      const file = join(path, "figures", `${plainName(name)}.svg`);
      writeFigure(file, await renderSvg(spec));
    },
    image(name, png) {
      writeFigure(join(path, "figures", `${plainName(name)}.png`), png);
    },
    text(name, content) {
      writeWhole(join(path, plainName(name)), content);
    },
    record(record) {
      writeWhole(join(path, "config.yaml"), formatRecord(record, path));
    },
    finish(status, facts = {}) {
      writeWhole(join(path, "summary.json"), `${toJson({ recipe, status, ...facts, results }, 2)}\n`);
    },
    close() {
      metrics.close();
    },
    discard() {
      metrics.close();
      Deno.removeSync(join(path, "metrics.jsonl"));
      if (isOurs) Deno.removeSync(path);
    },
  };
}

function writeFigure(file: string, content: string | Uint8Array): void {
  Deno.mkdirSync(dirname(file), { recursive: true });
  writeWhole(file, content);
}

const TAKEN = "it is not empty, and earlier results are never overwritten; choose another folder with --out";

function cannotWrite(path: string, error: unknown): UsageError {
  return new UsageError(`Cannot write to ${path}: ${reasonOf(error)}; choose another folder with --out`);
}

function makeGiven(path: string): string {
  try {
    Deno.mkdirSync(path, { recursive: true });
    if (!Deno.readDirSync(path)[Symbol.iterator]().next().done) throw new UsageError(`Cannot use ${path}: ${TAKEN}`);
  } catch (error) {
    throw error instanceof UsageError ? error : cannotWrite(path, error);
  }
  return path;
}

/** Makes the folder behind the highest number there is. Two runs that start together get two numbers. */
function makeNumbered(parent: string, recipe: string): string {
  try {
    Deno.mkdirSync(parent, { recursive: true });
    let last = 0;
    for (const { name } of Deno.readDirSync(parent)) {
      const number = name.startsWith(`${recipe}-`) ? /^\d+$/.exec(name.slice(recipe.length + 1)) : null;
      if (number) last = Math.max(last, Number(number[0]));
    }
    for (let number = last + 1;; number++) {
      const path = join(parent, `${recipe}-${String(number).padStart(3, "0")}`);
      try {
        Deno.mkdirSync(path);
        return path;
      } catch (error) {
        if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      }
    }
  } catch (error) {
    throw cannotWrite(parent, error);
  }
}

/** Opens metrics.jsonl, which must be new: this shows that the folder can be written, and that no other run has it. */
function claim(path: string): Deno.FsFile {
  try {
    const file = Deno.openSync(join(path, "metrics.jsonl"), { createNew: true, append: true });
    hold(file);
    return file;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) throw new UsageError(`Cannot use ${path}: ${TAKEN}`);
    throw cannotWrite(path, error);
  }
}

/**
 * Takes hold of a file until it is closed; the system lets go of it however the process ends. Returns false if another
 * process has it.
 */
function hold(file: Deno.FsFile): boolean {
  try {
    return file.tryLockSync(true);
  } catch (error) {
    // Some network file systems have no locks.
    if (error instanceof Deno.errors.NotSupported) return true;
    throw error;
  }
}

function plainName(name: string): string {
  if (name === "" || name.startsWith(".") || basename(name) !== name) {
    throw new TypeError(`Cannot write "${name}": expected the plain name of a file in the run folder`);
  }
  return name;
}
