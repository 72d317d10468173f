/**
 * Turns the first Ctrl-C into an aborted signal; the second ends the process.
 *
 * @module
 */
import { setImmediate } from "node:timers";

/** Why a run was stopped. */
export class Interruption extends Error {
  override readonly name = "Interruption";
  /** The exit status by which shells know the signal: 128 plus its number. */
  readonly exitStatus: number;

  constructor(readonly source: "SIGINT" | "SIGTERM") {
    super(`Interrupted by ${source}`);
    this.exitStatus = source === "SIGINT" ? 130 : 143;
  }
}

/** Listens for Ctrl-C. */
export interface InterruptListener {
  /** Aborted, with an {@linkcode Interruption} as reason, by the first signal. */
  readonly signal: AbortSignal;
  /** Lets a pending signal arrive. */
  turn(): Promise<void>;
  /** Lets a pending signal arrive; throws the reason if one has. */
  pause(): Promise<void>;
  /** Stops listening. */
  stop(): void;
}

/**
 * Listens for SIGINT and SIGTERM, once: after the first of them the process no longer listens, so that the second ends it
 * at once, whatever it is doing. The first is heard only when the event loop turns, so long work has to `pause` between
 * its steps.
 *
 * @param onFirst Called by the first signal, after `signal` is aborted.
 */
export function listenForInterrupt(onFirst: (reason: Interruption) => void): InterruptListener {
  const controller = new AbortController();
  const { signal } = controller;
  // Windows knows no SIGTERM.
  const sources = Deno.build.os === "windows" ? ["SIGINT"] as const : ["SIGINT", "SIGTERM"] as const;
  const handlers = sources.map((source) => [source, () => hear(source)] as const);
  function stop(): void {
    for (const [source, handler] of handlers) Deno.removeSignalListener(source, handler);
  }
  function hear(source: Interruption["source"]): void {
    stop();
    const reason = new Interruption(source);
    controller.abort(reason);
    onFirst(reason);
  }
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
  for (const [source, handler] of handlers) Deno.addSignalListener(source, handler);
  return {
    signal,
    stop,
    turn,
    async pause() {
      signal.throwIfAborted();
      await turn();
      signal.throwIfAborted();
    },
  };
}
