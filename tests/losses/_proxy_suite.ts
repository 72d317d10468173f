import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { cachedStep, fullStep, key, tiled, type Variable } from "../../core/mod.ts";
import type { NewProxies, ProxyLoss, ProxyOptions } from "../../losses/mod.ts";
import golden from "../fixtures/golden.json" with { type: "json" };
import {
  assertClose,
  assertNewTensors,
  assertParity,
  engineTest,
  free,
  randomMatrix,
  tinyEncoder,
} from "../support/mod.ts";
import { fc } from "../support/properties.ts";
import {
  context,
  differentiate,
  finiteDifferences,
  labelled,
  matrix,
  randomRows,
  type Rows,
  valueOf,
} from "./_support.ts";

/** A loss over proxies, and what it is held against. */
export interface ProxyLossCase {
  /** The call, for the names of tests. */
  readonly name: string;
  /** How messages name the loss. */
  readonly title: string;
  /** Makes the loss. */
  readonly make: (proxies: ProxyOptions) => ProxyLoss;
  /** The same by loops in float64, without tensors. */
  readonly naive: (rows: Rows, proxies: Rows, labels: readonly number[]) => number;
  /** Proxies of a class. 1 if left out. */
  readonly centers?: number;
  /** The root of the mean square of new proxies, for a number of rows and a width. */
  readonly size: (rows: number, dim: number) => number;
  /** Reference cases of `golden.json` by name, each with what gives it. */
  readonly golden: readonly { readonly name: string; readonly make: (proxies: ProxyOptions) => ProxyLoss }[];
  /** Relative L2 distance that gradients may be from finite differences. 1e-4 if left out. */
  readonly tolerance?: number;
}

// Class 3 has no example.
const labels = [2, 0, 2, 1, 0, 2, 1, 0, 0];
const rows = randomRows(11, labels.length, 4);

/** Registers the tests that every loss over proxies passes. */
export function proxyLossSuite(test: ProxyLossCase): void {
  const { name, title, make, naive, centers = 1, tolerance = 1e-4 } = test;
  const proxies = randomRows(12, 4 * centers, 4);
  const given = (values: Rows = proxies) => ({ proxies: tf.variable(matrix(values)) });

  engineTest(`${name} agrees with loops and finite differences`, () => {
    const loss = make(given());
    const { value, gradients, params } = differentiate(loss, [rows], labels);
    const expected = naive(rows, proxies, labels);
    assertAlmostEquals(value, expected, 1e-5 * Math.abs(expected));
    assertAlmostEquals(valueOf(loss, [rows], labels), value, 1e-6 * Math.abs(expected));
    const [toRows, toProxies] = finiteDifferences(([x, p]) => naive(x!, p!, labels), [rows, proxies]);
    assertClose(gradients[0]!, toRows!, tolerance, "gradient of the rows");
    assertClose(params[0]!, toProxies!, tolerance, "gradient of the proxies");
  });

  for (const { name: reference, make: other } of test.golden) {
    engineTest(`${name} agrees with ${reference}`, () => {
      const { loss, gradFro, gradRow0 } = goldenCase(reference);
      const { value, gradients, params } = differentiate(other(given(golden.proxies)), [golden.X], golden.labels);
      assertAlmostEquals(value, loss, 1e-5 * loss);
      [gradients[0]!, params[0]!].forEach((gradient, i) => {
        assertAlmostEquals(Math.hypot(...gradient), gradFro[i]!, 1e-4 * gradFro[i]!);
        if (gradRow0[i]) assertAlmostEquals(apart(gradient.slice(0, 4), gradRow0[i]), 0, 1e-4 * gradFro[i]!);
      });
    });
  }

  engineTest(`${name} gives the same in tiles of any size`, () => {
    const loss = make(given());
    const whole = differentiate(tiled(loss, { rows: Infinity }), [rows], labels);
    for (const size of [1, 3, 7]) {
      const { value, gradients, params } = differentiate(tiled(loss, { rows: size }), [rows], labels);
      assertAlmostEquals(value, whole.value, 1e-6 * Math.abs(whole.value));
      assertClose(gradients[0]!, whole.gradients[0]!, 2e-6);
      assertClose(params[0]!, whole.params[0]!, 2e-6);
    }
  });

  engineTest(`${name} depends neither on the order of examples nor on lengths`, () => {
    const order = [4, 8, 0, 2, 6, 1, 7, 3, 5];
    const loss = make(given());
    const straight = differentiate(loss, [rows], labels);
    const moved = differentiate(loss, [order.map((i) => rows[i]!)], order.map((i) => labels[i]!));
    assertAlmostEquals(moved.value, straight.value, 1e-5 * Math.abs(straight.value));
    assertClose(moved.gradients[0]!, order.flatMap((i) => straight.gradients[0]!.slice(4 * i, 4 * i + 4)), 1e-5);
    assertClose(moved.params[0]!, straight.params[0]!, 1e-5);
    const longer = (all: Rows) => all.map((row, i) => row.map((x) => (i + 0.5) * x));
    const scaled = valueOf(make(given(longer(proxies))), [longer(rows)], labels);
    assertAlmostEquals(scaled, straight.value, 1e-5 * Math.abs(straight.value));
  });

  engineTest(`${name} does not depend on how classes are numbered`, () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }), (order) => {
        const moved = order.flatMap((c) => proxies.slice(c * centers, (c + 1) * centers));
        const renamed = valueOf(make(given(moved)), [rows], labels.map((label) => order.indexOf(label)));
        const value = naive(rows, proxies, labels);
        assertAlmostEquals(renamed, value, 1e-5 * Math.abs(value));
      }),
      { numRuns: 5 },
    );
  });

  engineTest(`${name} stacks views`, () => {
    const loss = make(given());
    const views = differentiate(loss, [rows.slice(0, 4), rows.slice(4, 8)], [2, 0, 2, 1]);
    const stacked = differentiate(loss, [rows.slice(0, 8)], [2, 0, 2, 1, 2, 0, 2, 1]);
    assertAlmostEquals(views.value, stacked.value, 1e-6 * Math.abs(stacked.value));
    assertClose(views.gradients.flat(), stacked.gradients[0]!, 1e-6);
    assertClose(views.params[0]!, stacked.params[0]!, 1e-6);
  });

  const own = (i: number) => proxies[labels[i]! * centers]!;
  const zero = [0, 0, 0, 0];
  const edges: [what: string, x: Rows, p: Rows, labels: readonly number[]][] = [
    ["examples of one class", rows, proxies, rows.map(() => 1)],
    ["one class in all", rows, proxies.slice(0, centers), rows.map(() => 0)],
    ["one example", rows.slice(0, 1), proxies, [3]],
    ["one example of one class", rows.slice(0, 1), proxies.slice(0, centers), [0]],
    ["rows of zeros", [zero, ...rows.slice(1)], [...proxies.slice(0, -1), zero], labels],
    ["examples on their proxies", rows.map((row, i) => i < 4 ? own(i).map((x) => 3 * x) : row), proxies, labels],
    ["examples opposite to their proxies", rows.map((row, i) => i < 4 ? own(i).map((x) => -x) : row), proxies, labels],
    ["equal proxies", rows, proxies.map(() => proxies[0]!), labels],
  ];
  for (const [what, x, p, labels] of edges) {
    engineTest(`${name} is defined for ${what}`, () => {
      const { value, gradients, params } = differentiate(make(given(p)), [x], labels);
      const expected = naive(x, p, labels);
      // In float32 an angle near 0 or π is known to 3e-4 only.
      assertAlmostEquals(value, expected, 1e-4 * (1 + Math.abs(expected)));
      assert([...gradients[0]!, ...params[0]!].every(Number.isFinite), "a gradient is not finite");
      x.forEach((row, i) => {
        if (row === zero) assertEquals(gradients[0]!.slice(4 * i, 4 * i + 4).map(Math.abs), zero);
      });
    });
  }

  engineTest(`${name} leaves its value and gradients only`, () => {
    const [inputs, loss, context] = [matrix(rows), make(given()), labelled(labels)];
    assertNewTensors(1, () => loss([inputs], context)).dispose();
    const proxies: tf.Tensor = loss.params.proxies;
    tf.dispose(assertNewTensors(2, () => tf.grads((x) => loss([x as tf.Tensor2D], context))([inputs, proxies])));
    const wide = tf.ones([9, 5]) as tf.Tensor2D;
    assertNewTensors(0, () => assertThrows(() => loss([wide], context), RangeError));
  });

  engineTest(`${name} can be cached, the proxies' gradient included`, () => {
    const encoders = [tinyEncoder({ dim: 4 })];
    const loss = make(given());
    const [inputs, targets] = [randomMatrix(5, 9, 4), tf.tensor1d(labels, "int32")];
    const full = fullStep({ encoders, loss: tiled(loss, { rows: Infinity }), chunkSize: 9 })([inputs], key(1), targets);
    const z = tf.tidy(() =>
      encoders[0]!.encode(inputs, { training: true, key: key(0), rows: new Int32Array(9) }).arraySync()
    );
    const [, toProxies] = finiteDifferences(([x, p]) => naive(x!, p!, labels), [z, proxies]);
    assertClose(full.gradients["loss/proxies"]!, toProxies!, 10 * tolerance);
    for (const [chunkSize, keep] of [[1, 0], [4, 0], [4, 1]] as const) {
      const cached = cachedStep({ encoders, loss: tiled(loss, { rows: 2 }), chunkSize, keep });
      const result = cached([inputs], key(1), targets);
      assertEquals(Object.keys(result.gradients).at(-1), "loss/proxies");
      assertParity(result, full, 2e-6);
      free(result);
    }
    free(full);
  });

  engineTest(`${name} draws its proxies from its key`, () => {
    const drawn = (options: Partial<NewProxies>) => {
      const variable: Variable = assertNewTensors(1, () =>
        make({ classes: 50, dim: 20, key: key(3), ...options })).params.proxies;
      const values = [...variable.dataSync()];
      assertEquals(variable.shape, [(options.classes ?? 50) * centers, 20]);
      variable.dispose();
      return values;
    };
    const values = drawn({});
    const [count, expected] = [values.length, test.size(50 * centers, 20)];
    const size = Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / count);
    assertAlmostEquals(size, expected, 4 * expected / Math.sqrt(count));
    assertAlmostEquals(values.reduce((sum, x) => sum + x, 0) / count, 0, 4 * expected / Math.sqrt(count));
    assertEquals(drawn({}), values);
    assert(apart(drawn({ key: key(4) }), values) > expected);
  });

  engineTest(`${name} names what is wrong with its inputs`, () => {
    const loss = make(given());
    const faults: [x: Rows, labels: tf.Tensor | undefined, message: string][] = [
      [rows, tf.tensor1d([...labels.slice(0, 8), 4], "int32"), `${title}: labels[8] is 4, expected 0 to 3`],
      [rows, tf.tensor1d([0, -1, ...labels.slice(2)]), `${title}: labels[1] is -1, expected 0 to 3`],
      [rows, undefined, "the step was given no targets"],
      [rows, tf.tensor1d([0], "int32"), "there are 1 labels for 9 examples"],
      [randomRows(1, 9, 3), tf.tensor1d(labels, "int32"), `${title}: representations are 3 wide, expected 4`],
    ];
    for (const [x, targets, message] of faults) {
      assertThrows(() => loss([matrix(x)], { ...context, ...(targets ? { targets } : {}) }), Error, message);
    }
    const made: [options: ProxyOptions, message: string][] = [
      [{ classes: 0, dim: 4, key: key(0) }, "classes is 0"],
      [{ classes: 3, dim: 2.5, key: key(0) }, "dim is 2.5"],
      [{ proxies: tf.ones([3, 4]) as Variable }, "expected a variable"],
      [{ proxies: tf.variable(tf.ones([6 * centers])) }, `shape [${6 * centers}]`],
      ...(centers > 1
        ? [[given(proxies.slice(1)), `expected [classes · ${centers}, dim]`] as [ProxyOptions, string]]
        : []),
    ];
    for (const [options, message] of made) {
      const error = assertNewTensors(0, () => assertThrows(() => make(options), Error, message));
      assert(error.message.startsWith(`Cannot make ${title}: `), error.message);
    }
  });
}

function apart(some: readonly number[], others: readonly number[]): number {
  return Math.hypot(...some.map((x, i) => x - others[i]!));
}

function goldenCase(name: string): { loss: number; gradFro: number[]; gradRow0: (number[] | null)[] } {
  const found = (golden.cases as unknown as Record<string, ReturnType<typeof goldenCase>>)[name];
  assert(found, `golden.json has no case ${name}`);
  return found;
}
