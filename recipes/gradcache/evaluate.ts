/**
 * Scores of a model on the test gallery.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { type Encoder, key, type Tensor2D, type TokenBatch } from "../../core/mod.ts";
import { retrieval } from "../../metrics/mod.ts";
import type { Model } from "./model.ts";
import type { Scores } from "./scores.ts";
import type { Pairs, Texts } from "./task.ts";

/** Encodes the test pairs and ranks each query's own passage among all. */
export async function evaluate({ encoders }: Model, test: Pairs): Promise<Scores> {
  const queries = encodeAll(encoders[0], test.queries);
  const passages = encodeAll(encoders[1], test.passages);
  try {
    const relevant = Int32Array.from({ length: test.queries.examples }, (_, i) => i);
    const { recall, mrr } = await retrieval(queries, passages, { relevant, k: [1, 10, 100] });
    return { recall1: recall[1]!, recall10: recall[10]!, recall100: recall[100]!, mrr };
  } finally {
    tf.dispose([queries, passages]);
  }
}

/** Representations of all texts, encoded in pieces. */
function encodeAll(encoder: Encoder<TokenBatch>, texts: Texts, piece = 128): Tensor2D {
  return tf.tidy(() => {
    const parts: Tensor2D[] = [];
    for (let first = 0; first < texts.examples; first += piece) {
      const rows = Int32Array.from({ length: Math.min(piece, texts.examples - first) }, (_, i) => first + i);
      parts.push(
        tf.tidy(() => encoder.encode(texts.batch(rows), { training: false, key: key(0), rows })),
      );
    }
    return tf.concat(parts, 0) as Tensor2D;
  });
}
