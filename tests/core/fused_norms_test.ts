import * as tf from "@tensorflow/tfjs";
import { assertLessOrEqual } from "@std/assert";
import { assertClose } from "../support/mod.ts";
import { draw, fusedTest, runFused } from "./_fused_support.ts";
import { naiveNorms } from "./_naive_ops.ts";

/** The entries of each row. */
function* rowsOf(rows: number, width: number): Generator<number[]> {
  for (let i = 0; i < rows; i++) yield Array.from({ length: width }, (_, j) => i * width + j);
}

/** The entries of each example's groups of channels. */
function* groupsOf(examples: number, places: number, channels: number, groups: number): Generator<number[]> {
  const size = channels / groups;
  for (let set = 0; set < examples * groups; set++) {
    const [example, group] = [Math.floor(set / groups), set % groups];
    yield Array.from(
      { length: places * size },
      (_, i) => (example * places + Math.floor(i / size)) * channels + group * size + i % size,
    );
  }
}

function size(values: Float64Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0));
}

/** Runs a norm's two kernels and compares them with loops. */
function check(
  name: "LayerNorm" | "GroupNorm",
  shape: number[],
  channels: number,
  sets: () => Generator<number[]>,
  more: { readonly [name: string]: number } = {},
): void {
  const [x, dy] = [draw("x", shape), draw("dy", shape)];
  const [scale, shift] = [draw("scale", [channels]), draw("shift", [channels])];
  const attributes = { epsilon: 1e-5, ...more };
  const [y] = runFused(name, [x.tensor, scale.tensor, shift.tensor], 1, attributes);
  const [dx, dscale, dshift] = runFused(`${name}Grad`, [x.tensor, scale.tensor, dy.tensor], 3, attributes);
  const expected = naiveNorms(x.values, dy.values, scale.values, shift.values, attributes.epsilon, sets());
  const what = `${name} of [${shape}] ${JSON.stringify(more)}`;
  assertClose(y!, expected.y, 1e-6, `value of ${what}`);
  const within = (actual: Float32Array, exact: Float64Array, terms: Float64Array, of: string) => {
    const error = size(exact.map((value, i) => value - actual[i]!));
    assertLessOrEqual(error, 2e-6 * size(terms), `error of ${of}'s gradient in ${what}`);
  };
  within(dx!, expected.dx, expected.terms, "x");
  within(dscale!, expected.dscale, expected.scaleTerms, "scale");
  within(dshift!, expected.dshift, expected.shiftTerms, "shift");
}

fusedTest(["LayerNorm", "LayerNormGrad"], "LayerNorm and LayerNormGrad agree with loops for any rows and width", () => {
  for (const width of [1, 3, 8, 13, 128]) {
    for (const rows of [0, 1, 127, 128, 129, 1000]) check("LayerNorm", [rows, width], width, () => rowsOf(rows, width));
  }
  check("LayerNorm", [2, 3, 20], 20, () => rowsOf(6, 20));
});

fusedTest(["GroupNorm", "GroupNormGrad"], "GroupNorm and GroupNormGrad agree with loops for any images", () => {
  for (const [channels, groups] of [[4, 1], [4, 4], [8, 2], [12, 3], [12, 12], [32, 4], [5, 1]] as const) {
    for (const [examples, height, width] of [[1, 1, 3], [3, 3, 5], [2, 7, 7], [70, 3, 2], [0, 4, 4]] as const) {
      const sets = () => groupsOf(examples, height * width, channels, groups);
      check("GroupNorm", [examples, height, width, channels], channels, sets, { groups });
    }
  }
});

fusedTest(["LayerNorm", "GroupNorm"], "LayerNorm and GroupNorm keep their digits far from zero", () => {
  const [rows, width] = [5, 24];
  // Multiples of 1/8 near 4096 are exact, so that the loops see what the kernels see.
  const values = Float32Array.from({ length: rows * width }, (_, i) => 4096 + ((i * 37) % 53) / 8);
  const [scale, shift] = [draw("scale", [width]), draw("shift", [width])];
  const inputs = [tf.tensor(values, [rows, 1, 1, width]), scale.tensor, shift.tensor];
  const none = new Float32Array(values.length);
  const { y } = naiveNorms(values, none, scale.values, shift.values, 1e-5, rowsOf(rows, width));
  assertClose(runFused("LayerNorm", inputs, 1, { epsilon: 1e-5 })[0]!, y, 1e-4, "LayerNorm");
  assertClose(runFused("GroupNorm", inputs, 1, { epsilon: 1e-5, groups: 1 })[0]!, y, 1e-4, "GroupNorm");
});

fusedTest(["GroupNorm"], "GroupNorm gives the shift, to what rounding leaves, where an image is constant", () => {
  for (const size of [1, 3, 16, 32]) {
    const [y] = runFused("GroupNorm", [tf.fill([1, size, size, 8], 0.1), tf.ones([8]), tf.range(1, 9)], 1, {
      epsilon: 1e-5,
      groups: 2,
    });
    assertClose(y!, Float32Array.from(y!, (_, i) => i % 8 + 1), 1e-4, `${size} by ${size}`);
  }
});
