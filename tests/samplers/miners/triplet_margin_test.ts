import { assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { keepInWindow } from "../../../samplers/miners/_window.ts";
import { chainMiners, type TripletKind, tripletMarginMiner } from "../../../samplers/mod.ts";
import { distance } from "../../losses/_naive.ts";
import { randomRows } from "../../losses/_support.ts";
import { assertNewTensors, engineTest } from "../../support/mod.ts";
import { fc } from "../../support/properties.ts";
import { type Batch, goldenBatch, goldenMiner, mine, mineCosines } from "./_mine.ts";
import { type Anchor, anchorsOf, minerSuite, pairsOfTriplets } from "./_miner_suite.ts";

const kinds: { readonly [kind in TripletKind]: (gap: number, margin: number) => boolean } = {
  all: (gap, margin) => gap <= margin,
  hard: (gap) => gap <= 0,
  semihard: (gap, margin) => gap > 0 && gap <= margin,
  easy: (gap, margin) => gap > margin,
};

function naive(kind: TripletKind, margin: number) {
  return (anchor: Anchor) => {
    const d = anchor.cosine.map(distance);
    return pairsOfTriplets(anchor, (p, n) => kinds[kind](d[n]! - d[p]!, margin));
  };
}

for (const kind of Object.keys(kinds) as TripletKind[]) {
  minerSuite({
    name: `tripletMarginMiner({ kind: "${kind}" })`,
    make: () => tripletMarginMiner(kind === "all" ? {} : { kind }),
    naive: (anchor) => {
      const { positives, negatives } = naive(kind, 0.2)(anchor);
      return { positives, negatives };
    },
  });
}

/** How many triplets of the kept pairs have a gap within the bounds. */
function countTriplets(kind: TripletKind, batch: Batch): number {
  const { positives, negatives, gap } = mine(tripletMarginMiner({ kind }), batch);
  return anchorsOf(batch).reduce((sum, anchor) => {
    const d = anchor.cosine.map(distance);
    const kept = { ...anchor, positives: positives[anchor.row]!, negatives: negatives[anchor.row]! };
    return sum + pairsOfTriplets(kept, (p, n) => d[n]! - d[p]! > gap![0] && d[n]! - d[p]! <= gap![1]).triplets;
  }, 0);
}

for (const kind of Object.keys(kinds) as TripletKind[]) {
  engineTest(`tripletMarginMiner({ kind: "${kind}" }) tells as many triplets as the reference`, () => {
    const { n_triplets } = goldenMiner(`TripletMarginLoss(0.2)+TripletMarginMiner(0.2,${kind})`);
    assertEquals(countTriplets(kind, goldenBatch("X")), n_triplets);
  });
}
engineTest("tripletMarginMiner() tells as many semi-hard triplets as the reference for other rows and labels", () => {
  assertEquals(countTriplets("semihard", goldenBatch("Z")), goldenMiner("Z Triplet(0.2)+semihard miner").n);
  assertEquals(
    countTriplets("semihard", goldenBatch("labels2")),
    goldenMiner("X,labels2 Triplet(0.2)+semihard miner").n,
  );
});

engineTest("tripletMarginMiner() agrees with loops for any kind, margin and labels", () => {
  const batches = fc.record({
    seed: fc.nat(),
    labels: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 2, maxLength: 14 }),
    kind: fc.constantFrom(...Object.keys(kinds) as TripletKind[]),
    margin: fc.constantFrom(0, 0.05, 0.3, 1),
  });
  fc.assert(
    fc.property(batches, ({ seed, labels, kind, margin }) => {
      const batch = { rows: randomRows(seed, labels.length, 3), labels };
      const { positives, negatives } = mine(tripletMarginMiner({ kind, margin }), batch);
      const expected = anchorsOf(batch).map(naive(kind, margin));
      assertEquals(positives, expected.map((anchor) => anchor.positives));
      assertEquals(negatives, expected.map((anchor) => anchor.negatives));
    }),
    { numRuns: 60 },
  );
});

engineTest("tripletMarginMiner() has a gap of 0 for hard and one as wide as the margin for a violation", () => {
  // Cosines of distances that are exact: 1 and 0.
  const [same, wide] = [[0.5, 0.5], [1, 0.5]].map((cosines) => ({ cosines, positives: [0], negatives: [1] }));
  const keeps = (kind: TripletKind, given: typeof same) =>
    mineCosines(tripletMarginMiner({ kind, margin: 1 }), given!).negatives.length === 1;
  assertEquals(Object.keys(kinds).filter((kind) => keeps(kind as TripletKind, same)), ["all", "hard"]);
  assertEquals(Object.keys(kinds).filter((kind) => keeps(kind as TripletKind, wide)), ["all", "semihard"]);
});

engineTest("tripletMarginMiner() narrows the triplets of a miner before it", () => {
  const batch = goldenBatch("X");
  const [all, semihard] = (["all", "semihard"] as const).map((kind) => tripletMarginMiner({ kind }));
  assertEquals(mine(chainMiners(all!, semihard!), batch), mine(semihard!, batch));
  assertEquals(mine(chainMiners(semihard!, all!), batch), mine(semihard!, batch));
  const none = mine(chainMiners(semihard!, tripletMarginMiner({ kind: "easy" })), batch);
  assertEquals([none.positives.flat(), none.negatives.flat()], [[], []]);
});

engineTest("tripletMarginMiner() says so where it cannot read the engine, and leaves nothing", () => {
  const state = tf.engine() as unknown as { backendName: string };
  const started = state.backendName;
  const given = tf.tensor2d([[1, 0.5]]);
  const masks = { positive: tf.tensor2d([[1, 0]], [1, 2], "bool"), negative: tf.tensor2d([[0, 1]], [1, 2], "bool") };
  state.backendName = "webgpu";
  try {
    assertNewTensors(0, () => {
      assertThrows(() => keepInWindow(masks, given, [0, 0.2]), Error, "gaps from 0 to 0.2: the engine cannot be read");
    });
  } finally {
    state.backendName = started;
  }
});

Deno.test("tripletMarginMiner() names an option that is wrong", () => {
  assertThrows(
    () => tripletMarginMiner({ margin: -1 }),
    RangeError,
    "margin is -1, expected a finite number of at least 0",
  );
  assertThrows(
    () => tripletMarginMiner({ kind: "soft" as never }),
    RangeError,
    "kind is soft, expected one of all, hard, semihard, easy",
  );
});
