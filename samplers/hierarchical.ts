/**
 * Batches of a few super-classes, so that classes meet their like.
 *
 * @module
 */
import { fold, type Key } from "../core/key.ts";
import { requireIntegers } from "./_checks.ts";
import { batchesToSee, usableClasses } from "./_classes.ts";
import { cycle } from "./_cycle.ts";
import { fingerprint } from "./_fingerprint.ts";
import { groupsOf } from "./_groups.ts";
import { makeSampler } from "./_sampler.ts";
import { planVisits } from "./_visits.ts";
import type { Sampler, SamplerState } from "./sampler.ts";

/** Options of {@linkcode hierarchicalBatches}. */
export interface HierarchicalBatchesOptions {
  /** The class of each example, any integers. */
  readonly labels: ArrayLike<number>;
  /** The super-class of each example, any integers; one for all examples of a class. */
  readonly superLabels: ArrayLike<number>;
  /** S, how many super-classes meet in a batch. */
  readonly superClasses: number;
  /**
   * P, how many classes of each super-class meet in a batch: at least 2, or there is no negative of the same
   * super-class.
   */
  readonly classes: number;
  /** K, how many examples of each class meet in a batch. */
  readonly perClass: number;
  /** Randomness of the batches. */
  readonly key: Key;
  /**
   * What becomes of classes with fewer than K examples: `"skip"` leaves them out, `"repeat"` has their examples come
   * more than once in a batch. `"skip"` if left out.
   */
  readonly small?: "skip" | "repeat";
  /**
   * How many batches make an epoch: as many as draw the number of examples in the classes that are used, if left out.
   */
  readonly batchesPerEpoch?: number;
  /** Where to go on, as another sampler with the same options said; at the beginning if left out. */
  readonly state?: HierarchicalBatchesState | undefined;
}

/** Where a sampler of {@linkcode hierarchicalBatches} stands, as a JSON value. */
export interface HierarchicalBatchesState extends SamplerState {
  /** How many super-classes meet in a batch. */
  readonly superClasses: number;
  /** How many classes of each super-class meet in a batch. */
  readonly classes: number;
  /** How many examples of each class meet in a batch. */
  readonly perClass: number;
  /** What becomes of small classes. */
  readonly small: "skip" | "repeat";
  /** How many batches make an epoch. */
  readonly batchesPerEpoch: number;
  /** A fingerprint of the labels. */
  readonly labels: number;
  /** A fingerprint of the labels of super-classes. */
  readonly superLabels: number;
}

/**
 * Draws batches of exactly S super-classes, P classes of each and K different examples of each class, class after
 * class. Classes of one super-class are hard negatives of each other: the bicycles of one shop, the verbs among words.
 *
 * Super-classes come equally often, the classes of a super-class too, and the examples of a class, each but for one at
 * the end of any epoch. Super-classes with fewer than P classes that can be used are left out. By default an epoch has
 * ⌊n / (S P K)⌋ batches, for n examples in the classes that are used.
 *
 * Cakir et al., "Deep metric learning to rank", 2019.
 *
 * @returns The sampler.
 * @throws {RangeError} If a size is out of range, a label is no integer, a class lies in two super-classes, no class
 * has K examples, fewer than S super-classes have P classes that can be used, or the state belongs to other options or
 * labels.
 *
 * @example
 * ```ts
 * import { key } from "@gradfold/gradfold/core";
 * import { hierarchicalBatches } from "@gradfold/gradfold/samplers";
 * import { assertEquals } from "@std/assert";
 *
 * const labels = [0, 0, 1, 1, 2, 2, 3, 3];
 * const superLabels = labels.map((label) => label < 2 ? 10 : 20);
 * const sampler = hierarchicalBatches({ labels, superLabels, superClasses: 1, classes: 2, perClass: 2, key: key(0) });
 * const drawn = Array.from(sampler.next(), (row) => superLabels[row]);
 * assertEquals(drawn.length, 4);
 * assertEquals(new Set(drawn).size, 1);
 * ```
 */
export function hierarchicalBatches(options: HierarchicalBatchesOptions): Sampler<HierarchicalBatchesState> {
  const name = "hierarchical batches";
  const { labels, superLabels, superClasses, classes, perClass, key, small = "skip", state } = options;
  requireIntegers(name, { superClasses });
  requireIntegers(name, { classes }, 2);
  requireIntegers(name, { perClass });
  const trees = superClassesOf(superLabels, usableClasses({ name, labels, perClass, small }), labels)
    .filter(({ length }) => length >= classes);
  if (trees.length < superClasses) {
    throw new RangeError(
      `Cannot sample ${name}: superClasses is ${superClasses}, but ${trees.length} have at least ${classes} classes ` +
        `that can be used; expected at most as many`,
    );
  }
  const { batchesPerEpoch = batchesToSee(trees.flat(), superClasses * classes * perClass) } = options;
  requireIntegers(name, { batchesPerEpoch });

  const visits = planVisits({ key, units: trees.length, perBatch: superClasses, batches: batchesPerEpoch });
  const draws = trees.map((tree, unit) => drawTree(fold(key, "super-class", unit), tree, classes, perClass));
  return makeSampler({
    name,
    key,
    identity: {
      superClasses,
      classes,
      perClass,
      small,
      batchesPerEpoch,
      labels: fingerprint(labels),
      superLabels: fingerprint(superLabels),
    },
    batchesPerEpoch,
    plan: (epochKey, epoch) => {
      const planned = visits(epochKey, epoch);
      return (batch) => Int32Array.from(planned[batch]!.flatMap(({ unit, index }) => draws[unit]!(index)));
    },
    state,
  });
}

/** Gives for the number of a visit to a super-class the examples that it shows. */
function drawTree(
  key: Key,
  tree: readonly Int32Array[],
  classes: number,
  perClass: number,
): (visit: number) => number[] {
  const drawClass = cycle(fold(key, "classes"), [...tree.keys()], classes);
  const draws = tree.map((members, unit) => cycle(fold(key, "class", unit), members, perClass));
  return (visit) =>
    Array.from({ length: classes * perClass }, (_, i) => {
      const draw = visit * classes + Math.floor(i / perClass);
      // Each pass over the classes shows each of them once.
      const pass = Math.floor(draw / tree.length);
      return draws[drawClass(draw)]!(pass * perClass + i % perClass);
    });
}

/** The classes of each super-class, as lists of their examples. */
function superClassesOf(
  superLabels: ArrayLike<number>,
  classes: readonly Int32Array[],
  labels: ArrayLike<number>,
): readonly (readonly Int32Array[])[] {
  if (superLabels.length !== labels.length) {
    throw new RangeError(
      `Cannot sample hierarchical batches: superLabels has ${superLabels.length} entries, expected ${labels.length} ` +
        `as labels`,
    );
  }
  const { of, members } = groupsOf("hierarchical batches", superLabels, "superLabels");
  const trees: Int32Array[][] = members.map(() => []);
  for (const examples of classes) {
    const [first] = examples;
    const odd = examples.find((example) => of[example] !== of[first!]);
    if (odd !== undefined) {
      throw new RangeError(
        `Cannot sample hierarchical batches: examples ${first} and ${odd} of class ${labels[odd]} have superLabels ` +
          `${superLabels[first!]} and ${superLabels[odd]}, expected one for the whole class`,
      );
    }
    trees[of[first!]!]!.push(examples);
  }
  return trees;
}
