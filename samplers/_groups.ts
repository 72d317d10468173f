/**
 * Examples in groups: of the same label, or sharing a value.
 *
 * @module
 */
import { fold, type Key } from "../core/key.ts";
import { permutation } from "../core/stream.ts";

/** Examples by group; groups are numbered from 0 in the order in which they first come. */
export interface Groups {
  /** The group of each example. */
  readonly of: Int32Array;
  /** The examples of each group. */
  readonly members: readonly Int32Array[];
}

/**
 * Groups examples by their labels.
 *
 * @throws {RangeError} If a label is not an integer.
 */
export function groupsOf(name: string, labels: ArrayLike<number>, option = "labels"): Groups {
  const numbers = new Map<number, number>();
  const members: number[][] = [];
  const of = Int32Array.from(labels, (label, example) => {
    if (!Number.isSafeInteger(label)) {
      throw new RangeError(`Cannot sample ${name}: ${option}[${example}] is ${label}, expected an integer`);
    }
    let group = numbers.get(label);
    if (group === undefined) {
      numbers.set(label, group = members.length);
      members.push([]);
    }
    members[group]!.push(example);
    return group;
  });
  return { of, members: members.map((examples) => Int32Array.from(examples)) };
}

/**
 * Puts examples in a random order in which those of a group stand together.
 *
 * @param of The group of each example.
 * @param limits How many examples are taken of each group: at most as many as it has.
 */
export function shuffleGroups(key: Key, of: Int32Array, limits: readonly number[]): Int32Array {
  const next = new Int32Array(limits.length);
  let end = 0;
  for (const group of permutation(fold(key, "groups"), limits.length)) {
    next[group] = end;
    end += limits[group]!;
  }
  const left = Int32Array.from(limits);
  const examples = new Int32Array(end);
  for (const example of permutation(fold(key, "members"), of.length)) {
    const group = of[example]!;
    if (left[group]!-- > 0) examples[next[group]!++] = example;
  }
  return examples;
}

/**
 * The most batches of `size` items that groups of these sizes can fill, if a batch takes at most `perBatch` items of a
 * group: the largest T with Σ min(size of group, T · perBatch) ≥ T · `size`.
 */
export function mostBatches(groups: readonly number[], perBatch: number, size: number): number {
  const fills = (batches: number) =>
    groups.reduce((sum, count) => sum + Math.min(count, batches * perBatch), 0) >= batches * size;
  // The left side is concave in T and 0 at 0, so what holds for T holds for all below.
  let most = 0;
  let beyond = Math.floor(groups.reduce((sum, count) => sum + count, 0) / size) + 1;
  while (beyond - most > 1) {
    const middle = Math.floor((most + beyond) / 2);
    if (fills(middle)) most = middle;
    else beyond = middle;
  }
  return most;
}
