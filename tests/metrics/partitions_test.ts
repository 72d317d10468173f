import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  adjustedMutualInformation,
  adjustedRandIndex,
  clusteringAccuracy,
  normalizedMutualInformation,
} from "../../metrics/mod.ts";
import { fc } from "../support/properties.ts";

const scores = {
  nmi: normalizedMutualInformation,
  ami: adjustedMutualInformation,
  ari: adjustedRandIndex,
  acc: clusteringAccuracy,
};
type Score = keyof typeof scores;
const names = Object.keys(scores) as Score[];

const list = (length: number, of: (i: number) => number) => Array.from({ length }, (_, i) => of(i));
const n = 200;

/** From scikit-learn 1.9.1, and linear_sum_assignment of SciPy 1.17.1 for the accuracy. */
const references: Record<string, { labels: number[]; clusters: number[] } & Record<Score, number>> = {
  unrelated: {
    labels: list(n, (i) => (i * i) % 7),
    clusters: list(n, (i) => Math.floor(((i * 13) % 31) / 5)),
    nmi: 0.005592215929594335,
    ami: -0.02492111392399043,
    ari: -0.014838721955091899,
    acc: 0.175,
  },
  noisy: {
    labels: list(n, (i) => i % 10),
    clusters: list(n, (i) => i % 3 === 0 ? Math.floor(i / 7) % 12 : i % 10),
    nmi: 0.5404953116160642,
    ami: 0.4775069737573463,
    ari: 0.44068522032151164,
    acc: 0.695,
  },
  finer: {
    labels: list(n, (i) => i % 4),
    clusters: list(n, (i) => i % 40),
    nmi: 0.5463041903939286,
    ami: 0.46988500680570505,
    ari: 0.11816838995568685,
    acc: 0.1,
  },
  uneven: {
    labels: list(n, (i) => Math.floor(Math.sqrt(i))),
    clusters: list(n, (i) => Math.floor(Math.log2(i + 1))),
    nmi: 0.6714137978283738,
    ami: 0.6335355106831897,
    ari: 0.36463239369224104,
    acc: 0.415,
  },
  "singletons against classes": {
    labels: list(n, (i) => i),
    clusters: list(n, (i) => i % 5),
    nmi: 0.46598000289067926,
    ami: 0,
    ari: 0,
    acc: 0.025,
  },
  "one class against many": {
    labels: list(n, () => 0),
    clusters: list(n, (i) => i % 5),
    nmi: 0,
    ami: 0,
    ari: 0,
    acc: 0.2,
  },
  small: {
    labels: [0, 0, 1, 1, 2, 2],
    clusters: [0, 1, 0, 1, 2, 2],
    nmi: 0.5793801642856948,
    ami: 1 / 6,
    ari: 1 / 6,
    acc: 4 / 6,
  },
  independent: { labels: [0, 0, 1, 1], clusters: [0, 1, 0, 1], nmi: 0, ami: -0.5, ari: -0.5, acc: 0.5 },
  "many classes": {
    labels: list(20000, (i) => (i * i) % 1013),
    clusters: list(20000, (i) => i % 2 === 0 ? (i * i) % 1013 : (i * 7) % 1500),
    nmi: 0.7128322170696274,
    // In exact arithmetic 0.438903746002.
    ami: 0.43890374601281174,
    ari: 0.3084017876315428,
    acc: 0.50025,
  },
};

for (const [what, { labels, clusters, ...expected }] of Object.entries(references)) {
  Deno.test(`partitions: scores agree with scikit-learn on ${what}`, () => {
    for (const name of names) assertAlmostEquals(scores[name](labels, clusters), expected[name], 1e-10, name);
  });
}

Deno.test("partitions: scores are 1 for the same partition, single classes and singletons included", () => {
  const same = [
    [list(n, (i) => i % 5), list(n, (i) => (i * 3) % 5)],
    [list(n, (i) => i), list(n, (i) => -i)],
    [list(n, () => 7), list(n, () => 8)],
    [[3], [8]],
  ] as const;
  for (const [labels, clusters] of same) {
    for (const name of names) assertEquals(scores[name](labels, clusters), 1, name);
  }
});

const labelings = fc.integer({ min: 1, max: 7 }).chain((length) => {
  const labels = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: length, maxLength: length });
  return fc.tuple(labels, labels);
});

Deno.test("partitions: scores depend neither on names, nor on the order of examples, nor on which comes first", () => {
  fc.assert(fc.property(labelings, ([labels, clusters]) => {
    const rename = (list: number[], by: number) => Int32Array.from(list, (label) => by - 1000 * label);
    for (const name of names) {
      const value = scores[name](labels, clusters);
      assert(Number.isFinite(value) && value <= 1);
      assertAlmostEquals(scores[name](rename(labels, 5), rename(clusters, -3)), value, 1e-12, name);
      assertAlmostEquals(scores[name](labels.toReversed(), clusters.toReversed()), value, 1e-12, name);
      assertAlmostEquals(scores[name](clusters, labels), value, 1e-12, name);
    }
  }));
});

/** All orders of a list. */
function permutations(list: number[]): number[][] {
  if (list.length === 0) return [[]];
  return list.flatMap((first, i) => permutations(list.toSpliced(i, 1)).map((rest) => [first, ...rest]));
}

Deno.test("partitions: adjusted scores take away the mean over all orders of one partition", () => {
  const information = (labels: number[], clusters: number[]) => {
    const count = (list: number[], name: number) => list.filter((label) => label === name).length;
    return labels.reduce((sum, label, i) => {
      const both = labels.filter((other, j) => other === label && clusters[j] === clusters[i]).length;
      return sum + Math.log(labels.length * both / (count(labels, label) * count(clusters, clusters[i]!)));
    }, 0) / labels.length;
  };
  const together = (list: number[]) => list.flatMap((a, i) => list.slice(i + 1).map((b) => a === b ? 1 : 0));
  const shared = (labels: number[], clusters: number[]) => {
    const second = together(clusters);
    return together(labels).reduce<number>((sum, pair, i) => sum + pair * second[i]!, 0);
  };
  const labels = [0, 0, 0, 1, 1, 2];
  const clusters = [0, 0, 1, 1, 1, 1];
  const orders = permutations(clusters);
  for (const [name, score] of [["ami", information], ["ari", shared]] as const) {
    const expected = orders.reduce((sum, order) => sum + score(labels, order), 0) / orders.length;
    const most = (score(labels, labels) + score(clusters, clusters)) / 2;
    const adjusted = (score(labels, clusters) - expected) / (most - expected);
    assertAlmostEquals(scores[name](labels, clusters), adjusted, 1e-12, name);
  }
});

Deno.test("clusteringAccuracy() is that of the best of all pairings", () => {
  fc.assert(fc.property(labelings, ([labels, clusters]) => {
    const shares = permutations([0, 1, 2, 3]).map((classOf) =>
      clusters.filter((cluster, i) => classOf[cluster] === labels[i]).length / labels.length
    );
    assertAlmostEquals(clusteringAccuracy(labels, clusters), Math.max(...shares), 1e-12);
  }));
});

Deno.test("partitions: faults are named", () => {
  for (const name of names) {
    assertThrows(() => scores[name]([], []), RangeError, "Cannot compare partitions: there are no labels");
    assertThrows(() => scores[name]([1, 2], [1]), RangeError, "clusters has 1 entries, expected one for each of 2");
    assertThrows(() => scores[name]([1, 0.5], [1, 1]), RangeError, "labels[1] is 0.5, expected an integer");
    assertThrows(() => scores[name]([1, 1], [1, NaN]), RangeError, "clusters[1] is NaN, expected an integer");
  }
});
