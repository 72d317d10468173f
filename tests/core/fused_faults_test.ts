import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals } from "@std/assert";
import { gelu, selfAttention, type Tensor } from "../../core/mod.ts";
import { assertClose, engineTest } from "../support/mod.ts";
import { type FusedCase, fusedCases, inputsOf, runCase } from "./_fused_cases.ts";
import { random } from "./_ops_support.ts";

/** What is no number, in the engine's usual bits and in others. */
const strange = [0x7fc00000, 0xffc00000, 0x7fc00001, 0x7fc001ff].map((bits) => Int32Array.of(bits));

/** Runs a case on inputs and a cotangent of which one has other bits in one entry. */
function changed(each: FusedCase, given: readonly Tensor[], place: number, bits: Int32Array): Float32Array[] {
  return tf.tidy(() => {
    const inputs = given.map((input, i) => {
      if (i !== place) return input;
      const values = input.dataSync().slice();
      new Int32Array(values.buffer).set(bits, 2);
      return tf.tensor(values, input.shape);
    });
    return runCase(each, inputs.slice(0, -1), inputs.at(-1)!);
  });
}

const bitsOf = (value: number) => new Int32Array(Float32Array.of(value).buffer);

for (const each of fusedCases) {
  engineTest(`${each.name}() makes no number of whatever depends on what is none`, (engine) => {
    tf.tidy(() => {
      const { inputs, dy } = inputsOf(each, 3, random);
      const given = [...inputs, dy];
      const before = runCase(each, inputs, dy);
      for (let place = 0; place < given.length; place++) {
        // An entry depends on the changed one if another number there moves it.
        const moved = changed(each, given, place, bitsOf(0.7));
        for (const bits of strange) {
          // The wasm engine's own rectifier takes what has a sign bit for a negative number.
          if (each.name === "reluAffine" && engine === "wasm" && bits[0]! < 0) continue;
          changed(each, given, place, bits).forEach((result, i) => {
            // The rectifier has slope 0 wherever its input is not above 0.
            if (each.name === "reluAffine" && place === 0 && i === 1) return;
            if (each.name === "groupNormPool" && i >= 1) return;
            result.forEach((value, at) => {
              if (moved[i]![at] === before[i]![at]) return;
              assert(
                Number.isNaN(value),
                `result ${i} is ${value} at ${at} for ${(bits[0]! >>> 0).toString(16)} in ${place}`,
              );
            });
          });
        }
      }
    });
  });
}

engineTest("an example that is no number or infinite leaves the other examples' results alone", () => {
  for (const each of fusedCases) {
    tf.tidy(() => {
      const { inputs, dy } = inputsOf(each, 3, random);
      const given = [...inputs, dy];
      const before = runCase(each, inputs, dy);
      for (const place of [0, given.length - 1]) {
        for (const bad of [NaN, Infinity, -Infinity, 1e30]) {
          const after = changed(each, given, place, bitsOf(bad));
          for (const i of [0, 1]) {
            const others = (results: Float32Array[]) => results[i]!.subarray(results[i]!.length / 3);
            assertClose(others(after), others(before), 1e-6, `result ${i} of ${each.name} with ${bad} in ${place}`);
          }
        }
      }
    });
  }
});

engineTest("gelu() is 0 or the number itself far out, and its slope 0 or 1", () => {
  tf.tidy(() => {
    const [x, y, slope]: number[][] = [[], [], []];
    for (const size of [100, 1e4, 1e10, 1e30, 3e38]) {
      x!.push(-size, size);
      y!.push(0, Math.fround(size));
      slope!.push(0, 1);
    }
    const tensor = tf.tensor1d(x!);
    assertEquals([...gelu(tensor).dataSync()].map(Math.abs), y);
    assertEquals([...tf.grad(gelu)(tensor).dataSync()].map(Math.abs), slope);
    // Infinity times zero is no number, on either side; on the other one infinity stays.
    const [least, most, none] = gelu(tf.tensor1d([-Infinity, Infinity, NaN])).dataSync();
    assertEquals([least, most, none], [NaN, Infinity, NaN]);
  });
});

engineTest("selfAttention() gives nothing to a key at minus infinity, and no number for one at infinity", () => {
  tf.tidy(() => {
    const mask = tf.ones<tf.Rank.R2>([1, 2]);
    for (const [key, expected] of [[-Infinity, [3, 3]], [Infinity, [NaN, NaN]]] as const) {
      const projected = tf.tensor2d([[1, 2, 3], [1, key, 5]]);
      assertEquals([...selfAttention(projected, mask, 1).dataSync()], [...expected]);
    }
  });
});
