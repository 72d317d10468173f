import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  aligned,
  type Batch,
  joinRelations,
  key,
  labelRelation,
  type LossContext,
  NO_ID,
  type Pairing,
  type Relation,
  sameLabel,
  type Tensor1D,
  type Tensor2D,
  views,
} from "../../core/mod.ts";
import { fc } from "../support/properties.ts";
import { assertNewTensors, engineTest } from "../support/mod.ts";

const told = (targets?: Batch): LossContext => ({ training: true, key: key(0), ...(targets ? { targets } : {}) });
const int = (values: readonly number[]) => tf.tensor1d([...values], "int32");
const zeros = (rows: number, dim = 2) => tf.zeros([rows, dim]) as Tensor2D;
const numbers = (x: Tensor1D) => [...x.dataSync()];

/** The masks of a relation, by loops. */
type Naive = (i: number, j: number) => "positive" | "negative" | undefined;

/** Asserts that a relation has the masks of a naive one, in blocks of any size, and leaves nothing but them. */
function assertRelation(relation: Relation, anchors: number, references: number, naive: Naive): void {
  assertEquals([relation.anchors, relation.references], [anchors, references]);
  for (let size = 1; size <= anchors; size++) {
    for (let first = 0; first < anchors; first += size) {
      const rows = Math.min(size, anchors - first);
      const masks = assertNewTensors(2, () => relation.block(first, rows));
      for (const name of ["positive", "negative"] as const) {
        const expected = Array.from(
          { length: rows },
          (_, i) => Array.from({ length: references }, (_, j) => naive(first + i, j) === name ? 1 : 0),
        );
        assertEquals(masks[name].dtype, "bool");
        assertEquals(masks[name].arraySync(), expected);
        masks[name].dispose();
      }
    }
  }
}

const byLabel = (labels: readonly number[]): Naive => (i, j) =>
  i === j ? undefined : labels[i] === labels[j] ? "positive" : "negative";

engineTest("sameLabel() has positives of the same label and negatives of others, and no row itself", () => {
  tf.tidy(() => {
    const labels = [3, -1, 3, 0, -1, 3];
    const x = zeros(6);
    const pairs = sameLabel()([x], told(int(labels)));
    assert(pairs.anchors === x && pairs.references === x);
    assertRelation(pairs.relation, 6, 6, byLabel(labels));
    assertEquals([pairs.labels!.anchors, pairs.labels!.references].map(numbers), [labels, labels]);
    assertEquals([pairs.ids, pairs.further, pairs.appended, pairs.constant], [
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

engineTest("sameLabel() stacks views, each with the labels and ids of the examples", () => {
  tf.tidy(() => {
    const labels = [3, 5, 3];
    const matrices = [1, 2, 3].map((x) => tf.fill([3, 2], x) as Tensor2D);
    const pairs = sameLabel()(matrices, told({ labels: int(labels), ids: int([7, 8, 9]) }));
    assert(pairs.anchors === pairs.references);
    assertEquals(pairs.anchors.arraySync().map(([x]) => x!), [1, 1, 1, 2, 2, 2, 3, 3, 3]);
    assertRelation(pairs.relation, 9, 9, byLabel([...labels, ...labels, ...labels]));
    assertEquals(numbers(pairs.labels!.references), [...labels, ...labels, ...labels]);
    assertEquals([pairs.ids!.anchors, pairs.ids!.references].map(numbers), Array(2).fill([7, 8, 9, 7, 8, 9, 7, 8, 9]));
  });
});

engineTest("views() has the other views of an example for positives, whatever its label", () => {
  tf.tidy(() => {
    const matrices = [1, 2, 3].map((x) => tf.fill([4, 2], x) as Tensor2D);
    const targets = { labels: int([0, 0, 0, 0]), ids: int([4, 5, 6, 7]) };
    const pairs = views()(matrices, told(targets));
    assertEquals(pairs.anchors.arraySync().map(([x]) => x!), [1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3]);
    assertRelation(pairs.relation, 12, 12, byLabel(Array.from({ length: 12 }, (_, i) => i % 4)));
    assertEquals(pairs.labels, undefined);
    assertEquals(numbers(pairs.ids!.anchors), [4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7]);
    assertEquals(views()(matrices, told(int([9, 9, 9, 9]))).ids, undefined);
  });
});

engineTest("aligned() has the reference of the same row for a positive and all others for negatives", () => {
  tf.tidy(() => {
    const [x, y] = [zeros(4), zeros(4)];
    const naive: Naive = (i, j) => i === j ? "positive" : "negative";
    const pairs = aligned()([x, y], told());
    assert(pairs.anchors === x && pairs.references === y);
    assertRelation(pairs.relation, 4, 4, naive);
    assertEquals([pairs.labels, pairs.ids], [undefined, undefined]);
    const same = aligned()([x, x], told());
    assert(same.anchors === same.references);
    const more = aligned()(
      [x, tf.fill([6, 2], 1), tf.fill([1, 2], 2), tf.fill([2, 2], 3)],
      told({ ids: int([9, 8, 7, 6]) }),
    );
    assertRelation(more.relation, 4, 9, naive);
    assertEquals(more.references.arraySync().map(([x]) => x!), [1, 1, 1, 1, 1, 1, 2, 3, 3]);
    assertEquals(numbers(more.ids!.anchors), [9, 8, 7, 6]);
    assertEquals(numbers(more.ids!.references), [9, 8, 7, 6, ...Array(5).fill(NO_ID)]);
  });
});

engineTest("labelRelation() relates any labels and ids, and joins groups of references", () => {
  const list = (least: number, most: number) =>
    fc.array(fc.integer({ min: -2, max: 2 }), { minLength: least, maxLength: most });
  const group = fc.tuple(list(1, 5), fc.boolean());
  const setting = fc.tuple(list(1, 6), list(6, 6), fc.array(group, { minLength: 1, maxLength: 3 }));
  fc.assert(
    fc.property(setting, ([anchors, anchorIds, groups]) => {
      tf.tidy(() => {
        const columns = groups.map(([references, ids]) => ({
          labels: { anchors: int(anchors), references: int(references) },
          ...(ids
            ? {
              ids: {
                anchors: int(anchorIds.slice(0, anchors.length)),
                references: int(references.map((_, j) => j - 2)),
              },
            }
            : {}),
        }));
        const flat = groups.flatMap(([references, ids]) =>
          references.map((label, j) => ({ label, id: ids ? j - 2 : undefined }))
        );
        const naive: Naive = (i, j) =>
          flat[j]!.id === anchorIds[i] ? undefined : flat[j]!.label === anchors[i] ? "positive" : "negative";
        assertRelation(labelRelation(columns), anchors.length, flat.length, naive);
      });
    }),
    { numRuns: 25 },
  );
});

engineTest("joinRelations() puts references side by side, and gives a single relation back", () => {
  tf.tidy(() => {
    const relation = (labels: number[]) =>
      labelRelation([{ labels: { anchors: int([0, 1]), references: int(labels) } }]);
    const single = relation([0, 1]);
    assert(joinRelations([single]) === single);
    const all = [0, 1, 2, 1, 0];
    const joined = joinRelations([single, relation([2]), relation([1, 0])]);
    assertRelation(joined, 2, 5, (i, j) => all[j] === i ? "positive" : "negative");
  });
});

engineTest("sameLabel() takes whole numbers as float32, of which the caller's tensor stays", () => {
  tf.tidy(() => {
    const labels = tf.tensor1d([2, -3, 2, 0]);
    const pairs = sameLabel()([zeros(4)], told({ labels, ids: tf.tensor1d([5, 6, 7, 8]) }));
    assertRelation(pairs.relation, 4, 4, byLabel([2, -3, 2, 0]));
    assertEquals([pairs.labels!.anchors.dtype, pairs.ids!.anchors.dtype], ["int32", "int32"]);
    assert(!labels.isDisposed);
  });
});

engineTest("labels and ids are told apart where float32 cannot hold them", () => {
  tf.tidy(() => {
    const large = [2 ** 24, 2 ** 24 + 1, 2 ** 24, 2 ** 31 - 1, 2 ** 31 - 2, -(2 ** 31), 1 - 2 ** 31];
    const pairs = sameLabel()([zeros(7)], told(int(large)));
    assertRelation(pairs.relation, 7, 7, byLabel(large));
    const ids = int(large);
    const labels = int(large.map(() => 0));
    const relation = labelRelation([{
      labels: { anchors: labels, references: labels },
      ids: { anchors: ids, references: ids },
    }]);
    assertRelation(relation, 7, 7, (i, j) => large[i] === large[j] ? undefined : "positive");
    // Repeated for views, and padded for hard negatives, they stay what they are.
    assertEquals(numbers(sameLabel()([zeros(7), zeros(7)], told(int(large))).labels!.references), [...large, ...large]);
    const padded = aligned()([zeros(7), zeros(8)], told({ ids }));
    assertEquals(numbers(padded.ids!.references), [...large, NO_ID]);
  });
});

engineTest("pairings leave no tensor but what they pair, and none when they refuse", () => {
  const [x, y, labels, floats] = [zeros(4), zeros(4), int([0, 0, 1, 1]), tf.tensor1d([0, 0, 1, 1])];
  const run = (pairing: Pairing, matrices: Tensor2D[], targets?: Batch) => {
    assertNewTensors(0, () =>
      tf.tidy(() => {
        pairing(matrices, told(targets)).relation.block(1, 2);
      }));
  };
  run(sameLabel(), [x, y], { labels, ids: labels });
  run(sameLabel(), [x], floats);
  run(views(), [x, y], { ids: labels });
  run(aligned(), [x, y], { ids: floats });
  assertNewTensors(0, () => assertThrows(() => sameLabel()([x], told()), TypeError));
  assertNewTensors(0, () => assertThrows(() => aligned()([x], told()), TypeError));
  assert([x, y, labels, floats].every((tensor) => !tensor.isDisposed));
  tf.dispose([x, y, labels, floats]);
});
