import * as tf from "@tensorflow/tfjs";
import { assertThrows } from "@std/assert";
import { aligned, type Batch, key, type Pairing, sameLabel, type Tensor2D, views } from "../../core/mod.ts";
import { assertNewTensors, engineTest } from "../support/mod.ts";

type Fault = [Pairing, () => tf.Tensor[], () => Batch | undefined, typeof RangeError | typeof TypeError, string];
const zeros = (...shapes: number[][]) => () => shapes.map((shape) => tf.zeros(shape));
const int = (...values: number[]) => () => tf.tensor1d(values, "int32");
const none = () => undefined;

/** Asserts that pairings refuse their inputs with these messages, and leave nothing outside of the caller's scope. */
function assertFaults(faults: readonly Fault[]): void {
  for (const [pairing, make, targets, kind, message] of faults) {
    assertNewTensors(0, () =>
      tf.tidy(() => {
        const given = targets();
        const context = { training: true, key: key(0), ...(given === undefined ? {} : { targets: given }) };
        const matrices = make() as Tensor2D[];
        assertThrows(() => pairing(matrices, context), kind, message);
      }));
  }
}

engineTest("pairings name the matrix that does not fit", () => {
  assertFaults([
    [sameLabel(), zeros(), none, TypeError, "Cannot compare rows: got no matrix, expected at least one"],
    [sameLabel(), zeros([2, 3], [6]), int(0, 1), TypeError, "input 1 has shape [6], expected [rows, dim]"],
    [sameLabel(), zeros([2, 3, 1]), int(0, 1), TypeError, "input 0 has shape [2,3,1], expected [rows, dim]"],
    [sameLabel(), zeros([2, 3], [2, 3], [2, 4]), int(0, 1), RangeError, "input 2 is 4 wide, expected 3 as the first"],
    [sameLabel(), zeros([2, 3], [3, 3]), int(0, 1), RangeError, "input 1 has 3 rows, expected 2 as the first"],
    [sameLabel(), zeros([0, 3]), int(), RangeError, "Cannot compare rows: there are no anchors"],
    [views(), zeros([2, 3]), none, TypeError, "Cannot compare views: got 1 matrices, expected at least 2"],
    [views(), zeros(), none, TypeError, "got 0 matrices"],
    [views(), zeros([2, 3], [3, 3]), none, RangeError, "input 1 has 3 rows, expected 2 as the first"],
    [views(), zeros([2, 3], [2, 2]), none, RangeError, "input 1 is 2 wide, expected 3 as the first"],
    [views(), zeros([0, 3], [0, 3]), none, RangeError, "there are no anchors"],
    [aligned(), zeros(), none, TypeError, "got no matrix"],
    [aligned(), zeros([2, 3]), none, TypeError, "got 1 matrices, expected anchors and references"],
    [aligned(), zeros([2, 3], [2, 3], [4]), none, TypeError, "input 2 has shape [4]"],
    [aligned(), zeros([2, 3], [2, 4]), none, RangeError, "input 1 is 4 wide, expected 3 as the first"],
    [aligned(), zeros([3, 3], [2, 3]), none, RangeError, "2 references for 3 anchors, expected at least one each"],
    // Hard negatives do not stand in for references.
    [aligned(), zeros([3, 3], [2, 3], [5, 3]), none, RangeError, "2 references for 3 anchors"],
    [aligned(), zeros([0, 3], [2, 3]), none, RangeError, "there are no anchors"],
  ]);
});

engineTest("pairings name the labels and ids that do not fit", () => {
  const one = zeros([2, 3]);
  const two = zeros([2, 3], [2, 3]);
  const labels = (targets: () => Batch | undefined, kind: Fault[3], message: string): Fault[] => [
    [sameLabel(), one, targets, kind, `Cannot relate examples: ${message}`],
    [sameLabel(), one, () => ({ labels: targets() ?? [] }), kind, `Cannot relate examples: ${message}`],
  ];
  const ids = (values: () => Batch, kind: Fault[3], message: string): Fault[] => [
    [sameLabel(), one, () => ({ labels: int(0, 1)(), ids: values() }), kind, `Cannot relate examples: ${message}`],
    [views(), two, () => ({ ids: values() }), kind, `Cannot relate examples: ${message}`],
    [aligned(), two, () => ({ ids: values() }), kind, `Cannot relate examples: ${message}`],
  ];
  assertFaults([
    [
      sameLabel(),
      one,
      none,
      TypeError,
      "Cannot relate examples: the step was given no targets, expected labels [examples]",
    ],
    [sameLabel(), one, () => ({ ids: int(0, 1)() }), TypeError, "expected labels [examples]"],
    ...labels(int(0, 1, 2), RangeError, "there are 3 labels for 2 examples"),
    ...labels(
      () => tf.zeros([2, 1], "int32"),
      TypeError,
      "labels are a tensor of shape [2,1], expected a tensor [examples]",
    ),
    ...labels(() => tf.scalar(1, "int32"), TypeError, "labels are a tensor of shape []"),
    ...labels(() => tf.tensor1d([true, false], "bool"), TypeError, "labels are bool, expected int32"),
    ...labels(() => tf.tensor1d([1, 0.5]), RangeError, "labels[1] is 0.5, expected integers"),
    ...labels(() => tf.tensor1d([NaN, 1]), RangeError, "labels[0] is NaN, expected integers"),
    ...labels(() => tf.tensor1d([1, -Infinity]), RangeError, "labels[1] is -Infinity, expected integers"),
    ...ids(int(0), RangeError, "there are 1 ids for 2 examples"),
    ...ids(() => tf.tensor1d([0, 1.5]), RangeError, "ids[1] is 1.5, expected integers"),
    ...ids(() => tf.zeros([1, 2], "int32"), TypeError, "ids are a tensor of shape [1,2]"),
    ...ids(() => [int(0, 1)()], TypeError, "ids are a object, expected a tensor [examples]"),
  ]);
});

engineTest("pairings refuse float32 labels and ids that int32 cannot hold", () => {
  // Cast, they would become others, on some engines the same for all.
  assertFaults([
    [sameLabel(), zeros([2, 3]), () => tf.tensor1d([1e10, 2e10]), RangeError, "labels[0] is 10000000000"],
    [sameLabel(), zeros([2, 3]), () => tf.tensor1d([0, 2 ** 31]), RangeError, "labels[1] is 2147483648"],
    [
      aligned(),
      zeros([2, 3], [2, 3]),
      () => ({ ids: tf.tensor1d([0, -(2 ** 32)]) }),
      RangeError,
      "ids[1] is -4294967296",
    ],
  ]);
});
