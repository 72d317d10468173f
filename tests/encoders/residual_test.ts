import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { key, type Tensor, type Tensor4D } from "../../core/mod.ts";
import { disposeParams, residual, type ResidualOptions } from "../../encoders/mod.ts";
import { assertClose, assertNewTensors, engineTest } from "../support/mod.ts";
import { tapeBytes } from "../core/_ops_support.ts";
import {
  affineLoop,
  assertDrops,
  assertPerExample,
  contextOf,
  dot,
  type Owner,
  random,
  shake,
  valuesOf,
} from "./checks.ts";

/** An image by rows, columns and channels. */
type Image = number[][][];

const sizes = { height: 7, width: 5, channels: 2, filters: [4, 6], groups: 2, dim: 3 };

/** A convolution that begins so far above and left of the image that what is missing is shared evenly, the rest below. */
function convolveLoop(encoder: Owner, name: string, image: Image, stride: number): Image {
  const kernel = encoder.params[name]!;
  const [size, , inputs, outputs] = kernel.shape as [number, number, number, number];
  const weights = kernel.dataSync();
  const [down, across] = [image.length, image[0]!.length].map((length) => {
    const count = Math.ceil(length / stride);
    return { count, before: Math.floor(Math.max(0, (count - 1) * stride + size - length) / 2) };
  }) as [{ count: number; before: number }, { count: number; before: number }];
  return Array.from(
    { length: down.count },
    (_, y) =>
      Array.from({ length: across.count }, (_, x) =>
        Array.from({ length: outputs }, (_, to) => {
          let sum = 0;
          for (let i = 0; i < size; i++) {
            for (let j = 0; j < size; j++) {
              const place = image[y * stride + i - down.before]?.[x * stride + j - across.before];
              place?.forEach((value, from) => sum += value * weights[((i * size + j) * inputs + from) * outputs + to]!);
            }
          }
          return sum;
        })),
  );
}

function normReluLoop(encoder: Owner, name: string, image: Image): Image {
  const [scale, shift] = [valuesOf(encoder, `${name}/scale`)[0]!, valuesOf(encoder, `${name}/shift`)[0]!];
  const size = scale.length / sizes.groups;
  const moments = Array.from({ length: sizes.groups }, (_, group) => {
    const values = image.flat().flatMap((place) => place.slice(group * size, (group + 1) * size));
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length };
  });
  return image.map((row) =>
    row.map((place) =>
      place.map((value, channel) => {
        const { mean, variance } = moments[Math.floor(channel / size)]!;
        return Math.max(scale[channel]! * (value - mean) / Math.sqrt(variance + 1e-5) + shift[channel]!, 0);
      })
    )
  );
}

function blockLoop(encoder: Owner, name: string, image: Image, stride: number): Image {
  const first = convolveLoop(encoder, `${name}/kernel0`, normReluLoop(encoder, `${name}/norm0`, image), stride);
  const branch = convolveLoop(encoder, `${name}/kernel1`, normReluLoop(encoder, `${name}/norm1`, first), 1);
  const shortcut = `${name}/shortcut` in encoder.params
    ? convolveLoop(encoder, `${name}/shortcut`, image, stride)
    : image;
  return branch.map((row, y) =>
    row.map((place, x) => place.map((value, channel) => value + shortcut[y]![x]![channel]!))
  );
}

function residualLoop(encoder: Owner, image: Image, blocks: readonly [string, number][], stem: number): number[] {
  const first = convolveLoop(encoder, "stem/kernel", image, stem);
  const last = blocks.reduce((x, [name, stride]) => blockLoop(encoder, name, x, stride), first);
  const places = normReluLoop(encoder, "norm", last).flat();
  const mean = places[0]!.map((_, j) => places.reduce((sum, place) => sum + place[j]!, 0) / places.length);
  const result = affineLoop(encoder, "output", mean);
  return result.map((value) => value / Math.sqrt(dot(result, result)));
}

engineTest("residual() agrees with loops over places and channels, for both stems and several blocks", () => {
  const cases: [Partial<ResidualOptions>, [string, number][], number][] = [
    [{}, [["stage0/block0", 1], ["stage1/block0", 2]], 2],
    [{ stem: "plain" }, [["stage0/block0", 1], ["stage1/block0", 2]], 1],
    [{ blocks: 2, stem: "plain", filters: [4, 4] }, [
      ["stage0/block0", 1],
      ["stage0/block1", 1],
      ["stage1/block0", 2],
      ["stage1/block1", 1],
    ], 1],
  ];
  for (const [options, blocks, stem] of cases) {
    // Even and odd sides begin at different places where the window moves by two.
    for (const height of [7, 8]) {
      const encoder = residual({ ...sizes, height, ...options, key: key(1) });
      shake(encoder);
      tf.tidy(() => {
        const batch = random("batch", [2, height, 5, 2]) as Tensor4D;
        const expected = batch.arraySync().map((image) => residualLoop(encoder, image, blocks, stem));
        assertClose(encoder.encode(batch, contextOf([0, 1])), expected.flat(), 1e-5, JSON.stringify(options));
      });
      disposeParams(encoder.params);
    }
  }
});

engineTest("residual() treats each example alone and drops by row", () => {
  const encoder = residual({ ...sizes, dim: 8, dropout: 0.4, key: key(1) });
  tf.tidy(() => {
    const batch = random("batch", [5, 7, 5, 2]) as Tensor4D;
    assertPerExample(encoder, batch);
    assertDrops(encoder, batch);
  });
  disposeParams(encoder.params);
});

/** The encoder of two stages of one block, from the engine's own ops, without dropout and scaling. */
function composed({ params }: Owner, batch: Tensor): Tensor {
  const own = (name: string): Tensor => params[name]!;
  const convolve = (name: string, x: Tensor, stride: number) =>
    tf.conv2d(x as Tensor4D, own(name) as Tensor4D, stride, "same") as Tensor;
  const normRelu = (name: string, x: Tensor) => {
    const [examples, height, width, channels] = x.shape as [number, number, number, number];
    const grouped = tf.reshape(x, [examples, height * width, sizes.groups, -1]);
    const { mean, variance } = tf.moments(grouped, [1, 3], true);
    const normal = tf.mul(tf.sub(grouped, mean), tf.rsqrt(tf.add(variance, 1e-5)));
    const scaled = tf.mul(tf.reshape(normal, [examples, height, width, channels]), own(`${name}/scale`));
    return tf.relu(tf.add(scaled, own(`${name}/shift`)));
  };
  const block = (name: string, x: Tensor, stride: number, shortcut: Tensor) => {
    const first = convolve(`${name}/kernel0`, normRelu(`${name}/norm0`, x), stride);
    return tf.add(convolve(`${name}/kernel1`, normRelu(`${name}/norm1`, first), 1), shortcut);
  };
  const stem = convolve("stem/kernel", batch, 2);
  const first = block("stage0/block0", stem, 1, stem);
  const last = block("stage1/block0", first, 2, convolve("stage1/block0/shortcut", first, 2));
  const features = tf.mean<tf.Tensor2D>(normRelu("norm", last), [1, 2]);
  return tf.add(tf.matMul(features, own("output/kernel") as tf.Tensor2D), own("output/bias"));
}

engineTest("residual() gives every parameter the gradient that the ops composed give, from the beginning on", () => {
  const encoder = residual({ ...sizes, height: 11, width: 10, normalize: false, key: key(1) });
  const [names, variables] = [Object.keys(encoder.params), Object.values(encoder.params) as Tensor[]];
  for (const shaken of [false, true]) {
    if (shaken) shake(encoder);
    tf.tidy(() => {
      const [batch, cotangent] = [random("batch", [3, 11, 10, 2]), random("cotangent", [3, 3])];
      const context = contextOf([0, 1, 2]);
      const gradients = assertNewTensors(
        names.length,
        () => tf.grads(() => encoder.encode(batch as Tensor4D, context))(variables, cotangent),
      );
      const expected = tf.grads(() => composed(encoder, batch))(variables, cotangent);
      names.forEach((name, i) => {
        assert(gradients[i]!.dataSync().some((value) => value !== 0), `${name} has a gradient of zeros`);
        assertClose(gradients[i]!, expected[i]!, 1e-5, name);
      });
    });
  }
  disposeParams(encoder.params);
});

engineTest("residual() keeps two tensors a block on the tape", () => {
  const [few, more] = [2, 3].map((blocks) => {
    const encoder = residual({ height: 16, width: 16, channels: 2, filters: [8], groups: 2, blocks, key: key(1) });
    const params = Object.values(encoder.params).reduce((sum, { size }) => sum + 4 * size, 0);
    const bytes = tf.tidy(() => {
      const batch = random("batch", [4, 16, 16, 2]);
      return tapeBytes((x) => encoder.encode(x as Tensor4D, contextOf([0, 1, 2, 3])), batch);
    });
    disposeParams(encoder.params);
    return bytes - params;
  });
  assertEquals(more! - few!, 2 * 4 * (4 * 8 * 8 * 8));
});

engineTest("residual() draws its parameters from the key alone, under stable names", () => {
  const make = () => assertNewTensors(18, () => residual({ ...sizes, key: key(1) }));
  const [one, same] = [make(), make()];
  for (const name of Object.keys(one.params)) assertEquals(valuesOf(one, name), valuesOf(same, name));
  const block = (name: string) =>
    ["norm0/scale", "norm0/shift", "kernel0", "norm1/scale", "norm1/shift", "kernel1"].map((part) => `${name}/${part}`);
  assertEquals(Object.keys(one.params), [
    "stem/kernel",
    ...block("stage0/block0"),
    ...block("stage1/block0"),
    "stage1/block0/shortcut",
    "norm/scale",
    "norm/shift",
    "output/kernel",
    "output/bias",
  ]);
  [one, same].forEach(({ params }) => disposeParams(params));
});

engineTest("residual() names the option that is wrong, before it makes anything", () => {
  const valid = { ...sizes, key: key(1) };
  assertNewTensors(0, () => {
    for (const name of ["height", "width", "channels", "blocks", "groups", "dim"]) {
      const message = `${name} is 0, expected a positive integer`;
      assertThrows(() => residual({ ...valid, [name]: 0 }), RangeError, message);
    }
    assertThrows(() => residual({ ...valid, filters: [] }), RangeError, "the number of filters is 0");
    assertThrows(() => residual({ ...valid, filters: [4, 0.5] }), RangeError, "filters[1] is 0.5");
    assertThrows(() => residual({ ...valid, groups: 4 }), RangeError, "groups is 4, expected a divisor of 6 filters");
    assertThrows(() => residual({ ...valid, stem: "max" as "plain" }), RangeError, 'stem is "max"');
    assertThrows(() => residual({ ...valid, dropout: 1 }), RangeError, "dropout is 1");
  });
});

engineTest("residual() refuses images of another size", () => {
  const encoder = residual({ ...sizes, key: key(1) });
  tf.tidy(() => {
    const batch = tf.ones<tf.Rank.R4>([2, 6, 6, 2]);
    const message = "the batch has shape [2,6,6,2], expected [examples,7,5,2]";
    assertNewTensors(0, () => assertThrows(() => encoder.encode(batch, contextOf([0, 1])), RangeError, message));
  });
  disposeParams(encoder.params);
});
