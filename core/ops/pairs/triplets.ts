/**
 * Sums over triplets of an anchor, a positive and a negative.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Masks } from "../../pairs/types.ts";
import type { Scalar, Tensor, Tensor1D, Tensor2D } from "../../types.ts";
import { withGradient } from "../custom_gradient.ts";
import { pack, unpack } from "./_packed.ts";
import { type PairSums, pairSums } from "./_pair_sums.ts";
import { entries } from "./entries.ts";
import { fill } from "./masked_log_sum_exp.ts";
import { FAR } from "./masked_max.ts";
import { countRows } from "./masked_sum.ts";
import { eachPositive, type PositiveSlot } from "./positive_slots.ts";

/** What a triplet counts for. */
export interface TripletTerm {
  /** Added to the distance of the positive. */
  readonly margin: number;
  /** Softplus in place of the positive part. */
  readonly smooth: boolean;
}

/** What the triplets of some anchors come to. */
export interface TripletSums {
  /** Σ max(d_ap - d_an + margin, 0), or of the softplus. */
  readonly sum: Scalar;
  /** How many triplets have d_ap - d_an + margin above 0. */
  readonly active: Scalar;
  /** How many triplets there are. */
  readonly all: Scalar;
}

/**
 * Σ max(d_ap - d_an + margin, 0) over all triplets of an anchor, one of its positives and one of its negatives.
 *
 * The positives are gone through one at a time, so that only matrices of the distances' shape are made; the tape holds one.
 *
 * @param distances What is compared, `[rows, columns]`.
 * @param masks Which columns are positives and negatives, bool `[rows, columns]`, and perhaps the `gap` of triplets.
 * @param term What a triplet counts for.
 * @param gapDistances The distances that a gap is about, if they are others.
 *
 * @example
 * ```ts
 * import { tripletSums, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const [positive, negative] = [[[1, 0, 0]], [[0, 1, 1]]].map((mask) => tf.tensor2d(mask, [1, 3], "bool"));
 * const masks = { positive: positive!, negative: negative! };
 * const { sum, active, all } = tripletSums(tf.tensor2d([[3, 2, 9]]), masks, { margin: 1, smooth: false });
 * assertEquals([sum, active, all].map((scalar) => scalar.dataSync()[0]), [2, 1, 2]);
 * ```
 */
export function tripletSums(
  distances: Tensor2D,
  masks: Masks,
  term: TripletTerm,
  gapDistances: Tensor2D = distances,
): TripletSums {
  const packed = withGradient([distances], (save) => {
    const slotOf = openSlots(distances, masks, term, gapDistances);
    let value: Tensor1D | undefined;
    save(() => {
      const slopes = pairSums(...distances.shape);
      value = addUp(masks.positive, slotOf, slopes);
      return [tf.sub(slopes.positives(), slopes.negatives())];
    });
    value ??= addUp(masks.positive, slotOf);
    return { value, pullBack: (dy, [gradient]) => [tf.mul(gradient!, unpack(dy, 0))] };
  });
  return { sum: unpack(packed, 0), active: unpack(packed, 1), all: unpack(packed, 2) };
}

/** The triplets of one positive of each anchor: their packed sums, and the slopes of the terms. */
type SlotOf = (slot: PositiveSlot) => { readonly sums: Tensor1D; readonly slopes: Tensor2D };

/** What is no negative is made farther, and what is no positive nearer, than all: it makes no triplet that counts. */
function openSlots(distances: Tensor2D, masks: Masks, { margin, smooth }: TripletTerm, gapDistances: Tensor2D): SlotOf {
  const { negative, gap } = masks;
  const far = fill(distances, negative, FAR);
  const gapFar = gap && gapDistances !== distances ? fill(gapDistances, negative, FAR) : far;
  const negatives = countRows(negative);
  return (slot) =>
    tf.tidy(() => {
      let x: Tensor2D = tf.sub(tf.add(positiveDistances(distances, slot), margin), far);
      let all: Tensor2D = tf.mul(negatives, tf.cast(slot.valid, "float32"));
      if (gap) {
        const kept = tf.cast(inGap(tf.sub(gapFar, positiveDistances(gapDistances, slot)), gap), "float32");
        x = tf.add(x, tf.mul(tf.sub(kept, 1), FAR));
        all = tf.sum(kept, 1, true) as Tensor2D;
      }
      const active = tf.step(x) as Tensor2D;
      return {
        sums: pack([smooth ? tf.softplus(x) : tf.relu(x), active, all].map(total)),
        slopes: (smooth ? tf.sigmoid(x) : active) as Tensor2D,
      };
    });
}

/** The distances of one positive of each anchor, `[rows, 1]`; those that are none are nearest. */
export function positiveDistances(distances: Tensor2D, { index, valid }: PositiveSlot): Tensor2D {
  return tf.tidy(() => fill(entries(distances, tf.reshape(index, valid.shape)), valid, -FAR));
}

/** The packed sums of all triplets; the slopes of their terms are added to those given. */
function addUp(positive: Tensor2D, slotOf: SlotOf, slopes?: PairSums): Tensor1D {
  const sums: Tensor1D[] = [tf.zeros([3])];
  eachPositive(positive, (slot) => {
    const found = slotOf(slot);
    sums.push(found.sums);
    slopes?.add(slot, found.slopes);
    found.slopes.dispose();
  });
  return tf.addN(sums);
}

/** Where gaps are above the first bound and at most the second; one with a distance that stands for none is not. */
export function inGap(gaps: Tensor2D, [above, atMost]: readonly [above: number, atMost: number]): Tensor2D {
  const widest = Math.min(atMost, FAR / 10);
  return tf.tidy(() => tf.logicalAnd(tf.greater(gaps, above), tf.lessEqual(gaps, widest)) as Tensor2D);
}

function total(terms: Tensor): Scalar {
  // Rows first: the rounding error of a long float32 sum grows with its length.
  return tf.sum(tf.sum(terms, 1)) as Scalar;
}
