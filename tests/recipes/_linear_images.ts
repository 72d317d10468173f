import * as tf from "@tensorflow/tfjs";
import { type Encoder, fold, type Key, normal, type Tensor2D, type Tensor4D, type Variable } from "../../core/mod.ts";

/** An encoder whose representations are pixels times a matrix, with the same by naive loops. */
export interface LinearEncoder extends Encoder<Tensor4D> {
  readonly params: { readonly kernel: Variable };
  /** Draws another matrix. */
  draw(key: Key): void;
  /** The representations of some images, at length 1. */
  rows(images: readonly (readonly number[])[]): number[][];
}

/** Makes one; its matrix is the caller's. */
export function linearEncoder(pixels: number, dim: number, key: Key): LinearEncoder {
  const draw = (key: Key) => tf.tensor2d(normal(fold(key, "kernel"), [0], pixels * dim), [pixels, dim]);
  const first = draw(key);
  const kernel = tf.variable(first);
  first.dispose();
  return {
    name: "image",
    params: { kernel },
    encode: (images) =>
      tf.matMul(tf.reshape(images as Tensor4D, [-1, pixels]), kernel as unknown as Tensor2D) as Tensor2D,
    draw(key) {
      const next = draw(key);
      kernel.assign(next);
      next.dispose();
    },
    rows(images) {
      const k = kernel.dataSync<"float32">();
      return images.map((image) =>
        unit(Array.from({ length: dim }, (_, j) => sum(image.map((x, i) => x * k[i * dim + j]!))))
      );
    },
  };
}

/** A row at length 1. */
export function unit(row: readonly number[]): number[] {
  const length = Math.hypot(...row);
  return row.map((x) => x / length);
}

/** The dot product of two rows. */
export function dot(a: readonly number[], b: readonly number[]): number {
  return sum(a.map((x, i) => x * b[i]!));
}

/** The sum of some numbers. */
export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
