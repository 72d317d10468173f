/**
 * InfoNCE over all similarities of queries and documents at once.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { maskedSum } from "../core/ops/pairs/mod.ts";
import { aligned } from "../core/pairs/aligned.ts";
import type { Pairing } from "../core/pairs/types.ts";
import { type Block, type RowLoss, rowLoss } from "../core/row_loss.ts";
import type { Scalar, Tensor2D } from "../core/types.ts";
import { checkPairs } from "./_checks.ts";
import { everywhere, jointPartition, otherThanSelf, type Part } from "./_partition.ts";
import { heated, scaled } from "./_heat.ts";
import type { Temperature } from "./temperature.ts";

/** Options of {@linkcode jointInfoNCE}. */
export interface JointInfoNCEOptions {
  /** The temperature τ that similarities are divided by, fixed or learnt. 0.05 if left out. */
  readonly temperature?: number | Temperature;
}

/**
 * InfoNCE with one partition function over four kinds of similarities: of each query to the documents and to the other
 * queries, and of its document to the queries and to the other documents.
 *
 * L = 1/N Σᵢ ( log Zᵢ - s(qᵢ, dᵢ)/τ ), with
 * Zᵢ = Σⱼ exp(s(qᵢ, dⱼ)/τ) + Σ_{j≠i} exp(s(qᵢ, qⱼ)/τ) + Σⱼ exp(s(qⱼ, dᵢ)/τ) + Σ_{j≠i} exp(s(dᵢ, dⱼ)/τ) and s the cosine.
 * The positive stands in Zᵢ twice, as a similarity of query i and as one of document i: the loss cannot fall below log 2.
 *
 * The loss takes two matrices or more, all `[rows, dim]` of the same width: the N queries; the documents, of which row i
 * is the positive of query i and any rows beyond N are hard negatives; and further matrices of hard negatives. Queries
 * and the documents of their positives are compared with all of them. Row i of a further matrix of exactly N rows is a
 * document of query i, as in triplets, and is not compared with the positive of that query; hard negatives that come in other
 * numbers belong to no query and are compared with every positive.
 *
 * A row loss: it is evaluated in tiles. A miner narrows what queries are compared with in the second matrix; a memory or
 * another pairing cannot be added.
 *
 * Li et al., "Towards general text embeddings with multi-stage contrastive learning", 2023. For two matrices it is the
 * MultipleNegativesRankingLoss of sentence-transformers in four directions, joint.
 *
 * @throws {RangeError} If a fixed temperature is not a finite number above 0. The loss throws a TypeError for fewer
 * than two matrices or one that is not a matrix, and a RangeError for widths that differ, no queries, or fewer
 * documents than queries.
 *
 * @example
 * ```ts
 * import { jointInfoNCE } from "@gradfold/gradfold/losses";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const rows = tf.tensor2d([[1, 0], [0, 1]]);
 * const value = jointInfoNCE({ temperature: 1 })([rows, rows], { training: true, key: key(0) });
 * // For each query the positive twice, at similarity 1, and four similarities of 0.
 * assertAlmostEquals(value.dataSync()[0]!, Math.log(2 * Math.E + 4) - 1, 1e-6);
 * ```
 */
export function jointInfoNCE(options: JointInfoNCEOptions = {}): RowLoss {
  const { temperature = 0.05 } = options;
  return rowLoss({
    title: "joint InfoNCE",
    pairing: allWithAll,
    ...heated(temperature),
    terms: (block) => {
      const { similarity, positive, rows } = block;
      const partition = jointPartition(partsOf(block), temperature, block);
      const matched = scaled(maskedSum(similarity, positive), temperature, block);
      return { sum: tf.sum(tf.sub(partition, matched)) as Scalar, count: rows };
    },
  });
}

/** Queries and documents, and besides queries with queries, positives with queries, and both with what else there is. */
const allWithAll: Pairing = (representations, context) => {
  checkPairs("joint InfoNCE", representations);
  const [queries, documents, ...hard] = representations as [Tensor2D, Tensor2D, ...Tensor2D[]];
  const [rows] = queries.shape;
  const positives = documents.shape[0] === rows ? documents : tf.slice(documents, [0, 0], [rows, -1]);
  return {
    ...aligned()([queries, documents], context),
    further: [
      { anchors: queries, references: queries },
      { anchors: positives, references: queries },
      { anchors: positives, references: documents },
      ...hard.flatMap((references) => [
        { anchors: queries, references },
        { anchors: positives, references },
      ]),
    ],
  };
};

/** What the partition function of each anchor is over. */
function partsOf({ first, similarity, positive, negative, further }: Block): Part[] {
  const [toQueries, fromQueries, toDocuments, ...hard] = further;
  if (!toQueries || !fromQueries || !toDocuments) {
    throw new TypeError("Cannot compute joint InfoNCE: it compares more than pairs, expected its own pairing");
  }
  const queries = toQueries.shape[1];
  return [
    { similarity, mask: tf.logicalOr(positive, negative) as Tensor2D },
    { similarity: toQueries, mask: otherThanSelf(first, toQueries) },
    { similarity: fromQueries, mask: everywhere(fromQueries) },
    { similarity: toDocuments, mask: otherThanSelf(first, toDocuments) },
    ...hard.map((similarity, i) => ({
      similarity,
      // Every second one is of the positives.
      mask: i % 2 === 1 && similarity.shape[1] === queries ? otherThanSelf(first, similarity) : everywhere(similarity),
    })),
  ];
}
