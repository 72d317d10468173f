import * as tf from "@tensorflow/tfjs";
import { assertClose } from "../support/mod.ts";
import { selfAttention, type Tensor, type Tensor2D } from "../../core/mod.ts";
import { assertSameBits, draw, fusedTest, runFused } from "./_fused_support.ts";
import { type AttentionSizes, naiveAttention } from "./_naive_ops.ts";

const kernels = ["Attention", "AttentionGrad"] as const;

/** Runs both kernels. */
function attend(projected: Tensor, mask: Tensor, dy: Tensor, heads: number): { y: Float32Array; dx: Float32Array } {
  const [y] = runFused("Attention", [projected, mask], 1, { heads });
  const [dx] = runFused("AttentionGrad", [projected, mask, dy], 1, { heads });
  return { y: y!, dx: dx! };
}

/** A mask whose examples end one after another, the last of them with padding in the middle. */
function padded({ examples, length }: AttentionSizes): Tensor2D {
  const there = (example: number, place: number) =>
    example === examples - 1 ? place % 3 !== 1 : place < Math.max(1, length - example * 2);
  return tf.tensor2d(
    Float32Array.from({ length: examples * length }, (_, i) => there(Math.floor(i / length), i % length) ? 1 : 0),
    [examples, length],
  );
}

function check(sizes: AttentionSizes, mask: Tensor2D): void {
  const { examples, length, heads, depth } = sizes;
  const projected = draw("projected", [examples * length, 3 * heads * depth]);
  const dy = draw("dy", [examples * length, heads * depth]);
  const { y, dx } = attend(projected.tensor, mask, dy.tensor, heads);
  const expected = naiveAttention(projected.values, mask.dataSync(), dy.values, sizes);
  assertClose(y, expected.y, 1e-6, `value for ${JSON.stringify(sizes)}`);
  assertClose(dx, expected.dprojected, 2e-6, `gradient for ${JSON.stringify(sizes)}`);
}

fusedTest(kernels, "Attention and AttentionGrad agree with loops for any length, depth and heads", () => {
  const sizes = [
    [1, 1, 1],
    [1, 3, 33],
    [2, 4, 3],
    [5, 1, 1],
    [5, 3, 4],
    [8, 2, 8],
    [9, 4, 15],
    [17, 1, 33],
    [32, 4, 16],
    [64, 2, 7],
    [128, 1, 24],
  ] as const;
  for (const [length, heads, depth] of sizes) {
    const examples = length > 32 ? 2 : 6;
    check({ examples, length, heads, depth }, padded({ examples, length, heads, depth }));
  }
});

fusedTest(kernels, "Attention counts all places alike where all are padding", () => {
  for (const length of [5, 8, 17]) {
    const mask = tf.concat([tf.ones([1, length]), tf.zeros([2, length])]) as Tensor2D;
    check({ examples: 3, length, heads: 2, depth: 4 }, mask);
  }
});

fusedTest(kernels, "Attention is right for scores far from zero, also where all are below it", () => {
  for (const length of [3, 8, 13]) {
    for (const [step, offset] of [[0.5, -100], [0.5, -1e4], [0.5, 1e4], [-300, 0], [1, -88]] as const) {
      // One head of depth 1; queries of 1, so that the keys are the scores, all of them exact in float32.
      const rows = Array.from({ length }, (_, place) => [1, offset + step * (place * 5 % length), Math.cos(place)]);
      const [projected, dy] = [tf.tensor2d(rows), draw("dy", [length, 1])];
      const mask = tf.ones<tf.Rank.R2>([1, length]);
      const { y, dx } = attend(projected, mask, dy.tensor, 1);
      const sizes = { examples: 1, length, heads: 1, depth: 1 };
      const expected = naiveAttention(projected.dataSync(), mask.dataSync(), dy.values, sizes);
      const what = `${length} scores from ${offset} in steps of ${step}`;
      assertClose(y, expected.y, 1e-6, what);
      // The gradient of the queries is a difference of terms as large as the keys.
      const others = (values: ArrayLike<number>) => Array.from(values).filter((_, i) => i % 3 > 0);
      assertClose(others(dx), others(expected.dprojected), 1e-5, `gradient of ${what}`);
    }
  }
});

fusedTest(kernels, "Attention does not depend on what stands in the padding", () => {
  const sizes = { examples: 3, length: 9, heads: 2, depth: 4 };
  const mask = padded(sizes);
  const [projected, dy] = [draw("projected", [27, 24]), draw("dy", [27, 8])];
  const hidden = mask.dataSync();
  const other = projected.values.map((value, i) => {
    // Queries of padding have results too; keys and values of padding count nowhere.
    const ofQuery = i % 24 < 8;
    return hidden[Math.floor(i / 24)] || ofQuery ? value : 50 * Math.sin(i);
  });
  const [first, second] = [projected.values, other].map((values) =>
    attend(tf.tensor2d(values, [27, 24]), mask, dy.tensor, 2)
  );
  assertSameBits(second!.y, first!.y, "values");
  const ofPadding = (dx: Float32Array) => dx.filter((_, i) => !hidden[Math.floor(i / 24)] && i % 24 >= 8);
  assertSameBits(ofPadding(first!.dx).map(Math.abs), ofPadding(first!.dx).fill(0), "gradients of padding");
});

fusedTest(kernels, "selfAttention() takes masks of any kind of number, and long sequences", () => {
  const x = draw("x", [6, 12]).tensor as Tensor2D;
  const mask = [[1, 1, 0], [1, 0, 0]];
  const expected = selfAttention(x, tf.tensor2d(mask), 2);
  for (const dtype of ["int32", "bool"] as const) {
    assertClose(selfAttention(x, tf.tensor2d(mask, [2, 3], dtype), 2), expected, 1e-7, dtype);
  }
  const long = { examples: 1, length: 130, heads: 1, depth: 2 };
  const [projected, none] = [draw("projected", [130, 6]), new Float32Array(260)];
  const naive = naiveAttention(projected.values, new Float32Array(130).fill(1), none, long);
  assertClose(selfAttention(projected.tensor as Tensor2D, tf.ones([1, 130]), 1), naive.y, 1e-6, "130 places");
});
