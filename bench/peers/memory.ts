/**
 * A step with pytorch-metric-learning's memory.
 *
 * @module
 */
import { z } from "zod";
import { entryKinds, type MemoryLoss, memoryLossNames, type MemorySpec } from "../memory_spec.ts";
import { type Python, runPython } from "./python.ts";

const MEMORY_POINT = z.object({
  loss: z.enum(memoryLossNames),
  entries: z.enum(entryKinds),
  size: z.int().positive(),
  batch: z.int().positive(),
  parameters: z.int().positive(),
  plainMs: z.number().positive(),
  ms: z.number().positive(),
  plainRssAboveBase: z.number(),
  rssAboveBase: z.number(),
  torch: z.string(),
  library: z.string(),
  threads: z.int().positive(),
  mkl: z.boolean(),
});

/** What a step takes there without a memory and with one, as `cross_batch_memory.py` prints it. */
export type PeerMemoryPoint = z.infer<typeof MEMORY_POINT>;

/**
 * The most entries that a loss is compared over. Its triplet loss compares every pair of a positive with every pair of a
 * negative to find those of the same anchor: 0.6 GB over 5,000 entries, a hundred times that over 50,000.
 */
export const MOST_ENTRIES: Readonly<Partial<Record<MemoryLoss, number>>> = { triplet: 5000 };

/** A spec as both sides can take it: no more entries than theirs is able to, and their convention, one detached loss. */
export function comparable(spec: MemorySpec): MemorySpec {
  return { ...spec, size: Math.min(spec.size, MOST_ENTRIES[spec.loss] ?? Infinity), convention: "joint" };
}

/** Measures theirs in a new process. */
export function measurePeerMemory(
  python: Python,
  { loss, entries, size, batch, steps }: MemorySpec,
): PeerMemoryPoint | { failure: string } {
  return runPython(python, "./cross_batch_memory.py", { loss, entries, size, batch, steps }, MEMORY_POINT);
}
