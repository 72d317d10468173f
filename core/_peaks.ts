/**
 * What the phases of a step take.
 *
 * @module
 */
import type { Kept, Layout } from "./_layout.ts";

/** The loss, which is held from when it is known. */
const LOSS_BYTES = 4;

/**
 * The phases of a step, in order.
 *
 * - represent: the chunks that are not kept are encoded without a tape.
 * - keep: the kept chunks are encoded on the tape.
 * - loss: the loss is computed, with all representations and the tape.
 * - backward: cotangents of the representations, then gradients of the kept chunks while their tape is freed.
 * - replay: cotangents, sums of gradients, and one chunk.
 * - finish: the gradients.
 */
export type Phase = "represent" | "keep" | "loss" | "backward" | "replay" | "finish";
/** All of them. */
export const phases: readonly Phase[] = ["represent", "keep", "loss", "backward", "replay", "finish"];
/** Peak bytes of each phase, above what was held when the step began. */
export type Peaks = { readonly [phase in Phase]: number };

/** Peak bytes of each phase without those of the loss, and what stands beside its backward pass. */
export interface LosslessPeaks extends Peaks {
  readonly lossBackward: number;
}

/** An input in one way to cut it. */
export interface Cut {
  readonly layout: Layout;
  readonly kept: Kept;
  readonly trained: boolean;
  /** Stands for the encoder, whose gradients are summed once however often it stands. */
  readonly encoder: unknown;
  /** Bytes of the encoder's sums of gradients. */
  readonly sumBytes: number;
  /** Bytes of the encoder's largest gradient that is summed on the tape, which makes a new one. */
  readonly addBytes: number;
}

/** What is the same for all ways to cut. */
export interface Fixed {
  /** Bytes of all gradients that the step returns. */
  readonly gradientBytes: number;
  /** Bytes of the gradients of the loss's own parameters. */
  readonly lossGradientBytes: number;
}

/**
 * The peaks of each phase without what the loss itself takes, which is to be added to `loss`, and to `lossBackward` for
 * its part of the backward pass.
 */
export function peaksOf(cuts: readonly Cut[], fixed: Fixed): LosslessPeaks {
  const cached = total(cuts, ({ kept }) => kept.cachedRows + kept.rememberedBytes);
  const cotangents = cuts.map(({ trained, layout }) => trained ? layout.rowBytes : 0);
  let represented = 0;
  let represent = 0;
  let held = cached;
  let keep = 0;
  for (const { kept } of cuts) {
    represent = Math.max(represent, represented + kept.representBytes + kept.rememberedBytes);
    represented += kept.cachedRows + kept.rememberedBytes;
    const taped = held + kept.tapeBytes + kept.copyBytes;
    keep = Math.max(keep, held + kept.forwardBytes, taped);
    held = taped;
  }
  const tape = total(cuts, ({ kept }) => kept.tapeBytes - kept.keptRows);
  const cotangentBytes = cotangents.reduce((sum, bytes) => sum + bytes, 0);
  return {
    represent,
    keep,
    loss: held,
    lossBackward: cached + tape,
    backward: cached + cotangentBytes + fixed.lossGradientBytes + pullBack(cuts, fixed) + LOSS_BYTES,
    replay: replay(cuts, cotangents, fixed) + LOSS_BYTES,
    finish: fixed.gradientBytes + LOSS_BYTES,
  };
}

/**
 * The backward pass of the kept chunks, from the last input to the first: never less than what it takes. Gradients of a
 * chunk are added one by one to those that stand, which for a moment both stand beside their sum.
 */
function pullBack(cuts: readonly Cut[], fixed: Fixed): number {
  const summed = new Map<unknown, number>();
  const sums = () => sumsOf(summed, fixed);
  let peak = 0;
  let below = total(cuts, ({ kept }) => kept.tapeBytes - kept.keptRows);
  for (const { kept, encoder, sumBytes, addBytes } of cuts.toReversed()) {
    below -= kept.tapeBytes - kept.keptRows;
    if (kept.kept === 0) continue;
    const last = kept.lastBackwardBytes + sums() + (summed.has(encoder) ? addBytes : 0);
    summed.set(encoder, sumBytes);
    const others = kept.kept > 1 ? kept.backwardBytes + sums() + addBytes : 0;
    peak = Math.max(peak, below + kept.copyBytes + Math.max(last, others));
  }
  return peak;
}

function replay(cuts: readonly Cut[], cotangents: readonly number[], fixed: Fixed): number {
  const encoders = new Map(cuts.filter(({ trained }) => trained).map(({ encoder, sumBytes }) => [encoder, sumBytes]));
  const sums = sumsOf(encoders, fixed) + fixed.lossGradientBytes;
  let left = cotangents.reduce((sum, bytes) => sum + bytes, 0) + total(cuts, ({ kept }) => kept.rememberedBytes);
  let peak = 0;
  cuts.forEach(({ kept }, i) => {
    if (kept.replayBytes > 0) peak = Math.max(peak, left + sums + kept.replayBytes);
    left -= cotangents[i]! + kept.rememberedBytes;
  });
  return peak;
}

/** Bytes of the encoders' sums of gradients; encoders may share parameters, which are summed once. */
function sumsOf(encoders: ReadonlyMap<unknown, number>, { gradientBytes }: Fixed): number {
  return Math.min(gradientBytes, [...encoders.values()].reduce((sum, bytes) => sum + bytes, 0));
}

function total(cuts: readonly Cut[], of: (cut: Cut) => number): number {
  return cuts.reduce((sum, cut) => sum + of(cut), 0);
}
