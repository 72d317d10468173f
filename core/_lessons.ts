/**
 * What steps teach about the next ones.
 *
 * @module
 */
import { type Coupling, type LossCost, lossCost } from "./_loss_cost.ts";
import type { Metered } from "./_meter.ts";
import { type Peaks, type Phase, phases } from "./_peaks.ts";
import { type PlanRequest, planStep, type StepPlan } from "./plan.ts";

/** What is known of batches of one shape. */
export interface Known {
  /** The plan of the next step; if there is none, one is to be made. */
  plan?: StepPlan | undefined;
  /** The plan of the last step, if it kept to the budget. */
  proven?: StepPlan | undefined;
  /** Tokens in a chunk that the last plan chose, if it is one to go on with. */
  limits?: readonly (number | undefined)[] | undefined;
  /** By how much phases took more than was thought. */
  readonly scale: Partial<Record<Phase, number>>;
  /** Whether a step was above the budget. */
  corrected: boolean;
}

/** What is known of the loss over batches of some numbers of examples. */
export interface LossKnown {
  /** What it took in tiles of different sizes. */
  readonly measured: LossCost[];
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

/** Takes in what the loss took, and where a step above its budget was thought to take less. */
export function learn(known: Known, loss: LossKnown, { plan, coupling, metered, budgetBytes }: Lesson): void {
  const { tileBytes } = plan;
  const { peaks, held } = metered;
  const thought = lossCost(coupling, tileBytes);
  const seen: LossCost = {
    tileBytes,
    forwardBytes: peaks.loss - held.loss,
    // With chunks on the tape this part cannot be told from theirs.
    backwardBytes: plan.inputs.some(({ kept }) => kept > 0) ? thought.backwardBytes : peaks.backward - held.keep,
  };
  const first = loss.measured.every((cost) => cost.tileBytes !== tileBytes);
  if (first || seen.forwardBytes > thought.forwardBytes || seen.backwardBytes > thought.backwardBytes) {
    // A loss that takes more than before may do so with tiles of any size.
    if (!first) loss.measured.length = 0;
    loss.measured.push(seen);
    known.plan = known.limits = undefined;
  }
  if (metered.peakBytes <= budgetBytes) {
    if (!byTokens(plan)) known.proven = plan;
    return;
  }
  Object.assign(known, { plan: undefined, proven: undefined, limits: undefined, corrected: true });
  // What the loss took is known by now and needs no factor.
  const explained: Partial<Peaks> = {
    loss: seen.forwardBytes - thought.forwardBytes,
    backward: seen.backwardBytes - thought.backwardBytes,
  };
  for (const phase of phases) {
    const ratio = (peaks[phase] - (explained[phase] ?? 0)) / plan.peaks[phase];
    if (ratio > 1) known.scale[phase] = (known.scale[phase] ?? 1) * ratio;
  }
}

/** Plans a step, or takes up a plan. */
export function choose(known: Known, request: PlanRequest): StepPlan {
  const { proven, limits } = known;
  if (known.plan) return known.plan;
  const quick = limits && attempt({ ...request, limits });
  const plan = quick ?? (proven ? faster(proven, attempt(request)) : planStep(request));
  if (byTokens(plan)) known.limits = plan.inputs.map(({ chunkTokens }) => chunkTokens);
  else known.plan = plan;
  return plan;
}

/** Lengths differ from batch to batch, and with them what a plan takes; all that is settled is the size of chunks. */
function byTokens({ inputs }: StepPlan): boolean {
  return inputs.some(({ chunkTokens }) => chunkTokens !== undefined);
}

/** What has proven itself needs no margin, so that a new plan may be none, or slower. */
function faster(proven: StepPlan, plan: StepPlan | undefined): StepPlan {
  return plan && plan.relativeTime <= proven.relativeTime ? plan : proven;
}

function attempt(request: PlanRequest): StepPlan | undefined {
  try {
    return planStep(request);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
