/**
 * References that are a part of a large matrix, compared a piece at a time.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { untaped } from "../_autodiff.ts";
import { unitRows } from "../ops/normalize.ts";
import type { RowWindow, Similarity } from "../pairs/types.ts";
import type { Tensor2D } from "../types.ts";

/** Rows that get no gradient, which are never copied as a whole. */
export interface WindowOperand {
  /** How many there are. */
  readonly count: number;
  /** The products of a matrix `[some, dim]` with all rows as they are compared, `[some, count]`, which the caller disposes. */
  compare(own: Tensor2D): Tensor2D;
  /** The product of a matrix `[some, count]` with all rows as they are compared, which the caller disposes. */
  multiply(matrix: Tensor2D): Tensor2D;
  /** A copy of all rows as they are compared, which the caller disposes. */
  compared(): Tensor2D;
  /** Disposes what was made of the rows. */
  close(): void;
}

/** A piece has about so many numbers: few pieces take little time beside their products, small ones little memory. */
const NUMBERS = 2 ** 18;

/** What comparing with `rows` further references of `rowBytes` takes beside the matrices of a tile, in bytes, about. */
export function windowBytes(rows: number, rowBytes: number): number {
  // A piece, the same at length 1 and a copy; for each row its length.
  return 3 * Math.min(4 * NUMBERS, rows * rowBytes) + 4 * rows;
}

/** The rows of a matrix, or a part of them. */
export function windowOf(rows: Tensor2D | RowWindow): RowWindow {
  return "table" in rows ? rows : { table: rows, first: 0, count: rows.shape[0] };
}

/** Opens rows for comparison. */
export function windowOperand({ table, first, count }: RowWindow, similarity: Similarity): WindowOperand {
  const dim = table.shape[1];
  const width = Math.max(1, Math.floor(NUMBERS / dim));
  const pieces = Array.from({ length: Math.ceil(count / width) }, (_, i) => ({
    from: i * width,
    rows: Math.min(width, count - i * width),
  }));
  const each = <T extends tf.Tensor>(make: (piece: Tensor2D, from: number, rows: number) => T): T[] =>
    pieces.map(({ from, rows }) => tf.tidy(() => make(tf.slice(table, [first + from, 0], [rows, dim]), from, rows)));
  let kept: Tensor2D | undefined;
  /** One over the length of each row, `[1, count]`. */
  const inverse = () =>
    kept ??= tf.keep(
      untaped(() => tf.tidy(() => tf.transpose(tf.concat2d(each((piece) => unitRows(piece).inverse), 0)))),
    );
  const scaled = (columns: Tensor2D, from: number, rows: number): Tensor2D =>
    similarity === "cosine" ? tf.mul(columns, tf.slice(inverse(), [0, from], [1, rows])) : columns;

  return {
    count,
    compare: (own) =>
      tf.tidy(() => {
        if (count === 0) return tf.zeros([own.shape[0], 0]);
        const turned = tf.transpose(own);
        // What is turned around is the product, which has fewer columns than the rows have numbers, or little more.
        return tf.concat2d(
          each((piece, from, rows) => scaled(tf.transpose(tf.matMul(piece, turned)), from, rows)),
          1,
        );
      }),
    multiply: (matrix) =>
      tf.tidy(() =>
        count === 0 ? tf.zeros([matrix.shape[0], dim]) : tf.addN(
          each((piece, from, rows) => tf.matMul(scaled(tf.slice(matrix, [0, from], [-1, rows]), from, rows), piece)),
        )
      ) as Tensor2D,
    compared: () =>
      tf.tidy(() => {
        const rows = tf.slice(table, [first, 0], [count, dim]);
        return similarity === "cosine" ? unitRows(rows).unit : rows;
      }),
    close() {
      kept?.dispose();
      kept = undefined;
    },
  };
}
