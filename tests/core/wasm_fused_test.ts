import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals } from "@std/assert";
import { key } from "../../core/key.ts";
import { normal } from "../../core/stream.ts";
import { fused } from "../../core/_fused.ts";
import { useBackend } from "../../core/backend.ts";
import { assertClose, assertNewTensors } from "../support/mod.ts";
import { type FusedCase, fusedCases, inputsOf, runCase } from "./_fused_cases.ts";
import { withoutFused } from "./_fused_support.ts";
import { random } from "./_ops_support.ts";

/** Registers a test on the wasm engine. */
function wasmTest(name: string, run: () => void): void {
  Deno.test(`${name} [wasm]`, async () => {
    await useBackend({ backend: "wasm", quiet: true });
    tf.tidy(run);
  });
}

wasmTest("the wasm engine's fused ops agree with the composed ones", () => {
  for (const each of fusedCases) {
    const { inputs, dy } = inputsOf(each, 40, random);
    const composed = withoutFused(() => runCase(each, inputs, dy));
    runCase(each, inputs, dy).forEach((result, i) => {
      assertClose(result, composed[i]!, 1e-6, `result ${i} of ${each.name}`);
    });
  }
});

wasmTest("the wasm engine's fused ops change nothing else on the heap", () => {
  const run = (each: FusedCase) => {
    const { inputs, dy } = inputsOf(each, 7, random);
    // Tensors in memory next to what the op takes and gives back, of many sizes.
    const others = Array.from({ length: 60 }, (_, i) => tf.fill([1 + 37 * i], i + 0.5));
    tf.dispose(others.filter((_, i) => i % 2 === 1));
    assertNewTensors(0, () => runCase(each, inputs, dy));
    others.forEach((other, i) => {
      if (i % 2 === 0) assert(other.dataSync().every((value) => value === i + 0.5), `${each.name} changed tensor ${i}`);
    });
  };
  for (const each of fusedCases) tf.tidy(() => run(each));
});

wasmTest("Accumulate adds in place: the same shape, and a row to each row", () => {
  const sum = tf.tensor2d([[1, 2], [3, 4], [5, 6]]);
  fused("Accumulate", [sum, tf.tensor2d([[10, 20], [30, 40], [50, 60]])]);
  assertEquals([...sum.dataSync()], [11, 22, 33, 44, 55, 66]);
  fused("Accumulate", [sum, tf.tensor1d([100, NaN])]);
  assertEquals([...sum.dataSync()], [111, NaN, 133, NaN, 155, NaN]);
  fused("Accumulate", [tf.zeros([0, 2]), tf.zeros([2])]);
});

wasmTest("AccumulateRows adds rows by number, weighted, and leaves out numbers of no row", () => {
  const sum = tf.tensor2d([[1, 1], [2, 2], [3, 3]]);
  fused("AccumulateRows", [sum, tf.tensor1d([2, 0, 2, -1, 3], "int32"), tf.zeros([0]), tf.ones([5, 2])]);
  assertEquals([...sum.dataSync()], [2, 2, 2, 2, 5, 5]);
  const weights = tf.tensor2d([[10, 0], [100, 1000]]);
  fused("AccumulateRows", [sum, tf.tensor1d([0, 1, 1, 2], "int32"), weights, tf.tensor2d([[1, 2], [3, 4]])]);
  assertEquals([...sum.dataSync()], [12, 22, 302, 402, 3005, 4005]);
});

wasmTest("HalveRelu gives the largest of each four, 0 below, and what is no number or infinite where it is", () => {
  const [height, width, channels] = [5, 6, 3];
  const values = normal(key(1), [0], 2 * height * width * channels);
  const halves = () => {
    const largest: number[] = [];
    for (let image = 0; image < 2; image++) {
      for (let i = 0; i + 1 < height; i += 2) {
        for (let j = 0; j + 1 < width; j += 2) {
          for (let c = 0; c < channels; c++) {
            const four = [[0, 0], [0, 1], [1, 0], [1, 1]].map(([down, right]) =>
              values[((image * height + i + down!) * width + j + right!) * channels + c]!
            );
            largest.push(four.some(Number.isNaN) ? NaN : Math.max(0, ...four));
          }
        }
      }
    }
    return largest;
  };
  const given = () => [...fused("HalveRelu", [tf.tensor4d(values, [2, height, width, channels])])![0]!.dataSync()];
  assertEquals(given(), halves());
  [values[4], values[20], values[40]] = [Infinity, NaN, -Infinity];
  assertEquals(given(), halves());
});

wasmTest("HalveGrad gives each cotangent to the first largest of its four, whatever the signs", () => {
  const fours = [[-3, -1, -2, -4], [1, 1, 1, 1], [-1, 2, -3, 2], [-5, -6, -5, -4], [1e-40, -1e-40, 3e38, -3e38]];
  for (const four of fours) {
    const largest = four.indexOf(Math.max(...four));
    const dx = fused("HalveGrad", [tf.tensor4d(four, [1, 2, 2, 1]), tf.tensor4d([7], [1, 1, 1, 1])])![0]!;
    assertEquals([...dx.dataSync()], four.map((_, i) => i === largest ? 7 : 0), `of ${four}`);
  }
  const odd = fused("HalveGrad", [tf.ones([1, 3, 3, 1]), tf.ones([1, 1, 1, 1])])![0]!;
  assertEquals([...odd.dataSync()], [1, 0, 0, 0, 0, 0, 0, 0, 0]);
});
