/**
 * Watches how many bytes tensors take.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";

/** The engine's count, the same in every build of TensorFlow.js 4. */
interface EngineState {
  numBytes: number;
}

/** Sees every change of the count until it is stopped. */
export interface PeakWatch {
  /** Bytes that are held now, above those when the watch began. */
  held(): number;
  /** The most that was held since the last call, or since the watch began; the next call starts at what is held now. */
  lap(): number;
  /** Ends the watch. */
  stop(): void;
}

const watches = new Set<{ peak: number }>();

/** Starts to watch; every start needs a stop. */
export function watchPeak(): PeakWatch {
  const state = (tf.engine() as unknown as { state: EngineState }).state;
  const base = state.numBytes;
  const watch = { peak: base };
  if (watches.size === 0) observe(state);
  watches.add(watch);
  return {
    held: () => state.numBytes - base,
    lap() {
      const { peak } = watch;
      watch.peak = state.numBytes;
      return peak - base;
    },
    stop() {
      if (watches.delete(watch) && watches.size === 0) release(state);
    },
  };
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
