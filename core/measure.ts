/**
 * How many bytes tensors take at the most.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";

/** What a measured function gave, and what it took. */
export interface Measured<T> {
  /** What the function returned. */
  readonly result: T;
  /** The largest number of tensor bytes at any moment, above what was held when the function began. */
  readonly peakBytes: number;
}

/** The engine's count, the same in every build of TensorFlow.js 4. */
interface EngineState {
  numBytes: number;
}

interface Watch {
  peak: number;
}

const watches = new Set<Watch>();

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
  const state = (tf.engine() as unknown as { state: EngineState }).state;
  const base = state.numBytes;
  const watch = { peak: base };
  if (watches.size === 0) observe(state);
  watches.add(watch);
  try {
    const result = await run();
    return { result, peakBytes: watch.peak - base };
  } finally {
    watches.delete(watch);
    if (watches.size === 0) release(state);
  }
}

/** Lets every change of the count pass by the watches. */
function observe(state: EngineState): void {
  let bytes = state.numBytes;
  Object.defineProperty(state, "numBytes", {
    configurable: true,
    enumerable: true,
    get: () => bytes,
    set: (next: number) => {
      bytes = next;
      for (const watch of watches) if (next > watch.peak) watch.peak = next;
    },
  });
}

/** Makes the count a plain number again. */
function release(state: EngineState): void {
  const value = state.numBytes;
  Object.defineProperty(state, "numBytes", { configurable: true, enumerable: true, writable: true, value });
}
