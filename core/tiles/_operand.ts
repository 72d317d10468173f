/**
 * A matrix whose rows are compared, and the gradient that flows back to them.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { untaped } from "../_autodiff.ts";
import { pullBackUnit, unitRows } from "../ops/normalize.ts";
import type { RowWindow, Similarity } from "../pairs/types.ts";
import type { Scalar, Tensor, Tensor2D } from "../types.ts";
import { joinAndDispose, pieceSum, rowParts } from "./_pieces.ts";
import { windowOperand } from "./_window.ts";

/** A matrix that is compared row by row. */
export interface Operand {
  /** How many rows there are, without the appended ones. */
  readonly count: number;
  /** Some rows as they are compared, which the caller disposes. */
  rows(first: number, count: number): Tensor2D;
  /** All rows as they are compared, with the appended ones; made when first asked for. */
  compared(): Tensor2D;
  /** The same without the appended ones, transposed, since products with a transposed factor are slow on some engines. */
  transposed(): Tensor2D;
  /** The products of a matrix `[some, dim]` with all rows as they are compared, which the caller disposes. */
  compare(own: Tensor2D): Tensor2D;
  /** The product of a matrix `[some, rows]` with all rows as they are compared, which the caller disposes. */
  multiply(matrix: Tensor2D): Tensor2D;
  /** Adds a gradient of the rows from `first` on, which lie behind those of the last call; takes the tensor over. */
  addRows(first: number, gradient: Tensor2D): void;
  /** Adds what flows to the rows through products with anchors: a cotangent `[anchors, rows]` and the anchors. */
  addProducts(cotangent: Tensor2D, anchors: Tensor2D): void;
  /** Adds a gradient of all rows as they are compared. */
  addCompared(gradient: Tensor2D): void;
  /** Adds to each row the one with its number of other rows as they are compared, times a factor. */
  addMultiple(of: MultipleOf): void;
  /** Ends comparing: disposes what was made of the rows. Adding, and the gradient, do not need it. */
  close(): void;
  /** The gradient of the matrix as it was given, times a factor; nothing can be added after. */
  gradient(factor: Tensor): Tensor2D;
}

/** Rows times a factor. */
export interface MultipleOf {
  readonly operand: Pick<Operand, "rows" | "count">;
  readonly factor: Scalar | number;
}

/** Options of {@linkcode operand}. */
export interface OperandOptions {
  readonly similarity: Similarity;
  /** Rows behind those of the matrix that get no gradient. */
  readonly appended?: RowWindow;
  /** Gradients add up in pieces of about so many numbers, so that adding takes little more than the gradient itself. */
  readonly block: number;
}

/** Opens a matrix for comparison. Its tensors are of the scope in which it is used, but for what it keeps until closed. */
export function operand(matrix: Tensor2D, { similarity, appended, block }: OperandOptions): Operand {
  const [count, dim] = matrix.shape;
  const cosine = similarity === "cosine";
  const slice = (first: number, rows: number) => tf.slice(matrix, [first, 0], [rows, dim]);
  const kept = new Map<string, Tensor2D>();
  const keep = (name: string, make: () => Tensor2D): Tensor2D => {
    // Asked for within the scope and on the tape of a tile, but made for all of them.
    const made = kept.get(name) ?? tf.keep(untaped(() => tf.tidy(make)));
    kept.set(name, made);
    return made;
  };
  const further = appended && windowOperand(appended, similarity);
  const own = () => cosine ? unitRows(matrix).unit : matrix;
  const compared = () =>
    further
      ? keep("compared", () => tf.concat2d([own(), further.compared()], 0))
      : cosine
      ? keep("compared", own)
      : matrix;
  const transposed = () => keep("transposed", () => tf.transpose(own()));
  const multiplyOwn = (other: Tensor2D): Tensor2D => {
    if (!cosine) return tf.matMul(other, matrix);
    // The lengths go to the other factor, so that no second matrix of rows stands.
    const inverse = keep("inverse", () => tf.transpose(unitRows(matrix).inverse));
    return tf.tidy(() => tf.matMul(tf.mul(other, inverse), matrix));
  };
  const rowGradients = rowParts(dim);
  let multiple: MultipleOf | undefined;
  const sum = pieceSum(count, dim, block);

  return {
    count,
    rows: (first, rows) => cosine ? tf.tidy(() => unitRows(slice(first, rows)).unit) : slice(first, rows),
    compared,
    transposed,
    compare: (other) =>
      further
        ? tf.tidy(() => tf.concat2d([tf.matMul(other, transposed()), further.compare(other)], 1))
        : tf.matMul(other, transposed()),
    multiply: (other) =>
      further
        ? tf.tidy(() =>
          tf.add(
            multiplyOwn(tf.slice(other, [0, 0], [-1, count])),
            further.multiply(tf.slice(other, [0, count], [-1, further.count])),
          )
        )
        : multiplyOwn(other),
    addRows: rowGradients.add,
    addProducts(cotangent, anchors) {
      const flipped = tf.transpose(anchors);
      sum.add((first, rows) => {
        const whole = rows === cotangent.shape[1];
        return tf.matMul(flipped, whole ? cotangent : tf.slice(cotangent, [0, first], [-1, rows]));
      });
      flipped.dispose();
    },
    addCompared: (gradient) => sum.add((first, rows) => tf.transpose(tf.slice(gradient, [first, 0], [rows, dim]))),
    addMultiple: (of) => void (multiple = of),
    close() {
      tf.dispose([...kept.values()]);
      kept.clear();
      further?.close();
    },
    gradient(factor) {
      const own = rowGradients.join(count);
      const pieces = sum.drain((added, first, rows) => {
        const parts = [
          ...(added ? [tf.transpose(added)] : []),
          ...(own ? [tf.slice(own, [first, 0], [rows, dim])] : []),
        ];
        if (multiple) parts.push(...multipleRows(multiple, first, rows));
        if (parts.length === 0) return tf.zeros([rows, dim]);
        const total = tf.mul(tf.addN(parts), factor) as Tensor2D;
        return cosine ? pullBackUnit(total, unitRows(slice(first, rows))) : total;
      });
      own?.dispose();
      return joinAndDispose(pieces);
    },
  };
}

/** Some rows of a multiple, with zeros behind its end. */
function multipleRows({ operand, factor }: MultipleOf, first: number, rows: number): Tensor2D[] {
  const there = Math.min(rows, operand.count - first);
  if (there <= 0) return [];
  return [tf.pad(tf.mul(operand.rows(first, there), factor), [[0, rows - there], [0, 0]])];
}
