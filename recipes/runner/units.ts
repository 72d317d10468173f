/**
 * Units of work: what they gave and how far they are is kept in checkpoints of the run.
 *
 * @module
 */
import { type NamedArrays, saveCheckpoint } from "../../core/mod.ts";
import { decodeExact, encodeExact } from "../../core/exact_json.ts";
import type { MetricsFile } from "./metrics_file.ts";
import type { RecipeContext, Unit, UnitCheckpoint } from "./recipe.ts";
import { checkpointsOf, type Current, type RunnerState, type RunState, type SavedRun } from "./run_state.ts";

/** Options of {@linkcode createUnits}. */
export interface UnitsOptions {
  /** The run folder. */
  readonly path: string;
  readonly metrics: MetricsFile;
  /** Where a resumed run was. */
  readonly from: SavedRun | undefined;
  /** Seconds between checkpoints, at least; 0 makes one at each offer. */
  readonly every: number;
  /** What else to keep. */
  readonly runner: () => RunnerState;
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

/** Where checkpoints take long, they are at least as many times apart. */
const LEAST = 10;

/** Makes what units are done with. */
export function createUnits(options: UnitsOptions): Units {
  const { path, metrics, from, every, runner, turn, signal } = options;
  const finished = new Map(from?.state.finished);
  let unfinished = from?.state.current ?? undefined;
  let number = from?.number ?? 0;
  let tensors = from?.tensors ?? {};
  let savedAt = performance.now();
  let took = 0;
  const seen = new Set<string>();
  let active: string | undefined;
  let offering = false;

  async function save(current: Current | null, tensors: NamedArrays): Promise<void> {
    // The lines first: a checkpoint never speaks of some that are not on the disk.
    const state: RunState = { finished: [...finished], current, metrics: metrics.flush(), runner: runner() };
    await saveCheckpoint(checkpointsOf(path), { step: ++number, tensors, state });
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
    const resumed = saved && { step: saved.step, state: saved.state, tensors };
    // Large ones should not stay for the rest of the run.
    [unfinished, tensors] = [undefined, {}];
    return resumed;
  }

  async function work<Result>(name: string, work: (unit: Unit) => Promise<Result>): Promise<Result> {
    const first = metrics.line;
    const saved = resume(name);
    const result = await work({
      saved,
      async offer(make) {
        offering = true;
        await turn();
        const start = performance.now();
        if (signal.aborted || start - savedAt >= Math.max(every * 1000, every > 0 ? LEAST * took : 0)) {
          const { step, tensors, state } = await make();
          await save({ name, step, state, lines: metrics.line - first }, tensors);
          took = savedAt - start;
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
