import { assert, assertAlmostEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { cachedStep, fullStep, key, type Loss, type RowLoss, tiled } from "../../core/mod.ts";
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
import { context, differentiate, finiteDifferences, matrix, randomRows, type Rows, valueOf } from "./_support.ts";

/** A loss over matrices whose rows belong together by their number, and what it is held against. */
export interface AlignedCase {
  /** The call, for the names of tests. */
  readonly name: string;
  /** Makes the loss. */
  readonly make: () => Loss;
  /** Whether it is a row loss, which comes in tiles. True if left out. */
  readonly tiles?: boolean;
  /** The same by loops in float64, without tensors. */
  readonly naive: (matrices: readonly Rows[]) => number;
  /** Matrices of as many rows each; two random ones if left out. */
  readonly matrices?: readonly Rows[];
  /** Other matrices to compare with loops, by what is special in them. */
  readonly shapes?: Readonly<Record<string, readonly Rows[]>>;
  /** How many matrices, the first ones, are trained. All if left out. */
  readonly trained?: (matrices: readonly Rows[]) => number;
  /** Reference cases of `golden.json` over its matrices X and Y, each with what gives it if that is not `make`. */
  readonly golden?: readonly { readonly name: string; readonly make?: () => Loss }[];
  /** Relative L2 distance that gradients may be from finite differences. 1e-4 if left out. */
  readonly tolerance?: number;
}

/** Registers the tests that every loss over aligned rows passes. */
export function alignedSuite(test: AlignedCase): void {
  const { name, make, naive, tolerance = 1e-4, tiles = true, trained = (matrices) => matrices.length } = test;
  const matrices = test.matrices ?? [randomRows(21, 7, 4), randomRows(22, 7, 4)];
  const count = trained(matrices);

  for (const [what, given] of Object.entries({ pairs: matrices, ...test.shapes })) {
    engineTest(`${name} agrees with loops and finite differences: ${what}`, () => {
      const { value, gradients } = differentiateFirst(make(), given, trained(given));
      const expected = naive(given);
      assertAlmostEquals(value, expected, 1e-5 * (1 + Math.abs(expected)));
      assertAlmostEquals(valueOf(make(), given), value, 1e-6 * (1 + Math.abs(expected)));
      const slopes = finiteDifferences(naive, given).slice(0, trained(given));
      slopes.forEach((slope, i) => assertClose(gradients[i]!, slope, tolerance, `gradient of input ${i}`));
    });
  }

  if (tiles) {
    engineTest(`${name} gives the same in tiles of any size`, () => {
      const whole = differentiateFirst(tiled(make() as RowLoss, { rows: Infinity }), matrices, count);
      for (const rows of [1, 3, 7]) {
        const { value, gradients, params } = differentiateFirst(tiled(make() as RowLoss, { rows }), matrices, count);
        assertAlmostEquals(value, whole.value, 1e-6 * (1 + Math.abs(whole.value)));
        gradients.forEach((gradient, i) => assertClose(gradient, whole.gradients[i]!, 2e-6));
        params.forEach((gradient, i) => assertClose(gradient, whole.params[i]!, 1e-5));
      }
    });
  }

  engineTest(`${name} does not depend on the order of examples`, () => {
    const order = [4, 0, 2, 6, 1, 5, 3];
    const straight = differentiateFirst(make(), matrices, count);
    const moved = differentiateFirst(make(), matrices.map((rows) => order.map((i) => rows[i]!)), count);
    assertAlmostEquals(moved.value, straight.value, 1e-5 * (1 + Math.abs(straight.value)));
    moved.gradients.forEach((gradient, m) => {
      const width = matrices[m]![0]!.length;
      const back = order.flatMap((i) => straight.gradients[m]!.slice(width * i, width * (i + 1)));
      assertClose(gradient, back, 1e-5);
    });
  });

  const [first] = matrices as [Rows];
  const zeroed = matrices.map((rows, m) => rows.map((row, i) => (i + m) % 3 === 0 ? row.map(() => 0) : row));
  const edges: [string, readonly Rows[]][] = [
    ["one example", matrices.map((rows) => rows.slice(0, 1))],
    ["rows of zeros", zeroed],
    ["nothing but zeros", matrices.map((rows) => rows.map((row) => row.map(() => 0)))],
    ["equal rows", matrices.map((rows) => rows.map(() => rows[0]!))],
    ["equal matrices", matrices.map((_, m) => m < count ? first : matrices[m]!)],
    ["opposite matrices", matrices.map((rows, m) => m === 1 ? first.map((row) => row.map((x) => -x)) : rows)],
  ];
  for (const [what, given] of edges) {
    engineTest(`${name} is defined for ${what}`, () => {
      const { value, gradients, params } = differentiateFirst(make(), given, count);
      const expected = naive(given);
      assertAlmostEquals(value, expected, 1e-4 * (1 + Math.abs(expected)));
      assert([...gradients, ...params].flat().every(Number.isFinite), "a gradient is not finite");
    });
  }

  engineTest(`${name} does not hide a representation that is not a number`, () => {
    const broken = matrices.map((rows, m) => m === 0 ? [rows[0]!.map(() => NaN), ...rows.slice(1)] : rows);
    assert(Number.isNaN(valueOf(make(), broken)));
  });

  engineTest(`${name} leaves its value and gradients only`, () => {
    const [inputs, loss] = [matrices.map((rows) => matrix(rows)), make()];
    assertNewTensors(1, () => loss(inputs, context)).dispose();
    const [learnt, frozen] = [inputs.slice(0, count), inputs.slice(count)];
    const grads = () => tf.grads((...xs) => loss([...xs, ...frozen] as tf.Tensor2D[], context))(learnt);
    tf.dispose(assertNewTensors(count, grads));
    assert(inputs.every((input) => !input.isDisposed));
  });

  engineTest(`${name} can be cached`, () => {
    const encoders = matrices.map((_, i) => {
      return { ...tinyEncoder({ seed: i, name: `input${i}`, dropout: 0.2 }), frozen: i >= count };
    });
    const [batches, loss] = [matrices.map((_, i) => randomMatrix(30 + i, 7, 4)), make()];
    const full = fullStep({ encoders, loss, chunkSize: 7 })(batches, key(1));
    for (const chunkSize of [1, 4]) {
      const small = tiles ? tiled(loss as RowLoss, { rows: 2 }) : loss;
      const cached = cachedStep({ encoders, loss: small, chunkSize })(batches, key(1));
      assertParity(cached, full);
      free(cached);
    }
    free(full);
  });

  for (const { name: reference, make: other = make } of test.golden ?? []) {
    engineTest(`${name} agrees with ${reference}`, () => {
      const { loss, gradFro, gradRow0 } = goldenCase(reference);
      const { value, gradients } = differentiate(other(), [golden.X, golden.Y]);
      assertAlmostEquals(value, loss, 1e-5 * Math.abs(loss));
      gradients.forEach((gradient, i) => {
        assertAlmostEquals(Math.hypot(...gradient), gradFro[i]!, 1e-4 * gradFro[i]!);
        assertClose(gradient.slice(0, 4), gradRow0[i]!, 1e-4);
      });
    });
  }

  engineTest(`${name} names shapes that do not fit`, () => {
    const inputs = matrices.map((rows) => matrix(rows));
    const swap = (at: number, other: tf.Tensor) => inputs.map((x, i) => i === at ? other as tf.Tensor2D : x);
    assertThrows(() => make()(inputs.slice(0, 1), context), Error, "got 1 matrices");
    assertThrows(() => make()(swap(1, tf.ones([7, 5])), context), RangeError, "input 1 is 5 wide, expected 4");
    assertThrows(() => make()(swap(1, tf.ones([28])), context), TypeError, "input 1 has shape [28]");
    assertThrows(() => make()(inputs.map((x) => tf.slice(x, [0, 0], [0, -1])), context), RangeError, "there are no");
  });
}

/** The value of a loss on a tape and its gradients for the first of its matrices and for its parameters. */
export function differentiateFirst(
  loss: Loss,
  matrices: readonly Rows[],
  count: number,
): ReturnType<typeof differentiate> {
  return tf.tidy(() => {
    const frozen = matrices.slice(count).map((rows) => matrix(rows));
    const bound: Loss = (learnt, context) => loss([...learnt, ...frozen], context);
    return differentiate(loss.params ? Object.assign(bound, { params: loss.params }) : bound, matrices.slice(0, count));
  });
}

function goldenCase(name: string): { loss: number; gradFro: readonly number[]; gradRow0: readonly number[][] } {
  const found = (golden.cases as unknown as Record<string, ReturnType<typeof goldenCase>>)[name];
  assert(found, `golden.json has no case ${name}`);
  return found;
}
