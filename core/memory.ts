/**
 * What adds references of earlier batches.
 *
 * @module
 */
import type { Pairs } from "./pairs/types.ts";
import type { LossContext } from "./types.ts";

/** Pairs to evaluate a loss on, after a memory was added. */
export interface Attached {
  /** The loss is the sum of its values on these pairs, each times its weight. */
  readonly terms: readonly { readonly pairs: Pairs; readonly weight: number }[];
  /** Writes the batch to the memory; called once, after the loss was computed, and not if it is not finite. */
  readonly enqueue?: () => void;
}

/** Representations of earlier batches. */
export interface Memory {
  /** How many references it adds at most, for steps that have a budget to plan for. Not known before if left out. */
  readonly size?: number;
  /** Adds what is stored to the pairs of a batch; it changes nothing. What it gives holds until the memory is written. */
  attach(pairs: Pairs, context: LossContext): Attached;
}
