/**
 * Weights through given points.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Tensor2D } from "../../core/mod.ts";
import type { PairWeight } from "../../losses/mod.ts";

/** Weights by similarity. The names are numbers, as YAML has them: `{ 0.3: 0, 0.5: 0.2 }`. */
export type WeightTable = Readonly<Record<string, number>>;

/** A similarity and its weight. */
export type WeightPoint = readonly [similarity: number, weight: number];

/** The points of a table, from the lowest similarity to the highest. */
export function pointsOf(table: WeightTable): WeightPoint[] {
  // Not as they come: an object has the names 0 and 1 before all others.
  return Object.entries(table).map(([name, weight]): WeightPoint => [Number(name), weight]).sort(([a], [b]) => a - b);
}

/**
 * The piecewise linear weight through points: w(s) = w₁ + Σᵢ (wᵢ₊₁ - wᵢ) (clip(s, sᵢ, sᵢ₊₁) - sᵢ) / (sᵢ₊₁ - sᵢ).
 *
 * Before the first point and after the last it stays at their weights.
 *
 * @param points At least one, in ascending order of their similarities.
 */
export function throughPoints(points: readonly WeightPoint[]): PairWeight {
  const [first, ...rest] = points as [WeightPoint, ...WeightPoint[]];
  return (similarity: Tensor2D): Tensor2D => {
    let weights = tf.fill(similarity.shape, first[1]) as Tensor2D;
    let [from, low] = first;
    for (const [to, high] of rest) {
      // Disposed one by one, so that there are few matrices of pairs at a time however many points there are.
      const sum = tf.tidy(() => {
        const share = tf.div(tf.sub(tf.clipByValue(similarity, from, to), from), to - from);
        return tf.add(weights, tf.mul(share, high - low)) as Tensor2D;
      });
      weights.dispose();
      weights = sum;
      [from, low] = [to, high];
    }
    return weights;
  };
}
