/**
 * Units of work: what they gave and how far they are is kept in checkpoints of the run.
 *
 * @module
 */
import { join } from "@std/path";
import { type Checkpoint, loadCheckpoint, type NamedArrays, saveCheckpoint } from "../../core/mod.ts";
import { decodeExact, encodeExact } from "../../core/exact_json.ts";
import type { MetricsFile, MetricsMark } from "./metrics_file.ts";
import type { RecipeContext, Unit, UnitCheckpoint } from "./recipe.ts";

/** What a unit gave. */
interface Finished {
  readonly result: unknown;
  /** How many lines of metrics.jsonl it wrote. */
  readonly lines: number;
}

/** A unit that has begun. */
interface Current {
  readonly name: string;
  readonly step: number;
  readonly state: unknown;
  readonly lines: number;
}

/** Where a run is. */
export interface RunState {
  /** What the units gave that are done, by name. */
  readonly finished: readonly (readonly [name: string, Finished])[];
  /** The unit that it is in, if that made a checkpoint. */
  readonly current: Current | null;
  readonly metrics: MetricsMark;
  /** What the runner keeps of itself, such as the seconds so far. */
  readonly runner: unknown;
}

/** A state with the arrays of the unit it is in. */
export interface SavedRun {
  /** The checkpoint's number. */
  readonly number: number;
  readonly state: RunState;
  readonly tensors: NamedArrays;
}

/** Options of {@linkcode createUnits}. */
export interface UnitsOptions {
  /** The run folder. */
  readonly path: string;
  readonly metrics: MetricsFile;
  /** Where a resumed run was. */
  readonly from: SavedRun | undefined;
  /** Seconds between checkpoints; 0 makes one at each offer. */
  readonly every: number;
  /** What else to keep. */
  readonly runner: () => unknown;
  /** Lets a pending Ctrl-C arrive. */
  readonly turn: () => Promise<void>;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** The units of a run. */
export interface Units {
  readonly unit: RecipeContext<unknown>["unit"];
  /** Whether the run is in a unit that offers checkpoints: only there it should stop. */
  readonly offering: boolean;
  /** Whether there is a checkpoint to go on from. */
  readonly kept: boolean;
}

const folderOf = (path: string) => join(path, "checkpoints");

/** Loads where a run was, from its newest checkpoint that is whole. */
export async function loadRun(path: string, log: (line: string) => void): Promise<SavedRun | undefined> {
  const found: Checkpoint | undefined = await loadCheckpoint(folderOf(path), { log });
  return found && { number: found.step, state: found.state as RunState, tensors: found.tensors };
}

/** Takes away the checkpoints of a run that is done. */
export function removeCheckpoints(path: string): void {
  try {
    Deno.removeSync(folderOf(path), { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Makes what units are done with. */
export function createUnits(options: UnitsOptions): Units {
  const { path, metrics, from, every, runner, turn, signal } = options;
  const finished = new Map(from?.state.finished);
  let unfinished = from?.state.current ?? undefined;
  let number = from?.number ?? 0;
  let savedAt = performance.now();
  const seen = new Set<string>();
  let active: string | undefined;
  let offering = false;

  async function save(current: Current | null, tensors: NamedArrays): Promise<void> {
    // The lines first: a checkpoint never speaks of some that are not on the disk.
    const state: RunState = { finished: [...finished], current, metrics: metrics.flush(), runner: runner() };
    await saveCheckpoint(folderOf(path), { step: ++number, tensors, state });
    savedAt = performance.now();
  }

  /** What is known of a unit that begins. */
  function resume(name: string): UnitCheckpoint | undefined {
    const saved = unfinished?.name === name ? unfinished : undefined;
    if (saved) metrics.pass(saved.lines);
    if (metrics.ahead !== 0) {
      throw new Error(
        `Cannot resume in ${name}: metrics.jsonl has ${metrics.ahead} lines more than were written again until here, ` +
          "expected the recipe to do the same each time",
      );
    }
    unfinished = undefined;
    return saved && { step: saved.step, state: saved.state, tensors: from!.tensors };
  }

  async function work<Result>(name: string, work: (unit: Unit) => Promise<Result>): Promise<Result> {
    const first = metrics.line;
    const saved = resume(name);
    const result = await work({
      saved,
      async offer(make) {
        offering = true;
        await turn();
        if (signal.aborted || performance.now() - savedAt >= every * 1000) {
          const { step, tensors, state } = await make();
          await save({ name, step, state, lines: metrics.line - first }, tensors);
        }
        signal.throwIfAborted();
      },
    });
    const copy = decodeExact(encodeExact(result, `the result of ${name}`));
    finished.set(name, { result: copy, lines: metrics.line - first });
    await save(null, {});
    signal.throwIfAborted();
    return decodeExact(encodeExact(copy, name)) as Result;
  }

  return {
    get offering() {
      return offering;
    },
    get kept() {
      return number > 0;
    },
    async unit<Result>(name: string, body: (unit: Unit) => Promise<Result>): Promise<Result> {
      if (active !== undefined) throw new Error(`Cannot begin the unit ${name} within ${active}: expected it to end`);
      if (seen.has(name)) throw new Error(`Cannot begin the unit ${name}: another one has this name`);
      seen.add(name);
      const done = finished.get(name);
      if (done) {
        metrics.pass(done.lines);
        return decodeExact(encodeExact(done.result, name)) as Result;
      }
      active = name;
      try {
        return await work(name, body);
      } finally {
        active = undefined;
        offering = false;
      }
    },
  };
}
