import * as tf from "@tensorflow/tfjs";
import { assertEquals, assertThrows } from "@std/assert";
import { key, type Tensor4D } from "../../core/mod.ts";
import { convolutional, disposeParams } from "../../encoders/mod.ts";
import { assertClose, assertNewTensors, engineTest } from "../support/mod.ts";
import {
  affineLoop,
  assertDrops,
  assertGradients,
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

const sizes = { height: 6, width: 5, channels: 2, filters: [4, 6], groups: 2, dim: 3 };

function stageLoop(encoder: Owner, name: string, image: Image, groups: number): Image {
  const kernel = encoder.params[`${name}/kernel`]!;
  const [, , inputs, outputs] = kernel.shape as [number, number, number, number];
  const weights = kernel.dataSync();
  const convolved = image.map((row, y) =>
    row.map((_, x) =>
      Array.from({ length: outputs }, (_, to) => {
        let sum = 0;
        for (let dy = 0; dy < 3; dy++) {
          for (let dx = 0; dx < 3; dx++) {
            const place = image[y + dy - 1]?.[x + dx - 1];
            place?.forEach((value, from) => sum += value * weights[((dy * 3 + dx) * inputs + from) * outputs + to]!);
          }
        }
        return sum;
      })
    )
  );
  const [scale, shift] = [valuesOf(encoder, `${name}/norm/scale`)[0]!, valuesOf(encoder, `${name}/norm/shift`)[0]!];
  const size = outputs / groups;
  const moments = Array.from({ length: groups }, (_, group) => {
    const values = convolved.flat().flatMap((place) => place.slice(group * size, (group + 1) * size));
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length };
  });
  const positive = (value: number, channel: number) => {
    const { mean, variance } = moments[Math.floor(channel / size)]!;
    return Math.max(scale[channel]! * (value - mean) / Math.sqrt(variance + 1e-5) + shift[channel]!, 0);
  };
  return Array.from(
    { length: image.length >> 1 },
    (_, y) =>
      Array.from({ length: image[0]!.length >> 1 }, (_, x) =>
        Array.from({ length: outputs }, (_, channel) => {
          const window = [[0, 0], [0, 1], [1, 0], [1, 1]];
          return Math.max(...window.map(([i, j]) => positive(convolved[2 * y + i!]![2 * x + j!]![channel]!, channel)));
        })),
  );
}

function convolutionalLoop(encoder: Owner, image: Image, pooling: string): number[] {
  const last = ["stage0", "stage1"].reduce((x, name) => stageLoop(encoder, name, x, sizes.groups), image);
  const places = last.flat();
  const mean = places[0]!.map((_, j) => places.reduce((sum, place) => sum + place[j]!, 0) / places.length);
  const result = affineLoop(encoder, "output", pooling === "mean" ? mean : places.flat());
  return result.map((value) => value / Math.sqrt(dot(result, result)));
}

engineTest("convolutional() agrees with loops over places and channels, for both poolings", () => {
  for (const pooling of ["flatten", "mean"] as const) {
    // Eight rows leave two places, so that flattening and averaging differ.
    const encoder = convolutional({ ...sizes, height: 8, pooling, key: key(1) });
    shake(encoder);
    tf.tidy(() => {
      const batch = random("batch", [3, 8, 5, 2]) as Tensor4D;
      const expected = batch.arraySync().map((image) => convolutionalLoop(encoder, image, pooling));
      assertClose(encoder.encode(batch, contextOf([0, 1, 2])), expected.flat(), 1e-5, pooling);
    });
    disposeParams(encoder.params);
  }
});

engineTest("convolutional() treats each example alone and drops by row", () => {
  const encoder = convolutional({ ...sizes, dim: 8, dropout: 0.4, key: key(1) });
  tf.tidy(() => {
    const batch = random("batch", [5, 6, 5, 2]) as Tensor4D;
    assertPerExample(encoder, batch);
    assertDrops(encoder, batch);
  });
  disposeParams(encoder.params);
});

engineTest("convolutional() gives every parameter its gradient", () => {
  const encoder = convolutional({ ...sizes, normalize: false, dropout: 0.2, key: key(1) });
  shake(encoder);
  tf.tidy(() => assertGradients(encoder, random("batch", [3, 6, 5, 2]) as Tensor4D));
  disposeParams(encoder.params);
});

engineTest("convolutional() draws its parameters from the key alone, under stable names", () => {
  const make = () => assertNewTensors(8, () => convolutional({ ...sizes, key: key(1) }));
  const [one, same] = [make(), make()];
  for (const name of Object.keys(one.params)) assertEquals(valuesOf(one, name), valuesOf(same, name));
  assertEquals(Object.keys(one.params), [
    "stage0/kernel",
    "stage0/norm/scale",
    "stage0/norm/shift",
    "stage1/kernel",
    "stage1/norm/scale",
    "stage1/norm/shift",
    "output/kernel",
    "output/bias",
  ]);
  [one, same].forEach(({ params }) => disposeParams(params));
});

engineTest("convolutional() names the option that is wrong, before it makes anything", () => {
  const valid = { ...sizes, key: key(1) };
  assertNewTensors(0, () => {
    for (const name of ["height", "width", "channels", "groups", "dim"]) {
      assertThrows(
        () => convolutional({ ...valid, [name]: 0 }),
        RangeError,
        `${name} is 0, expected a positive integer`,
      );
    }
    assertThrows(() => convolutional({ ...valid, filters: [4, 0.5] }), RangeError, "filters[1] is 0.5");
    assertThrows(
      () => convolutional({ ...valid, groups: 4 }),
      RangeError,
      "groups is 4, expected a divisor of 6 filters",
    );
    assertThrows(() => convolutional({ ...valid, width: 3 }), RangeError, "images of 6 × 3 cannot be halved 2 times");
    assertThrows(() => convolutional({ ...valid, pooling: "max" as "mean" }), RangeError, 'pooling is "max"');
    assertThrows(() => convolutional({ ...valid, dropout: -1 }), RangeError, "dropout is -1");
  });
});

engineTest("convolutional() refuses images of another size", () => {
  const encoder = convolutional({ ...sizes, key: key(1) });
  tf.tidy(() => {
    const batch = tf.ones<tf.Rank.R4>([2, 6, 6, 2]);
    const message = "the batch has shape [2,6,6,2], expected [examples,6,5,2]";
    assertNewTensors(0, () => assertThrows(() => encoder.encode(batch, contextOf([0, 1])), RangeError, message));
  });
  disposeParams(encoder.params);
});
