/**
 * How many bytes tensors take at the most.
 *
 * @module
 */
import { watchPeak } from "./_watch.ts";

/** What a measured function gave, and what it took. */
export interface Measured<T> {
  /** What the function returned. */
  readonly result: T;
  /** The largest number of tensor bytes at any moment, above what was held when the function began. */
  readonly peakBytes: number;
}

/**
 * Measures the peak of tensor bytes while a function runs, whether it returns or throws.
 *
 * Bytes are logical, as `tf.memory()` counts them: elements times their size for each tensor, also for those that share
 * a buffer. So the number is the same on each engine and each run. What an engine takes inside one operation is not in
 * it; the resident memory of a process shows that. `tf.profile` gives the same peak, but holds every operation
 * and its outputs until the end.
 *
 * @param run The function, which may be asynchronous.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { measurePeak, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const { result, peakBytes } = await measurePeak(() => tf.tidy(() => tf.sum(tf.zeros([100]))));
 * assertEquals(peakBytes, 4 * (100 + 1));
 * result.dispose();
 * ```
 */
export async function measurePeak<T>(run: () => T | Promise<T>): Promise<Measured<T>> {
  const watch = watchPeak();
  try {
    const result = await run();
    return { result, peakBytes: watch.lap() };
  } finally {
    watch.stop();
  }
}

/**
 * The same for a function that is not asynchronous.
 *
 * @param run The function; a promise that it returns is not waited for.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { measurePeakSync, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * assertEquals(measurePeakSync(() => tf.zeros([100]).dispose()).peakBytes, 400);
 * ```
 */
export function measurePeakSync<T>(run: () => T): Measured<T> {
  const watch = watchPeak();
  try {
    const result = run();
    return { result, peakBytes: watch.lap() };
  } finally {
    watch.stop();
  }
}
