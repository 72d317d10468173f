/**
 * Classes that a batch can take its share of examples from.
 *
 * @module
 */
import { groupsOf } from "./_groups.ts";

/** Which classes there are, and what is asked of them. */
export interface ClassOptions {
  /** What is sampled, for messages. */
  readonly name: string;
  /** The class of each example. */
  readonly labels: ArrayLike<number>;
  /** How many examples a batch takes of a class. */
  readonly perClass: number;
  /** Whether smaller classes are left out or repeat their examples. */
  readonly small: "skip" | "repeat";
}

/** The examples of each class that batches can take from. */
export function usableClasses({ name, labels, perClass, small }: ClassOptions): readonly Int32Array[] {
  if (small !== "skip" && small !== "repeat") {
    throw new RangeError(`Cannot sample ${name}: small is ${small}, expected "skip" or "repeat"`);
  }
  const { members } = groupsOf(name, labels);
  const largest = members.reduce((most, { length }) => Math.max(most, length), 0);
  // Also where small classes repeat: if all of them did, a smaller perClass would give the same batches in less work.
  if (perClass > largest) {
    throw new RangeError(
      `Cannot sample ${name}: perClass is ${perClass}, but the largest class has ${largest} examples; ` +
        `expected at most as many`,
    );
  }
  return small === "skip" ? members.filter(({ length }) => length >= perClass) : members;
}

/** How many batches draw as many examples as there are. */
export function batchesToSee(groups: readonly Int32Array[], batchSize: number): number {
  const examples = groups.reduce((sum, { length }) => sum + length, 0);
  return Math.max(1, Math.floor(examples / batchSize));
}
