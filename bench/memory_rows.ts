/**
 * What steps with a memory take beside those without, and beside pytorch-metric-learning's.
 *
 * @module
 */
import { formatTable } from "../recipes/runner/table.ts";
import type { Claim } from "./claims.ts";
import { median } from "./median.ts";
import type { MemoryPoint } from "./memory_point.ts";
import { describeMemory, type MemorySpec } from "./memory_spec.ts";
import type { PeerMemoryPoint } from "./peers/memory.ts";

/** A process of ours. */
export type OwnRun = { readonly round: number; readonly side: "gradfold" } & MemoryPoint;
/** A process of theirs. */
export type PeerRun = { readonly round: number; readonly side: "PyTorch" } & PeerMemoryPoint;
/** One process of one side. */
export type MemoryRun = OwnRun | PeerRun;

/** The most that a step with a memory may take, relative to the step without. */
export const MOST_RATIO = 1.3;
/** The most that ours may take, relative to theirs. */
export const MOST_PEER_RATIO = 1;

/** Medians over rounds of the same spec. */
export interface MemoryRow extends Omit<MemoryPoint, "steps" | "convention"> {
  readonly spec: MemorySpec;
  /** With the memory to without: the median over the processes, each of which took both in turns. */
  readonly ratio: number;
}

/** The rows of our side under a convention, in the order in which they were first measured. */
export function memoryRows(runs: readonly MemoryRun[], convention: MemorySpec["convention"]): MemoryRow[] {
  const own = runs.filter((run): run is OwnRun => run.side === "gradfold" && run.convention === convention);
  return [...Map.groupBy(own, describeMemory).values()].map((same) => {
    const middle = (of: (run: OwnRun) => number) => median(same.map(of));
    return {
      ...same[0]!,
      spec: same[0]!,
      plainMs: middle(({ plainMs }) => plainMs),
      ms: middle(({ ms }) => ms),
      ratio: middle(({ ms, plainMs }) => ms / plainMs),
      // A budget is to be kept in every process.
      plainPeakBytes: Math.max(...same.map(({ plainPeakBytes }) => plainPeakBytes)),
      peakBytes: Math.max(...same.map(({ peakBytes }) => peakBytes)),
      plainRssAboveBase: middle(({ plainRssAboveBase }) => plainRssAboveBase),
      rssAboveBase: middle(({ rssAboveBase }) => rssAboveBase),
    };
  });
}

/** Checks that a memory costs little: one claim for each row. Times are claimed and not required. */
export function checkRatios(rows: readonly MemoryRow[]): Claim[] {
  return rows.map(({ spec, ratio }) => ({
    claim: `${describeMemory(spec)}: a step takes ${ratio.toFixed(2)} of the time without a memory, ` +
      `claimed ${MOST_RATIO.toFixed(2)}`,
    holds: ratio <= MOST_RATIO,
    required: false,
  }));
}

/** Checks that no step takes more bytes than its budget. */
export function checkMemoryBudgets(rows: readonly MemoryRow[]): Claim[] {
  return rows.flatMap(({ spec, peakBytes, budget }) =>
    budget === undefined ? [] : [{
      claim: `${describeMemory(spec)}: peak tensor bytes are ${(100 * peakBytes / budget).toFixed(1)} % of the budget`,
      holds: peakBytes <= budget,
      required: true,
    }]
  );
}

/** A table of steps with and without a memory. */
export function formatMemory(rows: readonly MemoryRow[]): string {
  const head = ["loss", "entries", "of", "budget MB", "ms without", "ms", "ratio"];
  return formatTable(
    [...head, "peak tensors MB without", "peak tensors MB", "RSS MB without", "RSS MB"],
    rows.map((row) => [
      row.loss,
      row.entries,
      row.size.toLocaleString("en"),
      row.budget === undefined ? "-" : row.budget / 1e6,
      row.plainMs.toFixed(1),
      row.ms.toFixed(1),
      row.ratio.toFixed(2),
      megabytes(row.plainPeakBytes),
      megabytes(row.peakBytes),
      megabytes(row.plainRssAboveBase),
      megabytes(row.rssAboveBase),
    ]),
  );
}

/** Bytes as megabytes. */
export function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
