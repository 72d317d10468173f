/**
 * Where a run is, as its checkpoints say.
 *
 * @module
 */
import { join } from "@std/path";
import { type Checkpoint, loadCheckpoint, type NamedArrays } from "../../core/mod.ts";
import type { MetricsMark } from "./metrics_file.ts";

/** What a unit gave. */
export interface Finished {
  readonly result: unknown;
  /** How many lines of metrics.jsonl it wrote. */
  readonly lines: number;
}

/** A unit that has begun. */
export interface Current {
  readonly name: string;
  readonly step: number;
  readonly state: unknown;
  readonly lines: number;
}

/** What the runner keeps of itself. */
export interface RunnerState {
  /** How long the run took until then. */
  readonly seconds: number;
  /** How often it was resumed. */
  readonly resumed: number;
  /** What stands in its summary. */
  readonly results: object;
}

/** Where a run is. */
export interface RunState {
  /** What the units gave that are done, by name. */
  readonly finished: readonly (readonly [name: string, Finished])[];
  /** The unit that it is in, if that made a checkpoint. */
  readonly current: Current | null;
  readonly metrics: MetricsMark;
  readonly runner: RunnerState;
}

/** A state with the arrays of the unit it is in. */
export interface SavedRun {
  /** The checkpoint's number. */
  readonly number: number;
  readonly state: RunState;
  readonly tensors: NamedArrays;
}

/** The folder of a run's checkpoints. */
export const checkpointsOf = (path: string): string => join(path, "checkpoints");

/** Loads where a run was, from its newest checkpoint that is whole. */
export async function loadRun(path: string, log: (line: string) => void): Promise<SavedRun | undefined> {
  const found: Checkpoint | undefined = await loadCheckpoint(checkpointsOf(path), { log });
  return found && { number: found.step, state: found.state as RunState, tensors: found.tensors };
}

/** Takes away the checkpoints of a run that is done. */
export function removeCheckpoints(path: string): void {
  try {
    Deno.removeSync(checkpointsOf(path), { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
