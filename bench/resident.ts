/**
 * The peak of a process's resident memory, seen from a thread beside the one that computes.
 *
 * @module
 */

/** Watches the resident memory of this process. */
export interface ResidentWatch {
  /** The memory now; the peak starts again from there. */
  restart(): number;
  /** The most that was seen since. */
  peak(): number;
  /** Ends the thread. */
  stop(): void;
}

/** What the threads share: the peak, and whether to go on. */
export const SHARED_BYTES = 16;

/** Starts the thread, which looks every millisecond. */
export async function watchResident(): Promise<ResidentWatch> {
  const shared = new SharedArrayBuffer(SHARED_BYTES);
  const peak = new Float64Array(shared, 0, 1);
  const stopped = new Int32Array(shared, 8, 1);
  const worker = new Worker(new URL("./resident_worker.ts", import.meta.url), { type: "module" });
  // The second message says that the worker has begun, so that its own memory is not counted.
  for (const message of [undefined, shared]) {
    if (message) worker.postMessage(message);
    await new Promise((resolve) => worker.addEventListener("message", resolve, { once: true }));
  }
  const now = () => Deno.memoryUsage().rss;
  return {
    restart: () => peak[0] = now(),
    peak: () => Math.max(peak[0]!, now()),
    stop() {
      Atomics.store(stopped, 0, 1);
      Atomics.notify(stopped, 0);
    },
  };
}
