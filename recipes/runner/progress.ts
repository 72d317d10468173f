/**
 * Shows how far a run has come: one line that is redrawn on a terminal, plain lines now and then elsewhere.
 *
 * @module
 */
import { barLine, plainLine, type ProgressState } from "./progress_line.ts";

/** Shows how far the recipe has come. One count runs at a time. */
export interface Progress {
  /** Starts to count to `total`. */
  begin(label: string, total: number, options?: CountOptions): void;
  /** Counts on. The note, such as the loss, stays until the next one. */
  advance(count?: number, note?: string): void;
  /** Says something beside the count. */
  note(text: string): void;
  /** Ends the count: clears the bar, or writes a last line. */
  end(): void;
  /**
   * Counts a loop: yields `from` to `total - 1`, lets Ctrl-C arrive between the steps, and ends the count however the loop
   * is left.
   */
  steps(label: string, total: number, options?: CountOptions): AsyncGenerator<number, void, void>;
}

/** How something is counted. */
export interface CountOptions {
  /** What is counted, in the singular; "step" if left out. */
  readonly unit?: string;
  /** How many were done before, where a run is resumed; 0 if left out. */
  readonly from?: number;
}

/** The progress that the runner holds. */
export interface ProgressDisplay extends Progress {
  /** Prints a line above the bar. */
  log(line: string): void;
  /** Prints a line about something wrong above the bar. */
  warn(line: string): void;
}

/** Where and how progress is shown. */
export interface ProgressOptions {
  /** Whether a line can be redrawn. */
  readonly terminal: boolean;
  /** The width of the terminal. */
  readonly columns: () => number;
  /** Shows text as it is, without a line break. */
  readonly write: (text: string) => void;
  /** Prints a line of results. */
  readonly print: (line: string) => void;
  /** Prints a line about something wrong. */
  readonly printError: (line: string) => void;
  /** Lets a pending Ctrl-C arrive. */
  readonly pause: () => Promise<void>;
  /** Milliseconds since some start. */
  readonly now?: () => number;
  /** Seconds between plain lines, 10 if left out. */
  readonly every?: number;
}

/** Milliseconds between redrawings of the bar. */
const REDRAW = 100;
/** Milliseconds over which the rate is measured. */
const WINDOW = 30_000;
const CLEAR = "\r\x1b[2K";

/** Makes a progress display. */
export function createProgress(options: ProgressOptions): ProgressDisplay {
  const { terminal, columns, write, pause, now = () => performance.now(), every = 10 } = options;
  let count: Count | undefined;
  let shownAt = -Infinity;

  function show(): void {
    if (!count) return;
    shownAt = now();
    const state = count.state(shownAt);
    // One column stays free: writing the last one makes some terminals wrap.
    write(terminal ? CLEAR + barLine(state, columns() - 1) : `${plainLine(state)}\n`);
  }
  function showIfDue(): void {
    if (now() - shownAt >= (terminal ? REDRAW : every * 1000)) show();
  }

  function showAbove(line: string, print: (line: string) => void): void {
    if (terminal && count) write(CLEAR);
    print(line);
    if (terminal) show();
  }

  const display: ProgressDisplay = {
    begin(label, total, { unit = "step", from = 0 } = {}) {
      if (!Number.isInteger(total) || total < 0) {
        throw new RangeError(`Cannot count to ${total}: expected an integer of at least 0`);
      }
      if (!Number.isInteger(from) || from < 0 || from > total) {
        throw new RangeError(`Cannot count from ${from}: expected an integer from 0 to ${total}`);
      }
      display.end();
      count = new Count(label, total, unit, from, now());
      shownAt = terminal ? -Infinity : now();
      showIfDue();
    },
    advance(by = 1, note) {
      count?.advance(by, note, now());
      showIfDue();
    },
    note(text) {
      if (count) count.note = text;
    },
    end() {
      if (!count) return;
      if (terminal) write(CLEAR);
      else show();
      count = undefined;
    },
    log(line) {
      showAbove(line, options.print);
    },
    warn(line) {
      showAbove(line, options.printError);
    },
    async *steps(label, total, options = {}) {
      display.begin(label, total, options);
      try {
        for (let step = options.from ?? 0; step < total; step++) {
          await pause();
          yield step;
          display.advance();
        }
      } finally {
        display.end();
      }
    },
  };
  return display;
}

/** How far one count has come, and how fast. */
class Count {
  note = "";
  #done: number;
  readonly #recent: { readonly time: number; readonly done: number }[];

  constructor(
    readonly label: string,
    readonly total: number,
    readonly unit: string,
    from: number,
    readonly start: number,
  ) {
    this.#done = from;
    this.#recent = [{ time: start, done: from }];
  }

  advance(by: number, note: string | undefined, time: number): void {
    this.#done += by;
    if (note !== undefined) this.note = note;
    const last = this.#recent.at(-1)!;
    if (time - last.time >= REDRAW) this.#recent.push({ time, done: this.#done });
    while (this.#recent.length > 2 && time - this.#recent[1]!.time > WINDOW) this.#recent.shift();
  }

  state(time: number): ProgressState {
    const from = this.#recent[0]!;
    const rate = time > from.time ? 1000 * (this.#done - from.done) / (time - from.time) : 0;
    const { label, total, unit, note } = this;
    return { label, total, unit, note, done: this.#done, rate, seconds: (time - this.start) / 1000 };
  }
}
