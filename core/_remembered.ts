/**
 * Outputs that a step remembers from the encoding without a tape to the one on it.
 *
 * Of what an encoder computes, some is dear for its size: the second map of a transformer's feed-forward layer is a third of
 * all products and a tenth of what a tape holds. Its gradient does not need it, what follows does. Remembering such
 * outputs saves their computation in the replay for a fraction of what the tape would take.
 *
 * Korthikanti, Casper, Lym, McAfee, Andersch, Shoeybi and Catanzaro, "Reducing activation recomputation in large
 * transformer models", 2022, choose by the same measure what to keep.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "./types.ts";

/** What was remembered of one encoding, in the order in which it was computed. */
export type Remembered = Tensor[];

/** Treats the outputs of operations that are worth remembering. */
type Through = (make: () => Tensor) => Tensor;

let through: Through | undefined;

/**
 * Computes an output that is dear for its size, unless it is remembered.
 *
 * To be called within an operation whose gradient does not need the output; nothing may write into it.
 *
 * @param make Computes it, as a tensor of its own.
 */
export function remember(make: () => Tensor): Tensor {
  return through ? through(make) : make();
}

/** Runs an encoding and remembers its dear outputs, which the caller recalls or disposes. */
export function remembering<T>(run: () => T): { result: T; remembered: Remembered } {
  const remembered: Remembered = [];
  try {
    const result = within((make) => {
      const output = make();
      remembered.push(tf.keep(tf.clone(output)));
      return output;
    }, run);
    return { result, remembered };
  } catch (error) {
    tf.dispose(remembered);
    throw error;
  }
}

/**
 * Runs the same encoding again with the outputs that were remembered, each of which is let go of as it is used.
 *
 * @throws {Error} If the encoding asks for other outputs than it gave.
 */
export function recalling<T>(remembered: Remembered, run: () => T): T {
  let asked = 0;
  const result = within((make) => {
    const output = remembered[asked++];
    if (!output) return make();
    const recalled = tf.clone(output);
    output.dispose();
    return recalled;
  }, run);
  if (asked === remembered.length) return result;
  throw new Error(
    `Cannot replay: an encoder computed ${remembered.length} outputs that are remembered at first, and ${asked} when it ` +
      `was run again; expected a pure function`,
  );
}

/** Runs an encoding and says what its dear outputs take, bytes to remember them and milliseconds to compute them. */
export function weighing<T>(run: () => T): { result: T; bytes: number; ms: number } {
  let [bytes, ms] = [0, 0];
  const result = within((make) => {
    const start = performance.now();
    const output = make();
    ms += performance.now() - start;
    bytes += output.size * tf.util.bytesPerElement(output.dtype);
    return output;
  }, run);
  return { result, bytes, ms };
}

function within<T>(next: Through, run: () => T): T {
  const before = through;
  through = next;
  try {
    return run();
  } finally {
    through = before;
  }
}
