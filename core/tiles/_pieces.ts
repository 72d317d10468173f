/**
 * Sums of large matrices in pieces.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Tensor2D } from "../types.ts";

/** A sum of matrices `[dim, rows]`, cut into pieces along the rows. */
export interface PieceSum {
  /** Adds a matrix, asked for piece by piece: `[dim, rows]` from `first` on. */
  add(piece: (first: number, rows: number) => Tensor2D): void;
  /** Maps each piece, undefined where nothing was added, and disposes it. */
  drain(map: (piece: Tensor2D | undefined, first: number, rows: number) => Tensor2D): Tensor2D[];
}

/** Makes a sum of nothing, in pieces of about `numbers` numbers. */
export function pieceSum(count: number, dim: number, numbers: number): PieceSum {
  const width = Math.max(1, Math.min(count, Math.ceil(numbers / dim)));
  const pieces: (Tensor2D | undefined)[] = Array.from({ length: Math.ceil(count / width) });
  const span = (i: number): [number, number] => [i * width, Math.min(width, count - i * width)];
  return {
    add(piece) {
      for (let i = 0; i < pieces.length; i++) {
        const earlier = pieces[i];
        const next = tf.tidy(() => piece(...span(i)));
        pieces[i] = earlier ? tf.add(earlier, next) : next;
        if (earlier) tf.dispose([earlier, next]);
      }
    },
    drain: (map) =>
      pieces.map((piece, i) => {
        const mapped = tf.tidy(() => map(piece, ...span(i)));
        piece?.dispose();
        return mapped;
      }),
  };
}

/** Rows of a matrix that come in parts, in order. */
export interface RowParts {
  /** Takes rows over, the first of which has the number `first`. */
  add(first: number, rows: Tensor2D): void;
  /** All `count` rows, zeros where none came; undefined if none came at all. */
  join(count: number): Tensor2D | undefined;
}

/** Makes an empty list of rows of `dim` numbers. */
export function rowParts(dim: number): RowParts {
  const parts: Tensor2D[] = [];
  let end = 0;
  const skipTo = (first: number) => {
    if (first > end) parts.push(tf.zeros([first - end, dim]));
    end = first;
  };
  return {
    add(first, rows) {
      skipTo(first);
      parts.push(rows);
      end += rows.shape[0];
    },
    join(count) {
      if (end === 0) return undefined;
      skipTo(count);
      return joinAndDispose(parts);
    },
  };
}

/** Joins matrices row after row and disposes them. */
export function joinAndDispose(parts: readonly Tensor2D[]): Tensor2D {
  if (parts.length === 1) return parts[0]!;
  const whole = tf.concat([...parts], 0);
  tf.dispose([...parts]);
  return whole;
}
