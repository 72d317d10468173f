import * as tf from "@tensorflow/tfjs";
import type { Encoder, Masks, Miner, RowLoss, RowSum } from "../../core/mod.ts";
import { fold, key } from "../../core/mod.ts";

/** What is composed. */
export interface Composition {
  readonly encoder: Encoder<tf.Tensor2D>;
  readonly loss: RowLoss;
  readonly miner: Miner | undefined;
  readonly memory: "sum" | "joint" | "live" | undefined;
  readonly size: number;
}

/** Entries of a memory as plain rows, the oldest first. */
export interface Stored {
  readonly rows: number[][];
  readonly labels: number[];
}

/**
 * Loss and gradients of a labelled batch by matrices that stand whole, on the stock tape of TensorFlow.js: no chunks, no
 * tiles, no memory of its own.
 */
export function dense(
  { encoder, loss, miner, memory, size }: Composition,
  inputs: tf.Tensor2D,
  labels: readonly number[],
  stored: Stored,
  seed: number,
): { value: number; gradients: number[][]; stored: Stored } {
  return tf.tidy(() => {
    const step = key(seed);
    let rows: number[][] = [];
    const { value, grads } = tf.variableGrads(() => {
      const z = encoder.encode(inputs, {
        training: true,
        key: fold(step, "input", 0),
        rows: Int32Array.from(labels.keys()),
      });
      rows = z.arraySync();
      const evaluate = (references: tf.Tensor2D, referenceLabels: readonly number[]) =>
        tf.add(meanOf(loss, miner, z, references, labels, referenceLabels, fold(step, "loss")), loss.penalty?.() ?? 0);
      const older = memory ? stored.rows.slice(Math.max(0, stored.rows.length - size + labels.length)) : [];
      const olderLabels = stored.labels.slice(stored.labels.length - older.length);
      const own = memory === "joint" ? tf.tensor2d(rows) : z;
      const widened = older.length > 0 ? tf.concat([own, tf.tensor2d(older)], 0) as tf.Tensor2D : own;
      if (memory !== "sum") return evaluate(widened, [...labels, ...olderLabels]) as tf.Scalar;
      const detached = tf.tensor2d([...rows, ...older]);
      return tf.add(evaluate(z, labels), evaluate(detached, [...labels, ...olderLabels])) as tf.Scalar;
    }, Object.values(encoder.params));
    return {
      value: value.dataSync()[0]!,
      gradients: Object.values(encoder.params).map(({ name, size }) =>
        grads[name] ? [...grads[name]!.dataSync()] : Array(size).fill(0)
      ),
      stored: {
        rows: [...stored.rows, ...rows].slice(-size),
        labels: [...stored.labels, ...labels].slice(-size),
      },
    };
  });
}

function meanOf(
  loss: RowLoss,
  miner: Miner | undefined,
  z: tf.Tensor2D,
  references: tf.Tensor2D,
  labels: readonly number[],
  referenceLabels: readonly number[],
  lossKey: ReturnType<typeof key>,
): tf.Scalar {
  const unit = (x: tf.Tensor2D) => tf.div(x, tf.norm(x, 2, 1, true)) as tf.Tensor2D;
  const [anchors, others] = [unit(z), unit(references)];
  const similarity = tf.matMul(anchors, others, false, true) as tf.Tensor2D;
  const mask = (holds: (a: number, j: number) => boolean) =>
    tf.tensor2d(labels.map((_, a) => referenceLabels.map((_, j) => Number(holds(a, j)))), undefined, "bool");
  const masks: Masks = {
    positive: mask((a, j) => a !== j && labels[a] === referenceLabels[j]),
    negative: mask((a, j) => labels[a] !== referenceLabels[j]),
  };
  const constant = (x: tf.Tensor2D) => tf.tensor2d(x.arraySync(), x.shape);
  const mined = miner
    ? miner(masks, {
      first: 0,
      cosine: constant(similarity),
      anchors: constant(anchors),
      references: constant(others),
      key: lossKey,
    })
    : masks;
  const terms = [loss.terms({
    ...mined,
    first: 0,
    rows: labels.length,
    similarity,
    anchors,
    references: others,
    further: [],
    shared: loss.shared?.() ?? [],
    key: lossKey,
  })].flat() as RowSum[];
  const means = terms.map(({ sum, count }) => {
    const number = typeof count === "number" ? count : count.dataSync()[0]!;
    return number > 0 ? tf.div(sum, number) : tf.mul(sum, 0);
  });
  return tf.addN(means) as tf.Scalar;
}
