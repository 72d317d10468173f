import * as tf from "@tensorflow/tfjs";
import { assertEquals } from "@std/assert";
import { adamW, lookup, lookupSum, type Tensor, type Tensor2D } from "../../core/mod.ts";
import { gradientSum } from "../../core/_gradient_sum.ts";
import { assertClose, assertNewTensors, engineTest } from "../support/mod.ts";
import { fusedCases, inputsOf, runCase } from "./_fused_cases.ts";
import { assertSameBits, withoutFused } from "./_fused_support.ts";
import { random } from "./_ops_support.ts";

engineTest("ops give the same with fused kernels and without: values and gradients", () => {
  for (const each of fusedCases) {
    for (const examples of [1, 6, 200]) {
      tf.tidy(() => {
        const { inputs, dy } = inputsOf(each, examples, random);
        const expected = withoutFused(() => runCase(each, inputs, dy));
        runCase(each, inputs, dy).forEach((actual, i) => {
          assertClose(actual, expected[i]!, 1e-6, `${each.name} of ${examples}, result ${i}`);
        });
      });
    }
  }
});

engineTest("dropout() draws the same entries with the fused kernel and without", () => {
  const dropout = fusedCases.find(({ name }) => name === "dropout")!;
  tf.tidy(() => {
    const { inputs, dy } = inputsOf(dropout, 40, random);
    const [value, gradient] = runCase(dropout, inputs, dy);
    const [expected, expectedGradient] = withoutFused(() => runCase(dropout, inputs, dy));
    assertSameBits(value!, expected!, "value");
    assertSameBits(gradient!, expectedGradient!, "gradient");
  });
});

engineTest("ops give the same bits twice, and leave their inputs as they were", () => {
  for (const each of fusedCases) {
    tf.tidy(() => {
      const { inputs, dy } = inputsOf(each, 200, random);
      const before = [...inputs, dy].map((input) => input.dataSync().slice());
      const first = runCase(each, inputs, dy);
      for (let again = 0; again < 3; again++) {
        runCase(each, inputs, dy).forEach((actual, i) =>
          assertSameBits(actual, first[i]!, `${each.name}, result ${i}`)
        );
      }
      [...inputs, dy].forEach((input, i) => assertSameBits(input.dataSync(), before[i]!, `${each.name}, input ${i}`));
    });
  }
});

engineTest("ops leave their value and gradients behind and nothing else", () => {
  for (const each of fusedCases) {
    tf.tidy(() => {
      const { inputs, dy } = inputsOf(each, 3, random);
      const run = (...inputs: Tensor[]) => each.run(inputs);
      assertNewTensors(1, () => run(...inputs));
      assertNewTensors(inputs.length, () => tf.grads(run)(inputs, dy));
    });
  }
});

/** Ops whose results for an example come from no product with a matrix of the engine's own. */
const apart = new Set(["gelu", "layerNorm", "groupNorm", "groupNormPool", "selfAttention", "l2Normalize", "dropout"]);

engineTest("an example's value and gradient do not depend on the chunk that it comes in", (engine) => {
  const examples = 37;
  for (const each of fusedCases) {
    // Only the compiled kernels promise the same bits.
    const exact = engine === "tensorflow" && apart.has(each.name);
    tf.tidy(() => {
      const { inputs: [x, ...own], dy } = inputsOf(each, examples, random);
      const [value, gradient] = runCase(each, [x!, ...own], dy);
      for (const [first, count] of [[0, 1], [0, 18], [18, 19], [5, 30]] as const) {
        const part = (whole: Tensor) => {
          const each = whole.shape[0]! / examples;
          return tf.slice(whole, [first * each], [count * each]);
        };
        const [chunkValue, chunkGradient] = runCase(each, [part(x!), ...own], part(dy), first);
        for (const [name, chunk, whole] of [["value", chunkValue, value], ["dx", chunkGradient, gradient]] as const) {
          const size = whole!.length / examples;
          const expected = whole!.subarray(first * size, (first + count) * size);
          const what = `${name} of ${each.name} from ${first}`;
          if (exact) assertSameBits(chunk!, expected, what);
          else assertClose(chunk!, expected, 1e-6, what);
        }
      }
    });
  }
});

engineTest("a table's gradient inside a step is the same with fused kernels and without", () => {
  const gradient = () =>
    tf.tidy(() => {
      const table = tf.variable(random("table", [50, 13]));
      const sum = gradientSum({ table });
      for (let chunk = 0; chunk < 3; chunk++) {
        const ids = tf.tensor2d(Int32Array.from({ length: 60 }, (_, i) => (i * i + chunk) % 50), [20, 3], "int32");
        const { value } = sum.add(() => {
          const bag = lookupSum(table, ids, tf.relu(random("weights", [20, 3]) as Tensor2D));
          const rows = lookup(table, ids.flatten());
          return tf.add(tf.sum(tf.square(bag)), tf.sum(tf.sin(rows)));
        });
        value.dispose();
      }
      const values = sum.finish()["table"]!.dataSync().slice();
      table.dispose();
      return values;
    });
  assertClose(gradient(), withoutFused(gradient), 1e-6);
});

engineTest("adamW() takes the same steps with the fused kernel and without", () => {
  const trained = () => {
    const w = tf.tidy(() => tf.variable(random("w", [301])));
    const optimizer = adamW({ learningRate: 0.01 });
    for (let step = 0; step < 4; step++) {
      const gradient = random(`gradient ${step}`, [301]);
      const before = gradient.dataSync().slice();
      optimizer.update({ w }, { w: gradient });
      assertEquals(gradient.dataSync(), before);
      gradient.dispose();
    }
    const values = w.dataSync().slice();
    optimizer.dispose();
    w.dispose();
    return values;
  };
  assertClose(assertNewTensors(0, trained), withoutFused(trained), 1e-6);
});
