/**
 * The model of the recipe: two towers over one embedding table.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { type Encoder, fold, type Key, type Loss, type TokenBatch } from "../../core/mod.ts";
import { embeddingBag, transformer } from "../../encoders/mod.ts";
import { infoNCE } from "../../losses/mod.ts";
import { type Config, HEADS } from "./config.ts";

/** Two towers and the loss that couples them. */
export interface Model {
  readonly encoders: readonly [queries: Encoder<TokenBatch>, passages: Encoder<TokenBatch>];
  readonly loss: Loss;
  dispose(): void;
}

/** Makes the towers from scratch. */
export function buildModel(config: Config, vocabulary: number, key: Key): Model {
  const { dim, hidden, dropout, temperature } = config;
  const tower = (name: string, maxLength: number, table?: tf.Variable): Encoder<TokenBatch> => {
    const common = { vocabulary, dropout, name, key: fold(key, name), ...(table ? { table } : {}) };
    return config.encoder === "bag"
      ? embeddingBag({ ...common, dim, hidden })
      : transformer({ ...common, maxLength, width: dim, heads: HEADS, layers: 2, mlp: hidden });
  };
  const queries = tower("query", config.queryTokens);
  const passages = tower("passage", config.passageTokens, queries.params.table!);
  return {
    encoders: [queries, passages],
    loss: infoNCE({ temperature }),
    dispose: () => tf.dispose([...new Set([queries, passages].flatMap(({ params }) => Object.values(params)))]),
  };
}
