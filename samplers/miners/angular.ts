/**
 * The miner of triplets by angle.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Miner } from "../../core/miner.ts";
import { eachPositive, type PositiveSlot, unitDistances } from "../../core/ops/pairs/mod.ts";
import type { Tensor1D, Tensor2D } from "../../core/types.ts";
import { FAR } from "./_places.ts";

/** Options of {@linkcode angularMiner}. */
export interface AngularMinerOptions {
  /** The angle in degrees that a triplet must be above, between 0 and 90. 20 if left out. */
  readonly angle?: number;
}

/**
 * Keeps the pairs that occur in a triplet with a large angle at its negative.
 *
 * The angle of a triplet is that of the angular loss, arctan( ‖a - p‖ / (2 ‖n - c‖) ) with c = (a + p) / 2, of rows at
 * length 1 (pytorch-metric-learning takes them as they are); a triplet counts if it is above the given one. An anchor
 * keeps the positives and the negatives of its triplets that count. What a loss makes of them may include triplets that
 * do not: those of a kept positive with a negative that was kept for another.
 *
 * Positives are visited one at a time, so that no matrix has more entries than anchors × references; the time grows
 * with the number of positives.
 *
 * Wang et al., "Deep metric learning with angular loss", 2017.
 *
 * @throws {RangeError} If `angle` does not lie between 0 and 90.
 *
 * @example
 * ```ts
 * import { angularMiner } from "@gradfold/gradfold/samplers";
 * import { key, tiled, useBackend } from "@gradfold/gradfold/core";
 * import { contrastive } from "@gradfold/gradfold/losses";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const targets = tf.tensor1d([0, 0, 1, 1], "int32");
 * const rows = tf.tensor2d([[1, 0], [0, 1], [-1, 0], [-1, 0]]);
 * const loss = tiled(contrastive(), { miner: angularMiner() });
 * // The first two are seen at an angle of 24° from the others; these are at one place, at an angle of 0°.
 * const value = loss([rows], { training: true, key: key(0), targets });
 * assertAlmostEquals(value.dataSync()[0]!, Math.SQRT2, 1e-6);
 * ```
 */
export function angularMiner(options: AngularMinerOptions = {}): Miner {
  const { angle = 20 } = options;
  if (!(angle > 0 && angle < 90)) {
    throw new RangeError(`Cannot mine by angle: angle is ${angle}, expected a number of degrees between 0 and 90`);
  }
  const squaredTangent = Math.tan(angle * Math.PI / 180) ** 2;
  return (masks, { anchors, references }) => ({
    ...masks,
    ...tf.tidy(() => {
      let kept = { positive: none(masks.positive), negative: none(masks.negative) };
      eachPositive(masks.positive, (slot) => {
        const before = kept;
        kept = tf.tidy(() => {
          const wide = wideNegatives(slot, masks.negative, { anchors, references }, squaredTangent);
          return {
            positive: tf.logicalOr(before.positive, positiveOf(slot, wide)),
            negative: tf.logicalOr(before.negative, wide),
          };
        });
        tf.dispose([before.positive, before.negative]);
      });
      return kept;
    }),
  });
}

/** The negatives that see each anchor and one of its positives at a large angle, bool `[rows, references]`. */
function wideNegatives(
  { index, valid }: PositiveSlot,
  negative: Tensor2D,
  { anchors, references }: { anchors: Tensor2D; references: Tensor2D },
  squaredTangent: number,
): Tensor2D {
  const positives = tf.gather(references, index);
  const cosine = tf.sum(tf.mul(anchors, positives), 1, true) as Tensor2D;
  const apart = unitDistances(cosine);
  // ‖n - c‖² = 1 + ‖c‖² - n·(a + p), so the angle is large where n·(a + p) is above a bound.
  const bound = tf.sub(tf.add(1.5, tf.div(cosine, 2)), tf.div(tf.square(apart), 4 * squaredTangent));
  const bounds = tf.where(tf.logicalAnd(valid, tf.greater(apart, 0)), bound, tf.fill(bound.shape, FAR));
  // The many references stand first, since turning the small factor and the product costs less than turning them.
  const products = tf.transpose(tf.matMul(references, tf.transpose(tf.add(anchors, positives))));
  return tf.logicalAnd(negative, tf.greater(tf.sub(products, bounds), 0));
}

/** The mask of the positive of a slot, in the rows where another mask holds somewhere. */
function positiveOf({ index }: PositiveSlot, mask: Tensor2D): Tensor2D {
  const [rows, columns] = mask.shape;
  const found = tf.any(mask, 1) as Tensor1D;
  const places = tf.where(found, index, tf.fill([rows], -1, "int32"));
  return tf.equal(tf.reshape(places, [rows, 1]), tf.reshape(tf.range(0, columns, 1, "int32"), [1, columns]));
}

function none(mask: Tensor2D): Tensor2D {
  return tf.zeros(mask.shape, "bool");
}
