/**
 * Queries against keys of another encoder.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { labelRelation, type Pairing, type Tensor1D } from "../../core/mod.ts";

/**
 * Pairs each query with the keys of all other images of the batch, by label; an image's own key is left out, as is the
 * image itself without a second encoder. Takes two matrices, and `{ labels, ids }` as targets. The keys are what a memory holds.
 */
export const queriesAgainstKeys: Pairing = ([queries, keys], { targets }) => {
  const { labels, ids } = targets as { readonly labels: Tensor1D; readonly ids: Tensor1D };
  const sides = (values: Tensor1D) => ({ anchors: values, references: values });
  const positions = tf.range(0, queries!.shape[0], 1, "int32") as Tensor1D;
  return {
    anchors: queries!,
    references: keys!,
    relation: labelRelation([{ labels: sides(labels), ids: sides(positions) }]),
    labels: sides(labels),
    ids: sides(ids),
  };
};
