/**
 * Plans in words.
 *
 * @module
 */
import { formatBytes } from "./bytes.ts";
import type { MemoryPlan, PlannedInput } from "./plan.ts";

/**
 * Describes a plan in one line, such as `8 chunks of 64, 3 on the tape, tiles of 32.0 MB: 471 MB of 512 MB, about 1.12x of
 * the full batch`. Inputs that are treated differently are named.
 *
 * @example
 * ```ts
 * import { describePlan } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 *
 * const text = describePlan({
 *   budgetBytes: 2e6,
 *   predictedBytes: 1.8e6,
 *   peakBytes: 1.75e6,
 *   tileBytes: 4e5,
 *   relativeTime: 1.25,
 *   inputs: [{ name: "input 0", chunkSize: 16, chunks: 4, kept: 1 }],
 *   corrected: false,
 * });
 * assertEquals(
 *   text,
 *   "4 chunks of 16, 1 on the tape, tiles of 400 kB: 1.75 MB of 2.00 MB, about 1.25x of the full batch",
 * );
 * ```
 */
export function describePlan(memory: MemoryPlan): string {
  const { budgetBytes, peakBytes, tileBytes, relativeTime } = memory;
  const texts = memory.inputs.map(describeInput);
  const inputs = new Set(texts).size === 1
    ? texts[0]
    : texts.map((text, i) => `${memory.inputs[i]!.name}: ${text}`).join("; ");
  return `${inputs}, tiles of ${formatBytes(tileBytes)}: ${formatBytes(peakBytes)} of ${formatBytes(budgetBytes)}, ` +
    `about ${relativeTime.toFixed(2)}x of the full batch${memory.corrected ? ", corrected" : ""}`;
}

function describeInput({ chunks, chunkSize, chunkTokens, kept, remember }: PlannedInput): string {
  const size = chunkTokens === undefined ? `${chunkSize}` : `${chunkTokens} tokens`;
  return `${chunks} ${chunks === 1 ? "chunk" : "chunks"} of ${size}, ${kept === chunks ? "all" : kept} on the tape` +
    (remember ? " and dear outputs of the others remembered" : "");
}
