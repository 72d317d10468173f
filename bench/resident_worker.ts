/**
 * The thread of `resident.ts`.
 *
 * @module
 */

// The compiler knows this file as a page, not as a worker.
const thread = self as unknown as {
  postMessage(message: string): void;
  onmessage: ((event: MessageEvent<SharedArrayBuffer>) => void) | null;
  close(): void;
};

thread.onmessage = ({ data }) => {
  const peak = new Float64Array(data, 0, 1);
  const stopped = new Int32Array(data, 8, 1);
  thread.postMessage("watching");
  while (Atomics.load(stopped, 0) === 0) {
    peak[0] = Math.max(peak[0]!, Deno.memoryUsage().rss);
    Atomics.wait(stopped, 0, 0, 1);
  }
  thread.close();
};
thread.postMessage("loaded");
