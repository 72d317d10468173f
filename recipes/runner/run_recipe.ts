/**
 * Runs a recipe in a run folder, and writes there how it ended.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { type BackendName, useBackend } from "../../core/backend.ts";
import project from "../../deno.json" with { type: "json" };
import { resumeCommand, type RunRecord } from "./config_file.ts";
import { Interruption, listenForInterrupt } from "./interrupt.ts";
import { isUnplannable } from "./plan_error.ts";
import { createProgress } from "./progress.ts";
import type { Recipe } from "./recipe.ts";
import { isCompleted, takeUp, versionWarnings } from "./resume.ts";
import { createRunFolder, openRunFolder } from "./run_folder.ts";
import { removeCheckpoints, type RunnerState, type SavedRun } from "./run_state.ts";
import type { Values } from "./settings.ts";
import type { Terminal } from "./terminal.ts";
import { createUnits } from "./units.ts";
import { UsageError } from "./usage_error.ts";

/** Options of {@linkcode runRecipe}. */
export interface RunOptions {
  readonly recipe: Recipe;
  /** The validated config. */
  readonly config: Values;
  readonly seed: number;
  readonly smoke: boolean;
  /** The engine; the best that starts if left out. */
  readonly backend?: BackendName | undefined;
  /** The run folder; the next number under `runs` if left out. */
  readonly out?: string | undefined;
  /** The parent of numbered run folders. */
  readonly runs: string;
  /** Where lines and the bar go. */
  readonly terminal: Terminal;
  /** The run folder to go on with, in place of a new one, and the versions that its run was begun with. */
  readonly resume?: { readonly path: string; readonly versions: RunRecord["versions"] } | undefined;
  /** Seconds between the checkpoints that units offer, 20 if left out; 0 makes one at each offer. */
  readonly checkpointSeconds?: number | undefined;
}

/**
 * Runs a recipe to its end.
 *
 * @returns The exit status: 0 if it completed, 1 if it failed, 2 if the data do not allow what was asked for, 130 or 143 if it was interrupted.
 * @throws {UsageError} If the engine does not start or the run folder cannot be had; nothing has been computed then.
 */
export async function runRecipe(options: RunOptions): Promise<number> {
  const { recipe, config, seed, smoke, resume, terminal } = options;
  const run = resume
    ? openRunFolder({ recipe: recipe.name, path: resume.path })
    : createRunFolder({ recipe: recipe.name, out: options.out, parent: options.runs });
  if (resume && isCompleted(run.path)) {
    run.close();
    terminal.print(`Nothing is left to do: the run in ${run.path} is complete`);
    return 0;
  }
  let engine: BackendName;
  let saved: SavedRun | undefined;
  try {
    engine = await startEngine(options.backend);
    if (resume) saved = await takeUp(run, terminal);
  } catch (error) {
    if (resume) run.close();
    else run.discard();
    throw error;
  }
  const started = performance.now();
  const before = saved?.state.runner;
  const state = (): RunnerState => ({
    seconds: Math.round((before?.seconds ?? 0) * 1000 + performance.now() - started) / 1000,
    resumed: before ? before.resumed + 1 : 0,
    results: run.results,
  });
  const facts = (): object => {
    const { seconds, resumed } = state();
    return { seed, smoke, engine, seconds, ...(resumed > 0 && { resumed }) };
  };
  const versions = { gradfold: project.version, deno: Deno.version.deno, tensorflowjs: tf.version.tfjs };
  const interrupt = listenForInterrupt((reason) => {
    // Written now as well, in case the process is ended before the recipe comes to a stop.
    run.finish("interrupted", facts());
    progress.warn(`${reason.message}, stopping after this step; once more ends at once`);
  });
  const { signal, turn } = interrupt;
  const units = createUnits({
    path: run.path,
    metrics: run.metrics,
    from: saved,
    every: options.checkpointSeconds ?? 20,
    runner: state,
    turn,
    signal,
  });
  // Where checkpoints are offered, the run stops with one.
  const pause = () => units.offering ? turn() : interrupt.pause();
  const progress = createProgress({ ...terminal, pause });
  const log = progress.log;
  const toGoOn = () => units.kept ? `; to go on: ${resumeCommand(run.path)}` : "";
  try {
    if (resume) versionWarnings(resume.versions, versions).forEach(progress.warn);
    else run.record({ recipe: recipe.name, seed, smoke, engine, versions, config });
    await recipe.run({ config, seed, smoke, signal, run, progress, log, pause, unit: units.unit });
    progress.end();
    // A signal that came during the last step is still waiting to be heard.
    await pause();
    run.finish("completed", facts());
    removeCheckpoints(run.path);
    terminal.print(`Results are in ${run.path}`);
    return 0;
  } catch (error) {
    progress.end();
    if (error instanceof Interruption || error === signal.reason) {
      run.finish("interrupted", facts());
      terminal.print(`Interrupted; what there is lies in ${run.path}${toGoOn()}`);
      return (signal.reason as Interruption).exitStatus;
    }
    run.finish("failed", { ...facts(), error: error instanceof Error ? error.message : String(error) });
    // What only the data could show to be impossible is still the request's fault, not the recipe's.
    if (error instanceof UsageError || isUnplannable(error)) {
      terminal.printError(error.message);
      return 2;
    }
    terminal.printError(error instanceof Error ? error.stack ?? error.message : String(error));
    terminal.printError(`The recipe failed; what there is lies in ${run.path}${toGoOn()}`);
    return 1;
  } finally {
    interrupt.stop();
    run.close();
  }
}

async function startEngine(backend: BackendName | undefined): Promise<BackendName> {
  try {
    return await useBackend(backend === undefined ? {} : { backend });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
