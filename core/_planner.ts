/**
 * Plans the steps of one `cachedStep`, and learns from each what it took.
 *
 * @module
 */
import { byteUnits, parseBytes } from "./bytes.ts";
import { choose, expected, learn, type LossKnown, type ShapeKnown, unknownLoss, unknownShape } from "./_lessons.ts";
import { expectLoss } from "./_loss_cost.ts";
import { type Enter, meterPhases } from "./_meter.ts";
import type { Place } from "./_prepare.ts";
import { type Profiled, profiler } from "./_profiler.ts";
import type { MemoryPlan, PlannedInput } from "./plan.ts";
import { watchPeak } from "./_watch.ts";
import { isReady, type StepInput } from "./step.ts";
import type { Batch, EncodeContext, Loss, Params } from "./types.ts";

/** How a step is run. */
export interface Directions {
  /** The encoders with what was decided for them. */
  readonly places: readonly Place[];
  /** Tells the size of the loss's tiles; the automatic one if left out. */
  readonly tileBytes?: () => number;
  /** To be told of each phase that the step enters. */
  readonly enter: Enter;
}

/** What a step is taken on. */
export interface PlannedBatch {
  readonly inputs: readonly StepInput[];
  readonly contexts: readonly Omit<EncodeContext, "rows">[];
}

/** Plans steps. */
export interface Planner {
  /**
   * Plans a step, runs it and measures what it takes.
   *
   * @throws {TypeError} If an input comes in chunks of its own.
   * @throws {RangeError} If no plan fits the budget, and no step was taken on a batch of this shape.
   */
  run<T>(batch: PlannedBatch, step: (directions: Directions) => T): { result: T; memory: MemoryPlan };
  /**
   * Plans a step, and says how it would cut a batch.
   *
   * @throws As {@linkcode run} does.
   */
  represent(batch: PlannedBatch): readonly Place[];
}

/** Makes a planner for encoders in their places. */
export function planner(
  memory: unknown,
  places: readonly Place[],
  params: Params,
  { params: lossParams = {}, further }: Pick<Loss, "params" | "further">,
): Planner {
  const budgetBytes = readBudget(memory);
  const [gradientBytes, lossGradientBytes] = [params, lossParams].map(bytesOf) as [number, number];
  const profileOf = profiler({ params, budgetBytes });
  const losses = new Map<string, LossKnown>();
  const shapes = new Map<string, ShapeKnown>();

  const profile = ({ inputs, contexts }: PlannedBatch) => {
    const watch = watchPeak();
    try {
      const profiled = places.map((place, i) => profileOf(place, wholeBatch(inputs[i]!, place), contexts[i]!));
      return { profiled, profilingBytes: watch.lap() };
    } finally {
      watch.stop();
    }
  };

  const prepare = (batch: PlannedBatch) => {
    const { profiled, profilingBytes } = profile(batch);
    const loss = entry(losses, countsOf(profiled), unknownLoss);
    const known = entry(shapes, shapesOf(profiled), unknownShape);
    const coupling = {
      ...expectLoss(profiled, lossParams, further?.()),
      measured: expected(loss),
      tiled: loss.tiled,
    };
    const { scale, careful } = known;
    // What the loss takes is seen best with nothing but representations beside it.
    const keep = loss.measured.length > 0 && careful === 0;
    const request = { budgetBytes, inputs: profiled, gradientBytes, lossGradientBytes, coupling, keep, scale };
    const plan = choose(known, loss, request);
    const planned = places.map((place, i) => decided(place, plan.inputs[i]!));
    return { loss, known, coupling, plan, planned, profilingBytes };
  };

  return {
    run(batch, step) {
      const { loss, known, coupling, plan, planned, profilingBytes } = prepare(batch);
      // As it stands before what this step teaches.
      const { corrected } = known;
      const metered = meterPhases((enter) =>
        step({
          places: planned,
          tileBytes: () => {
            loss.tiled = true;
            return plan.tileBytes;
          },
          enter,
        })
      );
      learn(known, loss, { plan, coupling, metered, budgetBytes });
      const { predictedBytes, tileBytes, relativeTime } = plan;
      const peakBytes = Math.max(profilingBytes, metered.peakBytes);
      return {
        result: metered.result,
        memory: { budgetBytes, predictedBytes, peakBytes, tileBytes, relativeTime, inputs: plan.inputs, corrected },
      };
    },
    represent: (batch) => prepare(batch).planned,
  };
}

/**
 * Reads a budget.
 *
 * @throws {RangeError} If it is no amount of memory.
 */
export function readBudget(memory: unknown): number {
  const bytes = parseBytes(memory);
  if (bytes !== undefined) return bytes;
  throw new RangeError(
    `Cannot make a step: memory is ${typeof memory === "string" ? `"${memory}"` : String(memory)}, expected a number ` +
      `of bytes or a string such as "512MB", in ${byteUnits.join(", ")}`,
  );
}

function wholeBatch(input: StepInput, { name }: Place): Batch {
  if (!isReady(input)) return input;
  throw new TypeError(
    `Cannot plan ${name}: it comes in ready chunks, which a budget cannot cut; expected a whole batch, or chunkSize and ` +
      `keep in place of memory`,
  );
}

function decided(place: Place, { chunkSize, chunkTokens, together = 1, remember = false, kept }: PlannedInput): Place {
  return { ...place, chunkSize, together, remember, keep: kept, ...(chunkTokens === undefined ? {} : { chunkTokens }) };
}

function bytesOf(params: Params): number {
  return 4 * Object.values(params).reduce((sum, { size }) => sum + size, 0);
}

function countsOf(inputs: readonly Profiled[]): string {
  return inputs.map(({ examples }) => examples).join();
}

function shapesOf(inputs: readonly Profiled[]): string {
  return inputs.map(({ examples, shape }) => `${examples} ${shape}`).join();
}

function entry<V>(map: Map<string, V>, key: string, make: () => V): V {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}
