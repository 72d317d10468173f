/**
 * A row loss on pairs, and its gradient, tile by tile.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Key } from "../key.ts";
import type { Miner } from "../miner.ts";
import { withGradient } from "../ops/custom_gradient.ts";
import type { MatrixPair, Pairs, RowWindow, Similarity } from "../pairs/types.ts";
import type { RowLossOptions } from "../row_loss.ts";
import type { Scalar, Tensor, Tensor1D, Tensor2D } from "../types.ts";
import { addUp, gradientSum } from "./_means.ts";
import { type Operand, operand } from "./_operand.ts";
import { type Compared, differentiateTile, tileTerms, type Tiling } from "./_tile.ts";
import { windowOf } from "./_window.ts";

/** How a row loss is evaluated. */
export interface CoupleOptions {
  /** Anchors in a tile; as many as `bytes` allows if left out. */
  readonly rows?: number | undefined;
  /** What the matrices of a tile may take together, about; see {@linkcode tileRows}. */
  readonly bytes?: number | undefined;
  readonly miner?: Miner | undefined;
  readonly key: Key;
  /** Whether the pairs are those of the loss itself, so that its closed form holds. */
  readonly closed: boolean;
}

/** Evaluates a row loss on pairs; on a tape the gradient is computed along. */
export function couple(loss: RowLossOptions, pairs: Pairs, options: CoupleOptions): Scalar {
  const comparisons: readonly MatrixPair[] = [pairs, ...pairs.further ?? []];
  const inputs = [...new Set(comparisons.flatMap(trained))];
  const shared = loss.shared?.() ?? [];
  const params: Tensor[] = [...shared, ...Object.values(loss.params ?? {})];
  const { anchors, references } = pairs.relation;
  const columns = (pairs.further ?? []).reduce((sum, further) => sum + further.references.shape[0], references);
  const rows = Math.min(
    anchors,
    options.rows ?? tileRows(columns, pairs, { ...options, closed: options.closed && loss.closed !== undefined }),
  );
  const tiles = Array.from({ length: Math.ceil(anchors / rows) }, (_, i) => ({
    first: i * rows,
    count: Math.min(rows, anchors - i * rows),
  }));

  return withGradient([...inputs, ...params], (save) => {
    const { tiling, operandOf, close } = openTiling(loss, pairs, {
      ...options,
      shared,
      params,
      block: Math.max(2 ** 16, rows * columns / 4),
    });
    const forward = () => addUp(tiles.map(({ first, count }) => tileTerms(tiling, first, count)));
    try {
      // Every mean is divided by a count over all tiles: several must be known before the gradients are added up.
      let total = (loss.means ?? 1) > 1 ? forward() : undefined;
      save(() => {
        const weights = total?.factors ?? tf.ones([1]) as Tensor1D;
        const sums = params.map(gradientSum);
        const done = tiles.map(({ first, count }) => {
          const { terms, params } = differentiateTile(tiling, first, count, weights);
          params.forEach((gradient, i) => gradient && sums[i]!.add(gradient));
          return terms;
        });
        close();
        const factor = total ? tf.scalar(1) : tf.reshape((total = addUp(done)).factors, []);
        return [
          ...inputs.map((input) => operandOf(input).gradient(factor)),
          ...sums.map((sum) => sum.times(factor)),
        ];
      });
      const { value } = total ??= forward();
      return { value, pullBack: (cotangent, saved) => saved.map((gradient) => tf.mul(gradient, cotangent)) };
    } finally {
      close();
    }
  }) as Scalar;
}

/** Matrices of similarities that stand at a time, about, while a tile is differentiated. */
const MATRICES = 14;
const MATRICES_CLOSED = 3;

/** Anchors in a tile that make its matrices take so many bytes. */
function tileRows(columns: number, { anchors, references }: Pairs, { bytes, closed }: CoupleOptions): number {
  const allowed = bytes ?? automaticTileBytes(anchors.size + references.size);
  return Math.max(1, Math.floor(allowed / (4 * (closed ? MATRICES_CLOSED : MATRICES) * columns)));
}

/** The size of tiles if nothing is said, for rows of so many numbers in all. */
export function automaticTileBytes(numbers: number): number {
  return Math.max(32e6, 8 * numbers);
}

/** The most that the matrices of so many anchors take, about. */
export function tileBytesOf(anchors: number, columns: number): number {
  return 4 * MATRICES * anchors * columns;
}

function trained({ anchors, references, constant }: MatrixPair): Tensor2D[] {
  if (constant === "both") return [];
  return constant ? [anchors] : [anchors, references];
}

function openTiling(
  loss: RowLossOptions,
  pairs: Pairs,
  { miner, key, shared, params, block, closed }: CoupleOptions & Pick<Tiling, "shared" | "params"> & { block: number },
): { tiling: Tiling; operandOf(matrix: Tensor2D): Operand; close(): void } {
  const { similarity = "cosine" } = loss;
  const compare = (how: Similarity) => {
    const operands = new Map<Tensor2D, Operand>();
    const open = (matrix: Tensor2D, appended?: RowWindow) => {
      const made = operands.get(matrix) ??
        operand(matrix, { similarity: how, block, ...(appended ? { appended } : {}) });
      operands.set(matrix, made);
      return made;
    };
    const both = ({ anchors, references, constant }: MatrixPair, appended?: RowWindow): Compared => ({
      references: open(references, appended),
      anchors: open(anchors),
      ...(constant ? { constant } : {}),
    });
    return { open, both, close: () => operands.forEach((operand) => operand.close()) };
  };
  const own = compare(similarity);
  const mined = miner && similarity !== "cosine" ? compare("cosine") : undefined;
  const appended = pairs.appended && windowOf(pairs.appended);
  const tiling: Tiling = {
    loss,
    closed: closed ? loss.closed : undefined,
    relation: pairs.relation,
    compared: [own.both(pairs, appended), ...(pairs.further ?? []).map((further) => own.both(further))],
    shared,
    params,
    key,
    ...(miner ? { miner } : {}),
    ...(mined ? { mined: mined.both(pairs, appended) } : {}),
  };
  const close = () => {
    own.close();
    mined?.close();
  };
  return { tiling, operandOf: own.open, close };
}
