/**
 * Moments of the columns of tall matrices, computed by blocks of rows.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Tensor, Tensor2D } from "../core/types.ts";

/** Consecutive rows of a matrix. */
export interface RowBlock {
  readonly first: number;
  readonly count: number;
}

/**
 * A matrix `[rows, dim]` and the means of its columns as the sum of two rows `[1, dim]`: its own first row, and how far
 * the means are from there. One float32 for a mean far from 0 would be too coarse for what is left when it is taken off.
 */
export type Centered = readonly [x: Tensor2D, origin: Tensor2D, offset: Tensor2D];

/** Cuts `rows` into blocks of at most `size`. */
export function rowBlocks(rows: number, size: number): readonly RowBlock[] {
  return Array.from({ length: Math.ceil(rows / size) }, (_, i) => ({
    first: i * size,
    count: Math.min(size, rows - i * size),
  }));
}

/** Finds the means of a matrix's columns. */
export function center(x: Tensor2D, blocks: readonly RowBlock[]): Centered {
  const origin = takeRows(x, { first: 0, count: 1 });
  const [sum] = sumBlocks(blocks, (block) => [columnSums(tf.sub(takeRows(x, block), origin))]);
  return [x, origin, tf.div(sum!, x.shape[0])];
}

/** Some rows of a matrix. */
export function takeRows(x: Tensor2D, { first, count }: RowBlock): Tensor2D {
  return tf.slice(x, [first, 0], [count, -1]);
}

/** Some rows of a matrix, less the means of its columns. */
export function takeCentered([x, origin, offset]: Centered, block: RowBlock): Tensor2D {
  return tf.tidy(() => tf.sub(tf.sub(takeRows(x, block), origin), offset));
}

/**
 * The sums of a matrix's columns, `[1, dim]`, in two stages of about √rows summands: the rounding error of a long float32
 * sum grows with its length.
 */
export function columnSums(x: Tensor2D): Tensor2D {
  return tf.tidy(() => {
    const [rows, dim] = x.shape;
    const stage = Math.ceil(Math.sqrt(rows));
    const filled = tf.pad(x, [[0, stage * stage - rows], [0, 0]]);
    return tf.sum(tf.sum(tf.reshape(filled, [stage, stage, dim]), 1), 0, true);
  });
}

/** The products of all columns of `x` with all columns of `y`: xᵀ y. */
export function columnProducts(x: Tensor2D, y: Tensor2D): Tensor2D {
  return tf.tidy(() => tf.matMul(tf.transpose(x), y) as Tensor2D);
}

/**
 * Adds up what each block gives. What rounding takes from a sum is added with the next block (Kahan), so that the error
 * does not grow with the number of blocks.
 */
export function sumBlocks(blocks: readonly RowBlock[], terms: (block: RowBlock) => Tensor[]): Tensor[] {
  let sums: { readonly sum: Tensor; readonly excess: Tensor }[] = [];
  for (const block of blocks) {
    const before = sums;
    sums = tf.tidy(() =>
      terms(block).map((term, i) => before[i] ? add(before[i], term) : { sum: term, excess: tf.zerosLike(term) })
    );
    tf.dispose(before);
  }
  return sums.map(({ sum, excess }) => {
    excess.dispose();
    return sum;
  });
}

function add({ sum, excess }: { sum: Tensor; excess: Tensor }, term: Tensor): { sum: Tensor; excess: Tensor } {
  return tf.tidy(() => {
    const exact = tf.sub(term, excess);
    const total = tf.add(sum, exact);
    return { sum: total, excess: tf.sub(tf.sub(total, sum), exact) };
  });
}

/**
 * Joins the matrices that each block gives, the first ones to one matrix, the second ones to another, and so on. While
 * one is being joined it stands twice; its parts are disposed before the next.
 */
export function joinBlocks(blocks: readonly RowBlock[], make: (block: RowBlock) => Tensor2D[]): Tensor2D[] {
  const made = blocks.map((block) => tf.tidy(() => make(block)));
  return made[0]!.map((first, i) => {
    if (made.length === 1) return first;
    const parts = made.map((matrices) => matrices[i]!);
    const whole = tf.concat(parts, 0);
    tf.dispose(parts);
    return whole;
  });
}
