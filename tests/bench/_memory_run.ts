import type { MemoryPoint } from "../../bench/memory_point.ts";
import type { OwnRun, PeerRun } from "../../bench/memory_rows.ts";

/** A process of ours, with the fields that matter. */
export function ownRun(fields: Partial<MemoryPoint> = {}): OwnRun {
  return {
    round: 1,
    side: "gradfold",
    loss: "contrastive",
    entries: "far",
    size: 50000,
    convention: "sum",
    batch: 64,
    steps: 3,
    engine: "wasm",
    parameters: 10,
    plainMs: 100,
    ms: 120,
    plainPeakBytes: 1e6,
    peakBytes: 2e6,
    plainRssAboveBase: 3e6,
    rssAboveBase: 4e6,
    ...fields,
  };
}

/** A process of theirs. */
export function peerRun(fields: Partial<PeerRun> = {}): PeerRun {
  return {
    round: 1,
    side: "PyTorch",
    loss: "contrastive",
    entries: "far",
    size: 50000,
    batch: 64,
    parameters: 10,
    plainMs: 90,
    ms: 240,
    plainRssAboveBase: 3e6,
    rssAboveBase: 8e6,
    torch: "2.9",
    library: "2.8",
    threads: navigator.hardwareConcurrency,
    mkl: true,
    ...fields,
  };
}
