import * as tf from "@tensorflow/tfjs";
import { assertEquals, assertThrows } from "@std/assert";
import { key, type Tensor, type Tensor2D } from "../../core/mod.ts";
import {
  affine,
  broadcastAdd,
  dropout,
  gelu,
  geluAffine,
  groupNorm,
  groupNormPool,
  l2Normalize,
  layerNorm,
  maskedMean,
  normAffine,
  pipe,
  relu,
  reluAffine,
  selfAttention,
} from "../../core/ops/mod.ts";
import { assertClose, assertNewTensors, engineTest } from "../support/mod.ts";
import { compare, random, tapeBytes } from "./_ops_support.ts";

engineTest("affine() and its gradients agree with a product and a sum", () => {
  compare(
    (x, kernel, bias) => affine(x!, kernel!, bias),
    (x, kernel, bias) => tf.add(tf.matMul(x as Tensor2D, kernel as Tensor2D), bias!),
    [[5, 3], [3, 4], [4]],
  );
});

engineTest("affine() leaves the bias out if there is none", () => {
  tf.tidy(() => {
    const [x, kernel] = [tf.tensor2d([[1, 2]]), tf.tensor2d([[3], [4]])];
    assertEquals(assertNewTensors(1, () => affine(x, kernel)).dataSync()[0], 11);
  });
});

engineTest("broadcastAdd() and its gradients agree with a sum, for equal shapes and for endings", () => {
  for (const shape of [[2, 3, 4], [3, 4], [4]]) compare((x, y) => broadcastAdd(x!, y!), tf.add, [[2, 3, 4], shape]);
});

engineTest("relu() and its gradient agree with the engine's", () => {
  compare((x) => relu(x!), (x) => tf.relu(x!), [[7, 5]]);
});

engineTest("relu() has gradient 0 at 0", () => {
  tf.tidy(() => assertEquals([...tf.grad(relu)(tf.tensor1d([-1, 0, 1])).dataSync()], [0, 0, 1]));
});

engineTest("gelu() and its gradient agree with the composed formula", () => {
  compare(
    (x) => gelu(x!),
    (x) => tf.mul(tf.mul(x!, 0.5), tf.add(tf.erf(tf.mul(x!, Math.SQRT1_2)), 1)),
    [[9, 7]],
  );
});

engineTest("gelu() takes its published values and stays finite far out", () => {
  tf.tidy(() => {
    const x = tf.tensor1d([-30, -2, -1, 0, 1, 2, 30]);
    assertClose(gelu(x), [0, -0.0455003, -0.1586553, 0, 0.8413447, 1.9544997, 30], 1e-6);
    assertClose(tf.grad(gelu)(x), [0, -0.0852319, -0.0833155, 0.5, 1.0833155, 1.0852319, 1], 1e-6);
  });
});

engineTest("layerNorm() and its gradients agree with the composed formula, for two and three axes", () => {
  for (const shape of [[6, 8], [2, 3, 8]]) {
    compare((x, scale, shift) => layerNorm(x!, scale!, shift!), (x, scale, shift) => {
      const centred = tf.sub(x!, tf.mean(x!, -1, true));
      const variance = tf.mean(tf.square(centred), -1, true);
      return tf.add(tf.mul(tf.div(centred, tf.sqrt(tf.add(variance, 1e-5))), scale!), shift!);
    }, [shape, [8], [8]]);
  }
});

engineTest("layerNorm() gives the shift where a vector is constant", () => {
  tf.tidy(() => {
    const constant = tf.fill([1, 3], 7);
    assertEquals([...layerNorm(constant, tf.ones([3]), tf.tensor1d([1, 2, 3])).dataSync()], [1, 2, 3]);
  });
});

engineTest(
  "groupNorm() and its gradients agree with the composed formula, from one group to one for each channel",
  () => {
    for (const groups of [1, 2, 6]) {
      compare((x, scale, shift) => groupNorm(x!, scale!, shift!, groups), (x, scale, shift) => {
        const split = tf.reshape(x!, [2, 12, groups, 6 / groups]);
        const centred = tf.sub(split, tf.mean(split, [1, 3], true));
        const variance = tf.mean(tf.square(centred), [1, 3], true);
        const unit = tf.reshape(tf.div(centred, tf.sqrt(tf.add(variance, 1e-5))), [2, 3, 4, 6]);
        return tf.add(tf.mul(unit, scale!), shift!);
      }, [[2, 3, 4, 6], [6], [6]]);
    }
  },
);

engineTest("l2Normalize() and its gradient agree with the composed formula", () => {
  compare(
    (x) => l2Normalize(x as Tensor2D),
    (x) => tf.div(x!, tf.sqrt(tf.sum(tf.square(x!), 1, true))),
    [[5, 4]],
  );
});

engineTest("l2Normalize() gives zeros and a zero gradient for a zero row", () => {
  tf.tidy(() => {
    const x = tf.tensor2d([[0, 0], [3, 4]]);
    assertClose(l2Normalize(x), [0, 0, 0.6, 0.8], 1e-6);
    const gradient = tf.grad((x: Tensor) => l2Normalize(x as Tensor2D))(x, tf.tensor2d([[1, 2], [1, 0]]));
    assertClose(gradient, [0, 0, 0.128, -0.096], 1e-6);
  });
});

engineTest("maskedMean() and its gradient agree with the composed formula", () => {
  tf.tidy(() => {
    const mask = tf.tensor2d([[1, 1, 0], [0.25, 0, 0.25], [1, 1, 1]]);
    compare(
      (x) => maskedMean(x!, mask),
      (x) => tf.div(tf.sum(tf.mul(x!, tf.reshape(mask, [3, 3, 1])), 1), tf.sum(mask, 1, true)),
      [[3, 3, 4]],
    );
  });
});

engineTest("maskedMean() gives zeros and a zero gradient for an empty sequence", () => {
  tf.tidy(() => {
    const mask = tf.zeros<tf.Rank.R2>([1, 3]);
    assertEquals([...maskedMean(tf.ones([1, 3, 2]), mask).dataSync()], [0, 0]);
    const gradient = tf.grad((x: Tensor) => maskedMean(x, mask))(tf.ones([1, 3, 2]));
    assertEquals([...gradient.dataSync()], [0, 0, 0, 0, 0, 0]);
  });
});

engineTest("selfAttention() and its gradient agree with the composed formula", () => {
  tf.tidy(() => {
    const [examples, length, heads, depth] = [2, 5, 3, 4];
    const mask = tf.tensor2d([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]]);
    compare((x) => selfAttention(x as Tensor2D, mask, heads), (x) => {
      const parts = tf.split(x!, 3, 1).map((part) =>
        tf.transpose(tf.reshape(part, [examples, length, heads, depth]), [0, 2, 1, 3])
      );
      const scores = tf.div(tf.matMul(parts[0]!, parts[1]!, false, true), Math.sqrt(depth));
      const there = tf.reshape(mask, [examples, 1, 1, length]);
      const weights = tf.mul(tf.exp(scores), there);
      const attended = tf.matMul(tf.div(weights, tf.sum(weights, 3, true)), parts[2]!);
      return tf.reshape(tf.transpose(attended, [0, 2, 1, 3]), [examples * length, heads * depth]);
    }, [[examples * length, 3 * heads * depth]]);
  });
});

engineTest("selfAttention() takes any weight but 0 for a key that is there", () => {
  tf.tidy(() => {
    const x = random("x", [6, 12]) as Tensor2D;
    const weighted = selfAttention(x, tf.tensor2d([[2, 0.1, 0], [1, 3, 0.5]]), 2);
    assertClose(weighted, selfAttention(x, tf.tensor2d([[1, 1, 0], [1, 1, 1]]), 2), 1e-7);
  });
});

engineTest("pipe() frees what its stages compute, and neither what goes in nor what comes out", () => {
  tf.tidy(() => {
    const x = tf.tensor1d([1, 2]);
    const counts: number[] = [];
    const count = (x: Tensor) => {
      counts.push(tf.memory().numTensors);
      return x;
    };
    const stages = [tf.square, count, (x: Tensor) => tf.mul(tf.add(x, x), x), count, tf.square, count];
    const y = assertNewTensors(1, () => pipe(x, stages));
    assertEquals([...y.dataSync()], [4, 1024]);
    assertEquals(counts.map((each) => each - counts[0]!), [0, 0, 0]);
    assertEquals([...x.dataSync()], [1, 2]);
    assertNewTensors(0, () => assertEquals(pipe(x, [count]), x));
  });
});

engineTest("the ops keep their inputs on the tape and hardly more", () => {
  tf.tidy(() => {
    const x = random("x", [10, 8]);
    const [scale, shift] = [tf.ones([8]), tf.zeros([8])];
    const [kernel, bias] = [random("kernel", [8, 4]), tf.zeros([4])];
    const images = random("images", [2, 3, 5, 8]);
    const context = { training: true, key: key(3), rows: Int32Array.of(0, 1) };
    const mask = tf.ones<tf.Rank.R2>([2, 5]);
    const norm = { scale, shift };
    assertEquals(tapeBytes((x) => broadcastAdd(x, shift), x), 0);
    assertEquals(tapeBytes((x) => dropout(x, 0.5, context, "a"), x), 0);
    assertEquals(tapeBytes(relu, x), 80);
    assertEquals(tapeBytes(gelu, x), 320);
    // The rows of unit length are the value too, and each has one number more.
    assertEquals(tapeBytes((x) => l2Normalize(x as Tensor2D), x), 320 + 40);
    assertEquals(tapeBytes((x) => layerNorm(x, scale, shift), x), 320 + 64);
    assertEquals(tapeBytes((x) => groupNorm(x, scale, shift, 2), images), 960 + 64);
    assertEquals(tapeBytes((x) => groupNormPool(x, { ...norm, groups: 2 }), images), 960 + 64);
    assertEquals(tapeBytes((x) => affine(x, kernel, bias), x), 320 + 128);
    assertEquals(tapeBytes((x) => normAffine(x, norm, kernel, bias), x), 320 + 128 + 64);
    assertEquals(tapeBytes((x) => geluAffine(x, kernel, bias), x), 320 + 128);
    assertEquals(tapeBytes((x) => reluAffine(x, kernel, bias), x), 320 + 128);
    assertEquals(tapeBytes((x) => selfAttention(x as Tensor2D, mask, 2), random("qkv", [10, 24])), 960 + 40);
  });
});

engineTest("the ops refuse shapes that do not fit, by name", () => {
  tf.tidy(() => {
    const [rows, four] = [tf.ones<tf.Rank.R2>([2, 3]), tf.ones([4])];
    assertThrows(() => affine(rows, tf.ones([4, 2])), RangeError, "x has shape [2,3] and the kernel [4,2]");
    assertThrows(() => affine(rows, tf.ones([3, 2]), four), RangeError, "bias has shape [4], expected [2]");
    assertThrows(() => broadcastAdd(rows, four), RangeError, "shapes are [2,3] and [4]");
    assertThrows(() => layerNorm(rows, four, tf.ones([3])), RangeError, "scale [4], expected [3]");
    const images = tf.ones([1, 2, 2, 4]);
    assertThrows(() => groupNorm(images, four, four, 3), RangeError, "groups is 3");
    assertThrows(() => groupNorm(images, four, tf.ones([3]), 2), RangeError, "shift has shape [3]");
    assertThrows(() => groupNorm(rows, four, four, 2), RangeError, "x has shape [2,3]");
    assertThrows(() => maskedMean(tf.ones([2, 4, 1]), rows), RangeError, "the mask [2,3]");
    assertThrows(() => selfAttention(tf.ones([6, 12]), rows, 3), RangeError, "3 heads and a mask of [2,3]");
    for (const heads of [-2, 0, 0.5]) {
      assertThrows(() => selfAttention(tf.ones([6, 12]), rows, heads), RangeError, `for ${heads} heads`);
    }
    assertThrows(() => l2Normalize(four as tf.Tensor2D), RangeError, "x has shape [4], expected [rows, dim]");
    const empty = tf.ones([0]);
    assertThrows(() => groupNorm(tf.ones([1, 2, 2, 0]), empty, empty, 1), RangeError, "the 0 channels");
    for (const shape of [[1, 1, 4, 4], [1, 4, 1, 4]]) {
      const options = { scale: four, shift: four, groups: 2 };
      assertThrows(() => groupNormPool(tf.ones(shape), options), RangeError, `x has shape [${shape}]`);
    }
    const context = { training: true, key: key(3), rows: Int32Array.of(0, 1, 2) };
    assertThrows(() => dropout(rows, 0.5, context, "a"), RangeError, "x has shape [2,3] for 3 rows");
    for (const rate of [1, -0.1, NaN]) {
      assertThrows(() => dropout(rows, rate, context, "a"), RangeError, `rate is ${rate}`);
    }
  });
});
