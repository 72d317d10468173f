/**
 * Starts the wasm engine, with threads if they are asked for, which its package does in browsers only.
 *
 * Threads take nearly half off large products on two processors that have nothing else to do. But the engine shares out
 * every operation and spins until all shares are done: where a processor is busy with something else, each operation
 * waits for it, and many small ones take ten times as long as without threads. So one thread is the default.
 *
 * The package has a build with threads. Under Deno it finds Node's way of making them, and that fails on three counts:
 * the script of its threads comes as a blob, that script needs names which a thread has not, and the number of
 * processors is asked for in a way that needs a permission. So threads are started here, and handed over when the
 * package asks for them. Where one does not start, the engine runs without.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { getThreadsCount, setThreadsCount } from "@tensorflow/tfjs-backend-wasm";
import os from "node:os";
import nodeThreads, { Worker as Thread } from "node:worker_threads";

/** More than these the engine does not use. */
const MOST = 8;

/** The environment variable that says how many threads the engine may use. */
export const threadsVariable = "GRADFOLD_WASM_THREADS";

/** How long threads may take to start, in milliseconds. */
const PATIENCE = 10_000;

const flag = "WASM_HAS_MULTITHREAD_SUPPORT";
const script = "wasm-out/tfjs-backend-wasm-threaded-simd";

/** A message between the engine and a thread. */
interface Message {
  readonly cmd: string;
}

/**
 * Starts the engine.
 *
 * @param folder The folder of the engine's package.
 * @param wanted How many threads to compute with, as a text; one if left out.
 * @returns Whether it started.
 * @throws {RangeError} If the text is no number of threads.
 */
export async function startWasm(folder: string | undefined, wanted = "1"): Promise<boolean> {
  const count = Number(wanted);
  if (!Number.isInteger(count) || count < 1 || count > MOST) {
    throw new RangeError(`${threadsVariable} is "${wanted}", expected an integer from 1 to ${MOST}`);
  }
  if (folder && count > 1 && !("wasm" in tf.engine().registry)) {
    // The thread that calls the engine is one of them.
    const threads = await startThreads(folder, count - 1);
    if (threads && await withThreads(threads, count)) return true;
    threads?.forEach((thread) => thread.terminate());
    tf.env().set(flag, false);
  }
  return await tf.setBackend("wasm");
}

/** How many threads the engine that runs computes with. */
export function wasmThreads(): number {
  return getThreadsCount();
}

/** Starts threads that wait for the engine; undefined if one does not start. */
async function startThreads(folder: string, count: number): Promise<Thread[] | undefined> {
  const path = JSON.stringify(`${folder}${script}`);
  // The package's script of a thread takes its surroundings for Node's, where these names can be set.
  const code = `const threads = require("node:worker_threads");
  try {
    Object.defineProperty(globalThis, "location", { value: {}, writable: true, configurable: true });
    globalThis.__dirname = globalThis.__filename = ${path};
    (0, eval)(require(${path} + ".worker.js").wasmWorkerContents.replace(/\\n/g, "\\\\n"));
    globalThis.importScripts = () => globalThis.WasmBackendModuleThreadedSimd = require(${path} + ".js");
    threads.parentPort.postMessage({ cmd: "started" });
  } catch {
    threads.parentPort.postMessage({ cmd: "failed" });
  }`;
  const threads: Thread[] = [];
  try {
    for (let i = 0; i < count; i++) {
      const thread = new Thread(code, { eval: true });
      thread.unref();
      threads.push(thread);
    }
    if (await all(threads, "started")) return threads;
  } catch {
    // Without threads then.
  }
  threads.forEach((thread) => thread.terminate());
}

/** Waits until each thread has sent a message; false if one sends another, or none in time. */
async function all(threads: readonly Thread[], expected: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), PATIENCE);
  const messages = threads.map((thread) =>
    new Promise<Message>((resolve, reject) => thread.once("message", resolve).once("error", reject))
  );
  const sent = Promise.all(messages).then((all) => all.every(({ cmd }) => cmd === expected), () => false);
  try {
    return await Promise.race([promise, sent]);
  } finally {
    clearTimeout(timer);
  }
}

/** Starts the engine with these threads. */
async function withThreads(threads: readonly Thread[], count: number): Promise<boolean> {
  const { Worker } = nodeThreads;
  const { cpus } = os;
  const failure = Promise.withResolvers<false>();
  const page = globalThis.Worker;
  nodeThreads.Worker = lender(threads, () => failure.resolve(false)) as unknown as typeof Thread;
  // The engine takes half as many threads as there are processors.
  os.cpus = () => new Array(2 * count);
  tf.env().set(flag, true);
  setThreadsCount(count);
  try {
    return await Promise.race([tf.setBackend("wasm"), failure.promise]);
  } finally {
    nodeThreads.Worker = Worker;
    os.cpus = cpus;
    // The package puts what it takes for Node's in its place.
    globalThis.Worker = page;
  }
}

/**
 * The kind of worker that the package gets: as many as it wants, but only those that it runs something on are given one
 * of the threads.
 */
function lender(threads: readonly Thread[], fail: () => void): new () => unknown {
  const free = [...threads];
  let loaded: Promise<boolean> | undefined;

  const load = (message: Message): Promise<boolean> => {
    // A blob does not reach a thread, which knows the package's main script anyway.
    for (const thread of threads) thread.postMessage({ ...message, urlOrBlob: "" });
    return all(threads, "loaded");
  };

  return class Lent {
    thread: Thread | undefined;
    listener: (message: Message) => void = () => {};

    on(event: string, listener: (message: Message) => void): void {
      if (event === "message") this.listener = listener;
    }

    postMessage(message: Message): void {
      if (message.cmd === "load") {
        loaded ??= load(message);
        loaded.then((ready) => ready ? this.listener({ cmd: "loaded" }) : fail());
        return;
      }
      if (!this.thread) {
        this.thread = free.pop();
        this.thread?.on("message", this.listener);
      }
      this.thread?.postMessage(message);
    }

    ref(): void {}
    unref(): void {}
    terminate(): void {
      this.thread?.terminate();
    }
  };
}
