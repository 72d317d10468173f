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

/** Joins rows, with zeros behind them up to a number of rows, and disposes the parts. */
export function joinAndDispose(parts: Tensor2D[], count: number): Tensor2D {
  const missing = count - parts.reduce((sum, part) => sum + part.shape[0], 0);
  if (missing > 0) parts.push(tf.zeros([missing, parts[0]!.shape[1]]));
  if (parts.length === 1) return parts[0]!;
  const whole = tf.concat(parts, 0);
  tf.dispose(parts);
  return whole;
}
