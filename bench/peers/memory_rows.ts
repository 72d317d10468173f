/**
 * Our steps with a memory beside pytorch-metric-learning's.
 *
 * @module
 */
import { formatTable } from "../../recipes/runner/table.ts";
import type { Claim } from "../claims.ts";
import { median } from "../median.ts";
import {
  megabytes,
  type MemoryRow,
  memoryRows,
  type MemoryRun,
  MOST_PEER_RATIO,
  type PeerRun,
} from "../memory_rows.ts";
import { describeMemory } from "../memory_spec.ts";

/** Medians over rounds, ours and theirs. */
export interface PeerMemoryRow {
  readonly ours: MemoryRow;
  readonly theirs: Pick<MemoryRow, "plainMs" | "ms" | "rssAboveBase" | "parameters">;
}

/** The rows that both sides were measured on. */
export function comparePeers(runs: readonly MemoryRun[]): PeerMemoryRow[] {
  const peers = runs.filter((run): run is PeerRun => run.side === "PyTorch");
  return memoryRows(runs, "joint").filter(({ budget }) => budget === undefined).flatMap((ours) => {
    const same = peers.filter(({ loss, entries, size }) =>
      loss === ours.loss && entries === ours.entries && size === ours.size
    );
    if (same.length === 0) return [];
    const theirs = {
      parameters: same[0]!.parameters,
      plainMs: median(same.map(({ plainMs }) => plainMs)),
      ms: median(same.map(({ ms }) => ms)),
      rssAboveBase: median(same.map(({ rssAboveBase }) => rssAboveBase)),
    };
    return [{ ours, theirs }];
  });
}

/** Checks that both sides have as many parameters, and that ours takes no longer with the memory. */
export function checkPeers(rows: readonly PeerMemoryRow[]): Claim[] {
  const counts = rows.map(({ ours, theirs }) => [ours.parameters, theirs.parameters] as const);
  const [first] = counts;
  const same = first && {
    claim: `the residual encoder: ${first[0]} parameters, in PyTorch ${first[1]}`,
    holds: counts.every(([ours, theirs]) => ours === theirs),
    required: true,
  };
  return [
    ...same ? [same] : [],
    ...rows.map(({ ours, theirs }) => ({
      claim:
        `${describeMemory(ours.spec)}: a step takes ${(ours.ms / theirs.ms).toFixed(2)} of pytorch-metric-learning's ` +
        `time, claimed ${MOST_PEER_RATIO.toFixed(2)}`,
      holds: ours.ms / theirs.ms <= MOST_PEER_RATIO,
      required: false,
    })),
  ];
}

/** The libraries behind the numbers, and what of them is not as it should be. */
export function describePeers(runs: readonly MemoryRun[]): string[] {
  const cores = navigator.hardwareConcurrency;
  const lines = runs.map((run) => {
    if (run.side === "gradfold") return `gradfold: ${run.engine} engine`;
    const threads = run.threads === cores ? "" : `, though there are ${cores} cores`;
    return `PyTorch: torch ${run.torch}, pytorch-metric-learning ${run.library}, ${run.threads} threads${threads}, ` +
      `${run.mkl ? "with" : "without"} MKL`;
  });
  return [...new Set(lines)];
}

/** A table of rows; ratios are ours to theirs, so that below 1 ours takes less. */
export function formatPeers(rows: readonly PeerMemoryRow[]): string {
  const ratio = (ours: number, theirs: number) => theirs > 0 ? (ours / theirs).toFixed(2) : "-";
  return formatTable(
    [
      "loss",
      "entries",
      "of",
      "ms",
      "their ms",
      "ratio",
      "RSS MB",
      "their RSS MB",
      "ratio",
      "ms without",
      "their ms without",
    ],
    rows.map(({ ours, theirs }) => [
      ours.loss,
      ours.entries,
      ours.size.toLocaleString("en"),
      ours.ms.toFixed(1),
      theirs.ms.toFixed(1),
      ratio(ours.ms, theirs.ms),
      megabytes(ours.rssAboveBase),
      megabytes(theirs.rssAboveBase),
      ratio(ours.rssAboveBase, theirs.rssAboveBase),
      ours.plainMs.toFixed(1),
      theirs.plainMs.toFixed(1),
    ]),
  );
}
