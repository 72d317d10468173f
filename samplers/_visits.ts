/**
 * Classes, or other units, that come to batches equally often.
 *
 * @module
 */
import { fold, type Key } from "../core/key.ts";
import { permutation } from "../core/stream.ts";
import { deal } from "./_deal.ts";

/** A unit in a batch. */
export interface Visit {
  /** The unit. */
  readonly unit: number;
  /** How often the unit came before, in this epoch and all earlier ones. */
  readonly index: number;
}

/**
 * Plans which units come to the batches of an epoch: to each batch `perBatch` different ones. At the end of each epoch
 * the numbers of visits so far differ by at most one.
 */
export function planVisits(
  { key, units, perBatch, batches }: { key: Key; units: number; perBatch: number; batches: number },
): (epochKey: Key, epoch: number) => Visit[][] {
  const ranks = permutation(fold(key, "ranks"), units);
  // Over ranks 0 … units - 1 these sum to all visits before the epoch (Hermite's identity).
  const visitsBefore = (unit: number, epoch: number) => Math.floor((epoch * batches * perBatch + ranks[unit]!) / units);
  return (epochKey, epoch) => {
    const order = [...permutation(fold(epochKey, "units"), units)];
    const sequence = order.flatMap((unit) =>
      new Array<number>(visitsBefore(unit, epoch + 1) - visitsBefore(unit, epoch)).fill(unit)
    );
    const visits = Float64Array.from({ length: units }, (_, unit) => visitsBefore(unit, epoch));
    return deal({ key: epochKey, groups: sequence, batches, size: perBatch }).map((items) =>
      items.map((item) => ({ unit: sequence[item]!, index: visits[sequence[item]!]!++ }))
    );
  };
}
