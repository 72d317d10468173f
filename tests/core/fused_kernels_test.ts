import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals } from "@std/assert";
import { fused, hasFused } from "../../core/_fused.ts";
import { assertClose, engineTest } from "../support/mod.ts";
import { assertSameBits, draw, fusedNames, fusedTest, runFused, withoutFused } from "./_fused_support.ts";
import { naiveGelu } from "./_naive_ops.ts";
import { random } from "./_ops_support.ts";

/** Numbers of entries around whole vectors of eight, and one that several threads share. */
const sizes = [0, 1, 3, 7, 8, 13, 128, 16384, 40003];
const widths = [1, 3, 8, 13, 128];
const rowCounts = [0, 1, 127, 128, 129, 1000];

engineTest("the tensorflow engine has all fused kernels on a processor", (engine) => {
  if (engine !== "tensorflow") return;
  assert(hasFused("ReluGrad"));
  if ((tf.backend() as unknown as { isUsingGpuDevice: boolean }).isUsingGpuDevice) return;
  const missing = fusedNames.filter((name) => !hasFused(name));
  assertEquals(missing, [], "kernels are missing: run `deno task setup` again; an x86 processor needs AVX2 for them");
});

engineTest("an engine without a fused kernel says so", () => {
  tf.tidy(() =>
    withoutFused(() => {
      assertEquals(fusedNames.filter(hasFused), []);
      assertEquals(fused("Gelu", [tf.ones([1])]), undefined);
    })
  );
});

fusedTest(["Gelu", "GeluGrad"], "Gelu and GeluGrad agree with loops for any number of entries", () => {
  for (const size of sizes) {
    const x = tf.mul(random("x", [size]), 3);
    const dy = draw("dy", [size]);
    const expected = Array.from(x.dataSync(), naiveGelu);
    const values = expected.map(({ value }) => value);
    const [y] = runFused("Gelu", [x], 1);
    const [image, dx] = runFused("GeluGrad", [x, dy.tensor], 2);
    assertClose(y!, values, 1e-6, `gelu of ${size}`);
    assertSameBits(image!, y!, "the image again");
    assertClose(dx!, expected.map(({ slope }, i) => slope * dy.values[i]!), 1e-6, `gradient of ${size}`);
  }
});

fusedTest(["Gelu", "GeluGrad"], "Gelu and GeluGrad are exact to 3e-7 everywhere between -12 and 12", () => {
  const x = tf.linspace(-12, 12, 10007);
  const [y] = runFused("Gelu", [x], 1);
  const [, dx] = runFused("GeluGrad", [x, tf.onesLike(x)], 2);
  x.dataSync().forEach((at, i) => {
    const { value, slope } = naiveGelu(at);
    assert(Math.abs(y![i]! - value) <= 3e-7 * Math.max(1, Math.abs(at)), `gelu(${at}) is ${y![i]}, expected ${value}`);
    assert(Math.abs(dx![i]! - slope) <= 3e-7 * Math.max(1, Math.abs(at)), `slope at ${at}: ${dx![i]}, not ${slope}`);
  });
});

fusedTest(["ReluGrad"], "ReluGrad lets a cotangent through where the input is positive", () => {
  const dx = fused("ReluGrad", [tf.tensor1d([1, 2, 3, 4]), tf.tensor1d([-1, 0, 1e-30, 5])])![0]!;
  assertEquals([...dx.dataSync()], [0, 0, 3, 4]);
});

fusedTest(["SumRows"], "SumRows agrees with loops for any number of rows and columns", () => {
  for (const width of widths) {
    for (const rows of [...rowCounts, 9000]) {
      const x = draw("x", [rows, width]);
      const expected = new Float64Array(width);
      const scale = new Float64Array(width);
      x.values.forEach((value, i) => expected[i % width]! += value);
      x.values.forEach((value, i) => scale[i % width]! += Math.abs(value));
      const [sum] = runFused("SumRows", [x.tensor], 1);
      assertEquals(sum!.length, width);
      // The sum of many normal numbers is close to 0; errors are as large as those of a sum of magnitudes.
      sum!.forEach((value, j) => {
        const error = Math.abs(value - expected[j]!);
        assert(error <= 2e-6 * scale[j]!, `column ${j} of ${rows}: ${value}, expected ${expected[j]}`);
      });
    }
  }
});

fusedTest(["UnitRows", "UnitRowsGrad"], "UnitRows and UnitRowsGrad agree with loops", () => {
  for (const width of widths) {
    for (const rows of rowCounts) {
      const [x, dy] = [draw("x", [rows, width]), draw("dy", [rows, width])];
      const [unit, inverse] = runFused("UnitRows", [x.tensor], 2, { epsilon: 1e-12 });
      const given = [tf.tensor2d(unit!, [rows, width]), tf.tensor2d(inverse!, [rows, 1])];
      const [dx] = runFused("UnitRowsGrad", [dy.tensor, ...given], 1);
      for (let i = 0; i < rows; i++) {
        const row = [...x.values.subarray(i * width, (i + 1) * width)];
        const length = Math.hypot(...row);
        const normal = row.map((value) => value / length);
        assertClose([inverse![i]!], [1 / length], 1e-6, "1 / length");
        assertClose(unit!.subarray(i * width, (i + 1) * width), normal, 1e-6, "unit row");
        if (width === 1) continue;
        const gradient = normal.map((own, a) =>
          normal.reduce(
            (sum, other, b) => sum + ((a === b ? 1 : 0) - own * other) / length * dy.values[i * width + b]!,
            0,
          )
        );
        const size = Math.hypot(...dy.values.subarray(i * width, (i + 1) * width)) / length;
        const apart = Math.hypot(...gradient.map((value, a) => value - dx![i * width + a]!));
        assert(apart <= 1e-6 * size, `gradient of row ${i} of ${rows} by ${width} is off by ${apart}`);
      }
    }
  }
});

fusedTest(["UnitRows", "UnitRowsGrad"], "UnitRows makes zeros of rows no longer than epsilon", () => {
  const rows = [[0, 0, 0], [1e-13, -1e-13, 0], [0, 3e-12, 4e-12], [1e-30, 1e-38, 0]];
  const [unit, inverse] = runFused("UnitRows", [tf.tensor2d(rows)], 2, { epsilon: 1e-12 });
  assertClose(unit!, [0, 0, 0, 0, 0, 0, 0, 0.6, 0.8, 0, 0, 0], 1e-6);
  assertClose(inverse!, [0, 0, 2e11, 0], 1e-6);
  const given = [tf.tensor2d(unit!, [4, 3]), tf.tensor2d(inverse!, [4, 1])];
  const [dx] = runFused("UnitRowsGrad", [tf.ones([4, 3]), ...given], 1);
  assertEquals([...dx!].map((value) => value !== 0), [0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0].map(Boolean));
});

fusedTest(
  ["ReluGrad"],
  "the tensorflow engine's product of two matrices agrees with loops for every transpose flag",
  () => {
    for (const [m, k, n] of [[1, 1, 1], [5, 3, 4], [17, 33, 9], [4, 0, 2]] as const) {
      for (const [transposeA, transposeB] of [[false, false], [true, false], [false, true], [true, true]] as const) {
        const a = draw("a", transposeA ? [k, m] : [m, k]);
        const b = draw("b", transposeB ? [n, k] : [k, n]);
        const expected: number[] = [];
        for (let i = 0; i < m; i++) {
          for (let j = 0; j < n; j++) {
            let sum = 0;
            for (let l = 0; l < k; l++) {
              sum += a.values[transposeA ? l * m + i : i * k + l]! * b.values[transposeB ? j * k + l : l * n + j]!;
            }
            expected.push(sum);
          }
        }
        const product = tf.matMul(a.tensor, b.tensor, transposeA, transposeB);
        assertEquals(product.shape, [m, n]);
        assertClose(product, expected, 1e-6, `${m}, ${k}, ${n}, ${transposeA}, ${transposeB}`);
      }
    }
  },
);
