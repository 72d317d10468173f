/**
 * Plans how a step uses the memory that there is.
 *
 * @module
 */
import { type Candidate, candidatesOf } from "./_candidates.ts";
import type { ChunkShape } from "./_chunking.ts";
import type { EncodingCost } from "./_costs.ts";
import { type Coupling, type LossCost, lossCosts } from "./_loss_cost.ts";
import type { MemoryPlan, PlannedInput } from "./memory_plan.ts";
import type { Peaks, Phase } from "./_peaks.ts";

export type { ChunkShape, Coupling, EncodingCost, LossCost, MemoryPlan, Peaks, Phase, PlannedInput };

/** An input to plan. */
export interface PlanInput {
  /** How messages name it. */
  readonly name: string;
  /** Examples in the batch. */
  readonly examples: number;
  /** Tokens of each example, ascending, if chunks are to be planned by tokens. */
  readonly lengths?: ArrayLike<number>;
  /** Bytes of one representation. */
  readonly rowBytes: number;
  /** Whether the encoder has parameters to train. */
  readonly trained: boolean;
  /** Stands for the encoder: inputs that share one are cut alike if they have the same examples. */
  readonly encoder: unknown;
  /** Bytes of the encoder's gradients while they are summed. */
  readonly sumBytes: number;
  /** Bytes of the largest of them that is summed on the tape. */
  readonly addBytes: number;
  /** The most examples of which the cost is measured, not extrapolated. */
  readonly measured: number;
  /** The length of the examples that were measured; of others the cost is estimated. */
  readonly measuredLength?: number;
  /** What encoding a chunk takes. */
  readonly cost: (chunk: ChunkShape) => EncodingCost;
}

/** What to plan, and from what. */
export interface PlanRequest {
  /** Peak of tensor bytes that the step may take above what is held when it begins. */
  readonly budgetBytes: number;
  /** One entry an input. */
  readonly inputs: readonly PlanInput[];
  /** Bytes of all gradients that the step returns. */
  readonly gradientBytes: number;
  /** Those of the loss's own parameters. */
  readonly lossGradientBytes: number;
  /** What is known of the loss. */
  readonly coupling: Coupling;
  /** Whether chunks may stay on the tape. */
  readonly keep: boolean;
  /** For inputs that are cut by tokens, tokens in a chunk that are settled already. Open if left out. */
  readonly limits?: readonly (number | undefined)[];
  /** By how much phases took more than was thought, as factors. 1 if left out. */
  readonly scale?: Partial<Peaks>;
  /** Whether to give the leanest plan where none fits, in place of an error. False if left out. */
  readonly orLeanest?: boolean;
}

/** A plan. */
export interface StepPlan {
  /** How each input is cut. */
  readonly inputs: readonly PlannedInput[];
  /** The size of the loss's tiles. */
  readonly tileBytes: number;
  /** The predicted peak, with a margin for what is not known exactly. */
  readonly predictedBytes: number;
  /** The predicted peak of each phase, without the margin. */
  readonly peaks: Peaks;
  /** What stands beside the loss's backward pass: representations and tape. */
  readonly besideLossBytes: number;
  /**
   * Predicted time of encoding, relative to that of the whole batch on one tape. The time of the loss is not known;
   * tiles of half the size are thought to cost a hundredth.
   */
  readonly relativeTime: number;
}

/** What a plan may be wrong by, where not all of it was measured. */
const MARGIN = 1.02;
/** By how much tiles of half the size are thought to prolong a step. */
const SMALLER_TILES = 0.01;
const NO_LOSS: LossCost = { tileBytes: 0, forwardBytes: 0, backwardBytes: 0 };

/**
 * Finds the plan of the least predicted time whose phases all fit the budget.
 *
 * Inputs are cut evenly, into 1, 2, 3, 4, 6, 8, 12, … chunks; those chunks stay on the tape that save the most time
 * for their bytes. Nothing is as fast for each token as one chunk an input on the tape, so that this is the plan if it
 * fits; only inputs that are cut by tokens may do better, since short texts among themselves have less padding. The
 * loss is given the largest tiles that the plan leaves room for. More memory never predicts more time.
 *
 * @throws {RangeError} If nothing fits, unless the leanest plan will do; the message says the least number of bytes
 * that would do.
 *
 * @example
 * ```ts
 * import { planStep } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 *
 * const encoder = {
 *   name: "input 0",
 *   examples: 64,
 *   rowBytes: 4,
 *   trained: true,
 *   encoder: 0,
 *   sumBytes: 100,
 *   addBytes: 100,
 *   measured: 64,
 *   // On the tape an example takes 1,000 bytes and twice the time.
 *   cost: ({ examples: n }: { examples: number }) => ({
 *     inferenceBytes: 300 * n,
 *     inferenceMs: n,
 *     tapeBytes: 1000 * n,
 *     forwardBytes: 1000 * n,
 *     backwardBytes: 1000 * n + 100,
 *     replayBytes: 1000 * n + 200,
 *     trainingMs: 3 * n,
 *     rememberedBytes: 0,
 *     rememberedMs: 0,
 *   }),
 * };
 * const plan = (budgetBytes: number) =>
 *   planStep({
 *     budgetBytes,
 *     inputs: [encoder],
 *     gradientBytes: 100,
 *     lossGradientBytes: 0,
 *     coupling: { fixedBytes: 500, tileBytes: 500, leastTileBytes: 10, measured: [], tiled: true },
 *     keep: true,
 *   });
 * const all = plan(70_000);
 * assertEquals([all.inputs[0]!.chunks, all.inputs[0]!.kept, all.relativeTime], [1, 1, 1]);
 * const half = plan(35_000);
 * assertEquals([half.inputs[0]!.chunks, half.inputs[0]!.kept, half.relativeTime], [2, 1, 7 / 6]);
 * ```
 */
export function planStep(request: PlanRequest): StepPlan {
  const { best, leanest, wholeMs } = search(request);
  if (best || request.orLeanest) return describe(best ?? leanest, wholeMs, request);
  throw new RangeError(
    `Cannot plan a step: memory is ${request.budgetBytes} B, expected at least ${leanest.bytes} B, which the smallest ` +
      `chunks and tiles take`,
  );
}

type Found = { readonly candidate: Candidate; readonly cost: LossCost; readonly ms: number };

interface Search {
  /** The fastest that fits. */
  readonly best: Found | undefined;
  /** The fastest of the leanest if nothing does. */
  readonly leanest: Found & { readonly bytes: number; readonly encoding: number };
  readonly wholeMs: number;
}

function search(request: PlanRequest): Search {
  const { candidates, wholeMs } = candidatesOf(request);
  const { coupling, budgetBytes } = request;
  let best: Found | undefined;
  let leanest: Search["leanest"] | undefined;
  for (const cost of lossCosts(coupling)) {
    const slower = 1 + SMALLER_TILES * Math.log2(coupling.tileBytes / cost.tileBytes);
    for (const candidate of candidates) {
      const ms = slower * candidate.ms;
      if (best && ms >= best.ms) break;
      const bytes = predict(candidate, cost, request);
      if (bytes <= budgetBytes) best = { candidate, cost, ms };
      // Where the loss alone takes too much, encoding shall still fit.
      const encoding = Math.max(budgetBytes, predict(candidate, NO_LOSS, request));
      if (!leanest || bytes < leanest.bytes || bytes === leanest.bytes && encoding < leanest.encoding) {
        leanest = { candidate, cost, ms, bytes, encoding };
      }
    }
  }
  return { best, leanest: leanest!, wholeMs };
}

function describe({ candidate, cost: least, ms }: Found, wholeMs: number, request: PlanRequest): StepPlan {
  const { coupling, budgetBytes } = request;
  // Where room is left, the loss gets it.
  const cost = lossCosts(coupling).find((cost) => predict(candidate, cost, request) <= budgetBytes) ?? least;
  return {
    inputs: candidate.cuts.map(({ name, layout, kept, largest, byTokens }) => ({
      name,
      chunkSize: largest,
      ...(byTokens ? { chunkTokens: layout.limit } : {}),
      chunks: layout.chunks,
      ...(layout.together > 1 ? { together: layout.together } : {}),
      ...(layout.remember && kept.kept < layout.chunks ? { remember: true } : {}),
      kept: kept.kept,
    })),
    tileBytes: cost.tileBytes,
    predictedBytes: predict(candidate, cost, request),
    peaks: peaksWith(candidate, cost, request),
    besideLossBytes: candidate.peaks.lossBackward,
    relativeTime: wholeMs > 0 ? ms / wholeMs : 1,
  };
}

/** The peaks of a candidate's phases with a loss. */
function peaksWith({ peaks }: Candidate, cost: LossCost, { scale }: PlanRequest): Peaks {
  const factor = (phase: Phase) => scale?.[phase] ?? 1;
  return {
    represent: factor("represent") * peaks.represent,
    keep: factor("keep") * peaks.keep,
    loss: factor("loss") * (peaks.loss + cost.forwardBytes),
    backward: factor("backward") * Math.max(peaks.backward, peaks.lossBackward + cost.backwardBytes),
    replay: factor("replay") * peaks.replay,
    finish: factor("finish") * peaks.finish,
  };
}

function predict(candidate: Candidate, cost: LossCost, request: PlanRequest): number {
  const { represent, keep, loss, backward, replay, finish } = peaksWith(candidate, cost, request);
  return Math.ceil((candidate.exact ? 1 : MARGIN) * Math.max(represent, keep, loss, backward, replay, finish));
}
