/**
 * What steps teach about the next ones.
 *
 * Two things are known: what the loss took, over all batches of the same numbers of examples ({@linkcode LossKnown}),
 * and how steps on batches of one shape went ({@linkcode ShapeKnown}). A shape is in one of these states:
 *
 * - new: no step was taken. If nothing fits, the step throws; it is the only state in which it does.
 * - open: a plan is made from what is known. After a step within the budget it is settled.
 * - settled: the plan is taken again, until the loss is seen to take something else: then open.
 * - careful, after a step above the budget: for one step within it nothing stays on the tape, so that what the loss
 *   takes is seen exactly, and what encoders took above the budget is thought to do so again. After that all is open,
 *   the loss is known as it was last seen, and what the phases took is forgotten. Each further step above the budget
 *   that was not a careful one doubles the number of careful steps, so that what is wrong for good is done ever more
 *   rarely.
 *
 * Where nothing is thought to fit any more, the leanest plan there is is taken, the fastest of those, or where
 * encoders took more than was thought the leanest that ever fitted, until it is above the budget too.
 *
 * A loss that took more than before, but not twice as much, is growing, as one with a memory that fills does: until it
 * is seen to stand still it is thought to grow on by as much in each step.
 *
 * @module
 */
import { type Coupling, type LossCost, lossCost } from "./_loss_cost.ts";
import type { Metered } from "./_meter.ts";
import type { Peaks, Phase } from "./_peaks.ts";
import { type PlanRequest, planStep, type StepPlan } from "./plan.ts";

/** What is known of batches of one shape. */
export interface ShapeKnown {
  /** Steps that were taken. */
  steps: number;
  /** The plan of the next step, as long as no more is known of the loss than it was made from. */
  settled?: { readonly plan: StepPlan; readonly measured: readonly LossCost[] } | undefined;
  /** The plan of the last step, if it kept to the budget and the loss does not grow. */
  proven?: StepPlan | undefined;
  /** The plan that took the least of those that kept to the budget and nothing on the tape. */
  leanest?: { readonly plan: StepPlan; readonly peakBytes: number } | undefined;
  /** Tokens in a chunk that the last plan chose, if it is one to go on with. */
  limits?: readonly (number | undefined)[] | undefined;
  /** Careful steps that are left. */
  careful: number;
  /** How many the next surprise asks for. */
  patience: number;
  /** By how much phases took more than was thought, while steps are careful. */
  scale: Partial<Peaks>;
  /** Whether a step was above the budget. */
  corrected: boolean;
}

/** What is known of the loss over batches of some numbers of examples. */
export interface LossKnown {
  /** What it took in tiles of different sizes. */
  measured: readonly LossCost[];
  /** By how much it is thought to take more in the next step. */
  growth: Omit<LossCost, "tileBytes">;
  /** Whether it has asked for the size of tiles. */
  tiled: boolean;
}

/** A step that was planned and measured. */
export interface Lesson {
  readonly plan: StepPlan;
  /** What was known of the loss when it was planned. */
  readonly coupling: Coupling;
  readonly metered: Metered<unknown>;
  readonly budgetBytes: number;
}

/** The phases that take what encoders do, whatever the loss takes. */
const ENCODING: readonly Phase[] = ["represent", "keep", "replay", "finish"];
const NO_GROWTH = { forwardBytes: 0, backwardBytes: 0 };
const MOST_PATIENCE = 64;

/** Nothing is known. */
export function unknownShape(): ShapeKnown {
  return { steps: 0, careful: 0, patience: 1, scale: {}, corrected: false };
}

/** Nothing is known. */
export function unknownLoss(): LossKnown {
  return { measured: [], growth: NO_GROWTH, tiled: false };
}

/** What the loss is thought to take in the next step, from what it took. */
export function expected({ measured, growth }: LossKnown): readonly LossCost[] {
  if (growth.forwardBytes === 0 && growth.backwardBytes === 0) return measured;
  return measured.map(({ tileBytes, forwardBytes, backwardBytes }) => ({
    tileBytes,
    forwardBytes: forwardBytes + growth.forwardBytes,
    backwardBytes: backwardBytes + growth.backwardBytes,
  }));
}

/** Takes in what a step took. */
export function learn(known: ShapeKnown, loss: LossKnown, lesson: Lesson): void {
  const { plan, metered: { peakBytes, peaks }, budgetBytes } = lesson;
  known.steps++;
  const within = peakBytes <= budgetBytes;
  const more = learnLoss(loss, lesson, known.careful === 1 || known.careful > 1 && !within);
  if (within) {
    remember(known, plan, peakBytes);
    const trusting = known.careful > 0 && --known.careful === 0;
    if (trusting) known.scale = {};
    if (trusting || more) open(known);
    return;
  }
  known.corrected = true;
  open(known);
  if (known.leanest?.plan === plan) known.leanest = undefined;
  for (const phase of ENCODING) {
    const ratio = peaks[phase] / plan.peaks[phase];
    if (peaks[phase] > budgetBytes && ratio > 1) {
      known.scale = { ...known.scale, [phase]: (known.scale[phase] ?? 1) * ratio };
    }
  }
  if (known.careful === 0) {
    known.careful = known.patience;
    known.patience = Math.min(MOST_PATIENCE, 2 * known.patience);
  }
}

function remember(known: ShapeKnown, plan: StepPlan, peakBytes: number): void {
  if (byTokens(plan)) return;
  known.proven = plan;
  if (!keeps(plan) && peakBytes < (known.leanest?.peakBytes ?? Infinity)) known.leanest = { plan, peakBytes };
}

function open(known: ShapeKnown): void {
  known.settled = known.proven = known.limits = undefined;
}

/**
 * Takes in what the loss took, afresh if what it took before is to be forgotten, and tells whether it took more than
 * before.
 */
function learnLoss(loss: LossKnown, { plan, coupling, metered: { peaks, held } }: Lesson, afresh: boolean): boolean {
  const { tileBytes } = plan;
  const known = loss.measured.length > 0;
  const before = lossCost({ ...coupling, measured: loss.measured }, tileBytes);
  const forwardBytes = peaks.loss - held.loss;
  const grown = Math.max(0, forwardBytes - before.forwardBytes);
  const seen: LossCost = {
    tileBytes,
    forwardBytes,
    // With chunks on the tape this part can be told from theirs only if it is more than was thought.
    backwardBytes: !keeps(plan)
      ? peaks.backward - held.keep
      : peaks.backward > plan.peaks.backward
      ? Math.max(before.backwardBytes, peaks.backward - plan.besideLossBytes)
      : before.backwardBytes + grown,
  };
  const aged = expected(loss);
  const last = loss.measured.find((cost) => cost.tileBytes === tileBytes);
  const than = last ?? lossCost({ ...coupling, measured: aged }, tileBytes);
  const [forward, backward] = [seen.forwardBytes - than.forwardBytes, seen.backwardBytes - than.backwardBytes];
  const more = known && (forward > 0 || backward > 0);
  if (more || afresh) {
    // A loss that takes more than before may do so with tiles of any size.
    loss.measured = [seen];
    const jumps = forward > than.forwardBytes || backward > than.backwardBytes;
    const on = last ? NO_GROWTH : loss.growth;
    loss.growth = jumps || !more ? NO_GROWTH : {
      forwardBytes: on.forwardBytes + Math.max(0, forward),
      backwardBytes: on.backwardBytes + Math.max(0, backward),
    };
  } else if (!last) {
    loss.measured = [...aged, seen];
  } else if (aged !== loss.measured) {
    loss.growth = NO_GROWTH;
    loss.measured = [...loss.measured];
  }
  return more;
}

/** Plans a step, or takes up a plan. */
export function choose(known: ShapeKnown, loss: LossKnown, request: PlanRequest): StepPlan {
  const { settled, limits } = known;
  if (settled?.measured === loss.measured) return settled.plan;
  const quick = limits && attempt({ ...request, limits });
  const plan = quick ?? afresh(known, request);
  if (byTokens(plan)) known.limits = plan.inputs.map(({ chunkTokens }) => chunkTokens);
  else known.settled = { plan, measured: loss.measured };
  return plan;
}

/** The fastest plan that fits, or else the leanest. */
function afresh({ steps, proven, leanest, scale }: ShapeKnown, request: PlanRequest): StepPlan {
  if (steps === 0) return planStep(request);
  const plan = attempt(request);
  // What has proven itself needs no margin, so that a new plan may be none, or slower.
  if (proven) return plan && plan.relativeTime <= proven.relativeTime ? plan : proven;
  if (plan) return plan;
  // Where predictions are known to be wrong, what did fit says more.
  return leanest && Object.keys(scale).length > 0 ? leanest.plan : planStep({ ...request, orLeanest: true });
}

/** Lengths differ from batch to batch, and with them what a plan takes; all that is settled is the size of chunks. */
function byTokens({ inputs }: StepPlan): boolean {
  return inputs.some(({ chunkTokens }) => chunkTokens !== undefined);
}

/** Whether chunks stay on the tape. */
function keeps({ inputs }: StepPlan): boolean {
  return inputs.some(({ kept }) => kept > 0);
}

function attempt(request: PlanRequest): StepPlan | undefined {
  try {
    return planStep(request);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
