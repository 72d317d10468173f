/**
 * Self-attention of padded sequences in several heads, and its gradient, which computes the probabilities again.
 *
 * @module
 */
import { type Columns, fromHeads, type Heads, headsOf, multiplyHeads, toHeads, toTurnedHeads } from "./heads.ts";
import {
  address,
  floats,
  type FusedKernel,
  stockKernel,
  type TensorInfo,
  values,
  type WasmBackend,
  withScratch,
} from "./heap.ts";

const softmax = stockKernel("Softmax");

const queries: Columns = { part: 0, parts: 3 };
const keys: Columns = { part: 1, parts: 3 };
const own: Columns = { part: 2, parts: 3 };
const whole: Columns = { part: 0, parts: 1 };

/** Inputs projections [examples · length, 3 · width] and mask [examples, length]; output [examples · length, width]. */
export const attention: FusedKernel = ({ inputs, attrs, backend }) => {
  const [projected, mask] = [inputs[0]!, inputs[1]!];
  const heads = headsOf(projected, mask, attrs.heads);
  const { count, length, depth } = heads;
  const y = backend.makeOutput([projected.shape[0]!, projected.shape[1]! / 3], "float32");
  const size = count * length * depth;
  withScratch(backend, 2 * size, (scratch) => {
    const [first, second] = [scratch, scratch + size * 4];
    const probabilities = attend(backend, heads, [projected, mask], [first, second]);
    toHeads(heads, values(backend, projected), own, floats(backend, first, size));
    multiplyHeads(backend, heads, [address(backend, probabilities), first, second], [length, length, depth]);
    backend.disposeData(probabilities.dataId);
    fromHeads(heads, floats(backend, second, size), values(backend, y), whole);
  });
  return [y];
};

/**
 * Inputs projections, mask and the result's cotangent; output the projections' cotangent.
 *
 * With probabilities P and dP = dy · valuesᵀ: dS = P ∘ (dP - the row sums of P ∘ dP), dqueries = dS · keys / √d,
 * dkeys = dSᵀ · queries / √d, dvalues = Pᵀ · dy.
 */
export const attentionGrad: FusedKernel = ({ inputs, attrs, backend }) => {
  const [projected, mask, dy] = [inputs[0]!, inputs[1]!, inputs[2]!];
  const heads = headsOf(projected, mask, attrs.heads);
  const { count, length, depth } = heads;
  const dx = backend.makeOutput(projected.shape, "float32");
  const size = count * length * depth;
  const squares = count * length * length;
  withScratch(backend, 2 * size + squares, (scratch) => {
    const [first, second] = [scratch, scratch + size * 4];
    const scores = scratch + size * 8;
    const probabilities = attend(backend, heads, [projected, mask], [first, second]);
    const chances = address(backend, probabilities);
    const rows = () => values(backend, projected);
    const room = (at: number) => floats(backend, at, size);
    const give = (at: number, columns: Columns, factor: number) =>
      fromHeads(heads, room(at), values(backend, dx), columns, factor);
    const factor = 1 / Math.sqrt(depth);

    toHeads(heads, values(backend, dy), whole, room(first));
    toTurnedHeads(heads, rows(), own, room(second));
    multiplyHeads(backend, heads, [first, second, scores], [length, depth, length]);
    pullBackSoftmax(floats(backend, chances, squares), floats(backend, scores, squares), length);

    turnSquares(floats(backend, chances, squares), length);
    multiplyHeads(backend, heads, [chances, first, second], [length, length, depth]);
    give(second, own, 1);
    backend.disposeData(probabilities.dataId);

    toHeads(heads, rows(), keys, room(first));
    multiplyHeads(backend, heads, [scores, first, second], [length, length, depth]);
    give(second, queries, factor);

    toHeads(heads, rows(), queries, room(first));
    turnSquares(floats(backend, scores, squares), length);
    multiplyHeads(backend, heads, [scores, first, second], [length, length, depth]);
    give(second, keys, factor);
  });
  return [dx];
};

/** The probabilities, [length, length] for each head; with room for the queries and the turned keys. */
function attend(
  backend: WasmBackend,
  heads: Heads,
  [projected, mask]: readonly [TensorInfo, TensorInfo],
  [first, second]: readonly [number, number],
): TensorInfo {
  const { count, perExample, length, depth } = heads;
  const scores = backend.makeOutput([count * length, length], "float32");
  const size = count * length * depth;
  toHeads(heads, values(backend, projected), queries, floats(backend, first, size), 1 / Math.sqrt(depth));
  toTurnedHeads(heads, values(backend, projected), keys, floats(backend, second, size));
  multiplyHeads(backend, heads, [first, second, address(backend, scores)], [length, depth, length]);
  hidePadding(values(backend, scores), values(backend, mask), { rows: perExample * length, length });
  const probabilities = softmax({ inputs: { logits: scores }, attrs: { dim: 1 }, backend });
  backend.disposeData(scores.dataId);
  return probabilities;
}

/** Lowers the scores of keys that are padding; each row of the mask is for so many rows of scores. */
function hidePadding(
  scores: Float32Array,
  mask: Float32Array,
  { rows, length }: { readonly rows: number; readonly length: number },
): void {
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] !== 0) continue;
    const column = i % length;
    const first = (i - column) * rows + column;
    // exp(-1e9) is 0, while -1e9 itself is finite: a row of padding alone stays defined.
    for (let row = 0; row < rows; row++) scores[first + row * length]! -= 1e9;
  }
}

/** Turns the probabilities' cotangents into those of the scores. */
function pullBackSoftmax(probabilities: Float32Array, cotangents: Float32Array, length: number): void {
  for (let first = 0; first < probabilities.length; first += length) {
    const end = first + length;
    let sum = 0;
    for (let at = first; at < end; at++) sum += probabilities[at]! * cotangents[at]!;
    for (let at = first; at < end; at++) cotangents[at] = probabilities[at]! * (cotangents[at]! - sum);
  }
}

/** Swaps rows and columns of square matrices in place. */
function turnSquares(matrices: Float32Array, length: number): void {
  for (let first = 0; first < matrices.length; first += length * length) {
    for (let i = 1; i < length; i++) {
      for (let j = 0; j < i; j++) {
        const [here, there] = [first + i * length + j, first + j * length + i];
        const value = matrices[here]!;
        matrices[here] = matrices[there]!;
        matrices[there] = value;
      }
    }
  }
}
