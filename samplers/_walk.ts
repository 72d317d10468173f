/**
 * Walks from example to hard negative.
 *
 * @module
 */
import { remaining } from "./_remaining.ts";
import type { HardNegatives } from "./hard_negatives.ts";

/** How many unused examples are looked at for one whose label is not in the batch, so that the work stays linear. */
const REACH = 16;

/**
 * Draws batch after batch along walks.
 *
 * @param order All examples in the order in which they come where no walk leads.
 * @returns A function that draws the next batch.
 */
export function walk(
  { indices, width, labels }: HardNegatives,
  order: Int32Array,
  { batchSize, random }: { readonly batchSize: number; readonly random: number },
): () => Int32Array {
  const unused = remaining(order);
  const labelOf = (example: number) => labels ? labels[example]! : example;
  const walked = batchSize - Math.round(random * batchSize);
  return () => {
    const batch: number[] = [];
    const present = new Set<number>();
    const fits = (example: number) => unused.has(example) && !present.has(labelOf(example));
    const path: number[] = [];
    while (batch.length < batchSize) {
      // The first example is there already, though no walk led to it.
      const last = batch.length <= walked ? path.at(-1) : undefined;
      const next = last === undefined
        ? unused.find(fits, REACH)
        : indices.subarray(last * width, (last + 1) * width).find(fits);
      if (next !== undefined) {
        unused.remove(next);
        present.add(labelOf(next));
        batch.push(next);
        path.push(next);
      } else if (last !== undefined) {
        path.pop();
      } else {
        break;
      }
    }
    return Int32Array.from(batch);
  };
}
