/**
 * Trees of tensors: batches as tensors, lists and records of tensors.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Batch, Tensor } from "./types.ts";

/** Applies a function to every tensor of a tree and keeps the tree's shape. */
export function mapTree(tree: Batch, change: (leaf: Tensor, path: string) => Tensor, path = "batch"): Batch {
  if (tree instanceof tf.Tensor) return change(tree, path);
  if (Array.isArray(tree)) {
    return tree.map((child, i) => mapTree(child, change, `${path}[${i}]`));
  }
  if (typeof tree !== "object" || tree === null) {
    throw new TypeError(`Cannot read the batch: ${path} is ${describe(tree)}, expected a tensor`);
  }
  return Object.fromEntries(
    Object.entries(tree).map(([name, child]) => [name, mapTree(child, change, `${path}.${name}`)]),
  );
}

/** The tensors of a tree, in order. */
export function leaves(tree: Batch): Tensor[] {
  const found: Tensor[] = [];
  mapTree(tree, (leaf) => {
    found.push(leaf);
    return leaf;
  });
  return found;
}

/**
 * How many examples a batch holds: the common length of its tensors' first axis.
 *
 * @throws {TypeError} If there is no tensor, or one without axes.
 * @throws {RangeError} If the batch is empty or its tensors differ in length.
 */
export function countExamples(tree: Batch, name = "batch"): number {
  let count = -1;
  let first = "";
  mapTree(tree, (leaf, path) => {
    if (leaf.isDisposed) throw new TypeError(`Cannot count examples: ${path} was disposed`);
    const length = leaf.shape[0];
    if (length === undefined) {
      throw new TypeError(`Cannot count examples: ${path} has no axes, expected [examples, ...]`);
    }
    if (count >= 0 && length !== count) {
      throw new RangeError(
        `Cannot count examples: ${path} has ${length}, but ${first} has ${count}; expected the same length`,
      );
    }
    count = length;
    first = path;
    return leaf;
  }, name);
  if (count < 0) {
    throw new TypeError(`Cannot count examples: ${name} holds no tensor`);
  }
  if (count === 0) {
    throw new RangeError(`Cannot use ${name}: it is empty, expected at least one example`);
  }
  return count;
}

/** The examples `first` to `first + count` of every tensor, as new tensors. */
export function sliceExamples(tree: Batch, first: number, count: number): Batch {
  return mapTree(tree, (leaf) => sliceRows(leaf, first, count));
}

/** A slice along the first axis that keeps nothing on a tape; `tf.slice` would keep all of x. */
function sliceRows(x: Tensor, first: number, count: number): Tensor {
  const behind = x.shape[0]! - first - count;
  return tf.customGrad((whole) => ({
    value: tf.slice(whole as Tensor, [first], [count]),
    gradFunc: (dy) => tf.pad(dy, x.shape.map((_, axis): [number, number] => axis === 0 ? [first, behind] : [0, 0])),
  }))(x);
}

function describe(value: unknown): string {
  return value === null || value === undefined ? String(value) : `a ${typeof value}`;
}
