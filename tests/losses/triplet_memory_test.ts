import { assertAlmostEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { labelRelation, type Memory, type RowLoss, tiled } from "../../core/mod.ts";
import { angular, liftedStructure, triplet } from "../../losses/mod.ts";
import { assertClose, engineTest } from "../support/mod.ts";
import { cosines, distance, dot, hingeMean, logSumExp, mean, softplus, unit } from "./_naive.ts";
import { differentiate, finiteDifferences, randomRows, type Rows } from "./_support.ts";

const [labels, storedLabels] = [[3, 0, 3, 1, 0], [0, 3, 1, 1]];
const [rows, stored] = [randomRows(1, labels.length, 4), randomRows(2, storedLabels.length, 4)];

/** Adds the stored rows as references. */
const memory: Memory = {
  attach: (pairs) => {
    const own = pairs.labels!;
    const ids = { anchors: tf.range(0, labels.length, 1, "int32"), references: tf.range(0, labels.length, 1, "int32") };
    const further = { anchors: own.anchors, references: tf.tensor1d(storedLabels, "int32") };
    const relation = labelRelation([{ labels: own, ids }, { labels: further }]);
    return {
      terms: [{ pairs: { ...pairs, appended: tf.tensor2d(stored.map((row) => [...row])), relation }, weight: 1 }],
    };
  },
};

/** For each anchor and each positive its negatives, all by their number among the references. */
const groups = labels.flatMap((label, a) => {
  const references = [...labels, ...storedLabels].map((other, j) => ({ other, j })).filter(({ j }) => j !== a);
  const negatives = references.filter(({ other }) => other !== label).map(({ j }) => j);
  return references.filter(({ other }) => other === label).map(({ j }) => ({ a, p: j, negatives }));
});

const losses: { name: string; loss: RowLoss; naive: (references: Rows) => number }[] = [
  {
    name: "triplet() with swaps",
    loss: triplet({ swap: true, margin: 0.4 }),
    naive: (references) => {
      const far = cosines(references).map((row) => row.map(distance));
      return hingeMean(
        groups.flatMap(({ a, p, negatives }) =>
          negatives.map((n) => far[a]![p]! - Math.min(far[a]![n]!, far[p]![n]!) + 0.4)
        ),
      );
    },
  },
  {
    name: "liftedStructure()",
    loss: liftedStructure(),
    naive: (references) => {
      const far = cosines(references).map((row) => row.map(distance));
      return mean(groups.map(({ a, p, negatives }) => {
        const pushed = logSumExp(negatives.flatMap((n) => [1 - far[a]![n]!, 1 - far[p]![n]!]));
        return Math.max(pushed + far[a]![p]!, 0) ** 2 / 2;
      }));
    },
  },
  {
    name: "angular()",
    loss: angular({ angle: 30 }),
    naive: (references) => {
      const x = unit(references);
      return mean(groups.map(({ a, p, negatives }) => {
        const pushed = negatives.map((n) => 4 / 3 * (dot(x[a]!, x[n]!) + dot(x[p]!, x[n]!)));
        return softplus(logSumExp(pushed) - 8 / 3 * dot(x[a]!, x[p]!));
      }));
    },
  },
];
for (const { name, loss, naive } of losses) {
  engineTest(`${name} compares stored positives with all references`, () => {
    const expected = finiteDifferences(([moved]) => naive([...moved!, ...stored]), [rows])[0]!;
    for (const size of [2, 5]) {
      const { value, gradients } = differentiate(tiled(loss, { memory, rows: size }), [rows], labels);
      assertAlmostEquals(value, naive([...rows, ...stored]), 1e-5);
      assertClose(gradients[0]!, expected, 1e-4);
    }
  });
}
