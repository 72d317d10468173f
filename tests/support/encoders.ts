import * as tf from "@tensorflow/tfjs";
import { dropoutMask, type Encoder, fold, key, lookup, normal } from "../../core/mod.ts";

/** A small encoder for tests: a tanh layer with dropout and a linear one. */
export function tinyEncoder(
  { seed = 0, inputs = 4, hidden = 6, dim = 3, dropout = 0, name }: {
    seed?: number;
    inputs?: number;
    hidden?: number;
    dim?: number;
    dropout?: number;
    name?: string;
  } = {},
): Encoder<tf.Tensor2D> {
  const draw = (label: string, rows: number, columns: number) =>
    tf.tidy(() => tf.variable(tf.tensor2d(normal(fold(key(seed), label), [0], rows * columns), [rows, columns])));
  const first = draw("first", inputs, hidden);
  const second = draw("second", hidden, dim);
  return {
    ...(name === undefined ? {} : { name }),
    params: { first, second },
    encode: (batch, context) =>
      tf.tidy(() => {
        let z = tf.tanh(tf.matMul(batch, first as tf.Tensor2D));
        if (context.training && dropout > 0) {
          const mask = dropoutMask(fold(context.key, "dropout"), context.rows, hidden, dropout);
          z = tf.mul(z, tf.tensor2d(mask, [context.rows.length, hidden]));
        }
        return tf.matMul(z, second as tf.Tensor2D) as tf.Tensor2D;
      }),
  };
}

/** A bag of words over an embedding table, with one projection. */
export function tinyBag(
  { table, seed = 0, dim = 3 }: { table: tf.Variable; seed?: number; dim?: number },
): Encoder<tf.Tensor2D> {
  const width = table.shape[1]!;
  const kernel = tf.tidy(() => tf.variable(tf.tensor2d(normal(key(seed), [0], width * dim), [width, dim])));
  return {
    params: { table, kernel },
    encode: (ids) => tf.tidy(() => tf.matMul(tf.mean(lookup(table, ids), 1), kernel as tf.Tensor2D) as tf.Tensor2D),
  };
}

/** A matrix of standard normal numbers. */
export function randomMatrix(seed: number, rows: number, columns: number): tf.Tensor2D {
  return tf.tensor2d(normal(key(seed), [0], rows * columns), [rows, columns]);
}

/** In-batch softmax cross-entropy over dot products, every further matrix being references of the first. */
export function coupling(matrices: readonly tf.Tensor2D[]): tf.Scalar {
  return tf.tidy(() => {
    const [anchors] = matrices;
    const references = matrices.length === 1 ? tf.mul(anchors!, 0.5) : tf.concat(matrices.slice(1), 0);
    const scores = tf.matMul(anchors!, references as tf.Tensor2D, false, true);
    const labels = tf.eye(anchors!.shape[0], references.shape[0]!);
    return tf.neg(tf.mean(tf.sum(tf.mul(labels, tf.logSoftmax(scores)), 1))) as tf.Scalar;
  });
}
