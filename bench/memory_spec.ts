/**
 * Which steps with a memory are measured.
 *
 * @module
 */
import { type BackendName, parseBytes, type RowLoss } from "../core/mod.ts";
import { contrastive, multiSimilarity, triplet } from "../losses/mod.ts";
import { UsageError } from "../recipes/runner/usage_error.ts";
import type { Convention } from "../samplers/mod.ts";
import { count, engineNames, pick, readOptions } from "./options.ts";

/** The losses by name. */
export const memoryLosses = {
  contrastive: () => contrastive(),
  multiSimilarity: () => multiSimilarity(),
  triplet: () => triplet(),
} as const satisfies Readonly<Record<string, () => RowLoss>>;
/** The name of a loss. */
export type MemoryLoss = keyof typeof memoryLosses;
export const memoryLossNames = Object.keys(memoryLosses) as [MemoryLoss, ...MemoryLoss[]];

/** Where entries lie: around zero, or where what the encoder gives lies. */
export const entryKinds = ["far", "near"] as const;

/** How memory and batch make one loss. */
export const conventionNames = ["sum", "joint", "live"] as const satisfies readonly Convention[];

/** What to measure. */
export interface MemorySpec {
  readonly loss: MemoryLoss;
  /** Entries that lie `far` have hardly a negative within a margin, those that are `near` have all. */
  readonly entries: (typeof entryKinds)[number];
  /** How many entries the memory holds. */
  readonly size: number;
  readonly convention: Convention;
  /** Images in a batch, four of a class. */
  readonly batch: number;
  /** Times that each step is taken, at least. */
  readonly steps: number;
  /** The budget of both steps in bytes; they take the whole batch at once if left out. */
  readonly budget?: number;
}

/** Images of a class in a batch. */
export const PER_CLASS = 4;

/** A spec in words. */
export function describeMemory(
  { loss, entries, size, budget }: Pick<MemorySpec, "loss" | "entries" | "size" | "budget">,
): string {
  const within = budget === undefined ? "" : ` within ${budget / 1e6} MB`;
  return `${loss}, ${size.toLocaleString("en")} entries ${entries}${within}`;
}

/** Reads the command line of a point. */
export function parseMemorySpec(args: readonly string[]): { spec: MemorySpec; backend?: BackendName } {
  const given = readOptions(args, ["loss", "entries", "size", "convention", "batch", "steps", "budget", "backend"]);
  return {
    spec: {
      loss: pick("loss", given.loss ?? "contrastive", memoryLossNames),
      entries: pick("entries", given.entries ?? "far", entryKinds),
      size: count("size", given.size ?? "50000", 1),
      convention: pick("convention", given.convention ?? "sum", conventionNames),
      batch: count("batch", given.batch ?? "64", PER_CLASS),
      steps: count("steps", given.steps ?? "3", 1),
      ...(given.budget === undefined ? {} : { budget: bytesOf(given.budget) }),
    },
    ...(given.backend === undefined ? {} : { backend: pick("backend", given.backend, engineNames) }),
  };
}

/** The value of `--budget`. */
export function bytesOf(budget: string): number {
  const bytes = parseBytes(budget);
  if (bytes === undefined) throw new UsageError(`Cannot use --budget ${budget}: expected a size such as 100MB`);
  return bytes;
}
