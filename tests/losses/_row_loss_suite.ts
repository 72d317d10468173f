import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { cachedStep, fullStep, key, type RowLoss, tiled } from "../../core/mod.ts";
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
import { differentiate, finiteDifferences, labelled, matrix, randomRows, type Rows, valueOf } from "./_support.ts";

/** A row loss over labelled rows, and what it is held against. */
export interface RowLossCase {
  /** The call, for the names of tests. */
  readonly name: string;
  /** Makes the loss. */
  readonly make: () => RowLoss;
  /** The same by loops in float64, without tensors. */
  readonly naive: (rows: Rows, labels: readonly number[]) => number;
  /** Reference cases of `golden.json` by name, each with what gives it if that is not `make`. */
  readonly golden?: readonly { readonly name: string; readonly make?: () => RowLoss; readonly tolerance?: number }[];
  /** Relative L2 distance that gradients may be from finite differences. 1e-4 if left out. */
  readonly tolerance?: number;
  /** Rows that are compared; those of a smooth place if left out. */
  readonly rows?: Rows;
}

const labels = [3, 0, 3, -2, 0, 3, 7, -2, 0];

/** Registers the tests that every row loss over labels passes. */
export function rowLossSuite(test: RowLossCase): void {
  const { name, make, naive, tolerance = 1e-4, rows = randomRows(11, labels.length, 4) } = test;

  engineTest(`${name} agrees with loops and finite differences`, () => {
    const { value, gradients } = differentiate(make(), [rows], labels);
    const expected = naive(rows, labels);
    assertAlmostEquals(value, expected, 1e-5 * (1 + Math.abs(expected)));
    assertAlmostEquals(valueOf(make(), [rows], labels), value, 1e-6 * (1 + Math.abs(expected)));
    assertClose(gradients[0]!, finiteDifferences(([x]) => naive(x!, labels), [rows])[0]!, tolerance);
  });

  engineTest(`${name} gives the same in tiles of any size`, () => {
    const whole = differentiate(tiled(make(), { rows: Infinity }), [rows], labels);
    for (const size of [1, 2, 7]) {
      const { value, gradients } = differentiate(tiled(make(), { rows: size }), [rows], labels);
      assertAlmostEquals(value, whole.value, 1e-6 * (1 + Math.abs(whole.value)));
      assertClose(gradients[0]!, whole.gradients[0]!, 1e-6);
    }
  });

  engineTest(`${name} does not depend on the order of examples`, () => {
    const order = [4, 8, 0, 2, 6, 1, 7, 3, 5];
    const straight = differentiate(make(), [rows], labels);
    const moved = differentiate(make(), [order.map((i) => rows[i]!)], order.map((i) => labels[i]!));
    assertAlmostEquals(moved.value, straight.value, 1e-5 * (1 + Math.abs(straight.value)));
    const back = order.flatMap((i) => straight.gradients[0]!.slice(4 * i, 4 * i + 4));
    assertClose(moved.gradients[0]!, back, 1e-5);
  });

  const edges: [string, Rows, readonly number[]][] = [
    ["one class", rows, rows.map(() => 0)],
    ["only singletons", rows, rows.map((_, i) => i - 3)],
    ["rows of zeros", [[0, 0, 0, 0], [0, 0, 0, 0], ...rows.slice(2)], labels],
    ["equal rows", rows.map((row, i) => i < 4 ? rows[0]! : row), labels],
    ["opposite rows", rows.map((row, i) => i === 2 ? rows[0]!.map((x) => -x) : row), labels],
    ["one example", rows.slice(0, 1), [5]],
    ["one pair", rows.slice(0, 2), [0, 0]],
  ];
  for (const [what, given, own] of edges) {
    engineTest(`${name} is defined for ${what}`, () => {
      const { value, gradients } = differentiate(make(), [given], own);
      assert(Number.isFinite(value), `loss is ${value}`);
      assert(gradients[0]!.every(Number.isFinite), "a gradient is not finite");
      const expected = naive(given, own);
      if (Number.isFinite(expected)) assertAlmostEquals(value, expected, 1e-4 * (1 + Math.abs(expected)));
    });
  }

  engineTest(`${name} leaves its value and gradients only`, () => {
    const [inputs, loss, context] = [matrix(rows), make(), labelled(labels)];
    assertNewTensors(1, () => loss([inputs], context)).dispose();
    const grad = () => tf.grad((x) => loss([x as tf.Tensor2D], context))(inputs);
    assertNewTensors(1, grad).dispose();
  });

  engineTest(`${name} can be cached`, () => {
    const encoders = [tinyEncoder()];
    const [inputs, targets] = [randomMatrix(5, 9, 4), tf.tensor1d(labels, "int32")];
    const full = fullStep({ encoders, loss: make(), chunkSize: 9 })([inputs], key(1), targets);
    for (const chunkSize of [1, 4]) {
      const cached = cachedStep({ encoders, loss: tiled(make(), { rows: 2 }), chunkSize })([inputs], key(1), targets);
      assertParity(cached, full);
      free(cached);
    }
    free(full);
  });

  for (const { name: reference, make: other = make, tolerance = 1e-4 } of test.golden ?? []) {
    engineTest(`${name} agrees with ${reference}`, () => {
      const expected = goldenCase(reference);
      const { value, gradients } = differentiate(other(), expected.matrices, expected.labels);
      assertAlmostEquals(value, expected.loss, 1e-5 * Math.max(1e-3, Math.abs(expected.loss)));
      expected.gradFro.forEach((norm, i) => {
        assertAlmostEquals(Math.hypot(...gradients[i]!), norm, tolerance * norm);
        assertClose(gradients[i]!.slice(0, 4), expected.gradRow0[i]!, tolerance);
      });
    });
  }

  engineTest(`${name} names what is wrong with its labels`, () => {
    const faults: [tf.Tensor, string][] = [
      [tf.tensor1d([1, 2], "int32"), "there are 2 labels for 9 examples"],
      [tf.tensor1d([...labels.slice(0, 8), 0.5]), "labels[8] is 0.5"],
      [tf.tensor2d([labels]), "shape [1,9]"],
    ];
    for (const [targets, message] of faults) {
      let found = "";
      try {
        make()([matrix(rows)], { training: true, key: key(0), targets });
      } catch (error) {
        found = (error as Error).message;
      }
      assert(found.includes(message), `got "${found}", expected "${message}"`);
    }
    assertEquals(
      valueOf(make(), [rows], labels),
      tf.tidy(() => {
        const targets = tf.tensor1d(labels);
        return make()([matrix(rows)], { training: true, key: key(0), targets }).dataSync()[0]!;
      }),
    );
  });
}

/** A reference case with its inputs. */
export function goldenCase(name: string): {
  matrices: Rows[];
  labels: readonly number[];
  loss: number;
  gradFro: readonly number[];
  gradRow0: readonly number[][];
} {
  const found =
    (golden.cases as unknown as Record<string, { loss: number; gradFro: number[]; gradRow0: number[][] }>)[name];
  assert(found, `golden.json has no case ${name}`);
  const rows = name.startsWith("Z ") ? golden.Z : golden.X;
  return { ...found, matrices: [rows], labels: name.includes("labels2") ? golden.labels2 : golden.labels };
}
