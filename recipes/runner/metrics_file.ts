/**
 * The file metrics.jsonl: lines that are only ever added, except that a resumed run takes back those that it makes again.
 *
 * @module
 */
import { toJson } from "./json.ts";
import { UsageError } from "./usage_error.ts";
import { writeAll } from "./write_whole.ts";

/** A place in the file. */
export interface MetricsMark {
  readonly lines: number;
  readonly bytes: number;
}

/** The open file. */
export interface MetricsFile {
  /** How many lines the run has passed: those that it wrote, and of those that stood there when it was resumed, as many as it came by. */
  readonly line: number;
  /** How many lines the run has yet to come by until it is where it was stopped. */
  readonly ahead: number;
  /** Adds a line; it is in the file, whole, when the call returns. A resumed run finds it there until it is where it was. */
  append(record: object): void;
  /** Comes by some lines at once, which stand there already. */
  pass(lines: number): void;
  /** Waits until the disk has all lines, and says where they end. */
  flush(): MetricsMark;
  /** Cuts the file at a mark and begins again at its first line, where all is ahead. Throws a UsageError if it is shorter. */
  rewind(mark: MetricsMark): void;
  close(): void;
}

/** Takes an open file for metrics. */
export function metricsFile(file: Deno.FsFile): MetricsFile {
  let line = 0;
  let end: MetricsMark = { lines: 0, bytes: 0 };
  return {
    get line() {
      return line;
    },
    get ahead() {
      return end.lines - line;
    },
    append(record) {
      line++;
      if (line <= end.lines) return;
      const bytes = new TextEncoder().encode(`${toJson(record)}\n`);
      writeAll(file, bytes);
      end = { lines: line, bytes: end.bytes + bytes.length };
    },
    pass(lines) {
      line += lines;
    },
    flush() {
      file.syncSync();
      return end;
    },
    rewind(mark) {
      const { size } = file.statSync();
      if (size < mark.bytes) {
        throw new UsageError(`Cannot resume: metrics.jsonl has ${size} bytes, expected at least ${mark.bytes}`);
      }
      file.truncateSync(mark.bytes);
      file.syncSync();
      line = 0;
      end = mark;
    },
    close: () => file.close(),
  };
}
