/**
 * Dealing items onto batches so that the items of a group spread.
 *
 * @module
 */
import { fold, type Key } from "../core/key.ts";
import { permutation } from "../core/stream.ts";

/** What is dealt, and to how many batches. */
export interface Deal {
  /** Randomness of who meets whom. */
  readonly key: Key;
  /** The group of each item. Items of a group stand together. */
  readonly groups: ArrayLike<number>;
  /** How many batches there are. */
  readonly batches: number;
  /** How many items fill a batch. */
  readonly size: number;
  /** Takes an item into a batch, or says false where it must not join what is there. Takes every item, if left out. */
  readonly take?: (item: number, batch: number) => boolean;
}

/** How many seats an item is offered before it is left out, so that the work stays linear. */
const REACH = 16;

/**
 * Deals items in rounds, in each of which every batch gets one item, until all batches are full or no item is left.
 *
 * A batch gets at most ⌈n / `batches`⌉ items of a group of n, if nothing is refused: each round goes through the
 * batches in a new random order, and a group that goes on from the round before begins with batches that have the least
 * of it. A seat that an item is refused goes to one of the next items.
 *
 * @returns For each batch its items.
 */
export function deal({ key, groups, batches, size, take = () => true }: Deal): number[][] {
  const dealt: number[][] = Array.from({ length: batches }, () => []);
  const latest = new Int32Array(batches).fill(-1);
  const held = new Int32Array(batches);
  const startRound = (round: number, group: number): number[] => {
    const order = [...permutation(fold(key, "round", round), batches)];
    const count = (batch: number) => latest[batch] === group ? held[batch]! : 0;
    const least = order.reduce((low, batch) => Math.min(low, count(batch)), Infinity);
    return [...order.filter((batch) => count(batch) === least), ...order.filter((batch) => count(batch) > least)];
  };

  let order: number[] = [];
  let at = 0;
  let round = 0;
  const drawSeat = (group: number): number | undefined => {
    if (at === order.length && round < size) {
      order = startRound(round++, group);
      at = 0;
    }
    return order[at++];
  };

  const open: number[] = [];
  let turn = 0;
  for (let item = 0; item < groups.length; item++) {
    const group = groups[item]!;
    for (let offer = 0; offer < REACH; offer++) {
      // Half of the offers are seats that others were refused, in turn, so that hopeless ones hold nobody up.
      const fresh = offer < Math.min(open.length, REACH / 2) ? undefined : drawSeat(group);
      if (fresh !== undefined) open.push(fresh);
      if (open.length === 0) break;
      const place = fresh === undefined ? turn++ % open.length : open.length - 1;
      const batch = open[place]!;
      if (!take(item, batch)) continue;
      open[place] = open.at(-1)!;
      open.pop();
      dealt[batch]!.push(item);
      held[batch] = latest[batch] === group ? held[batch]! + 1 : 1;
      latest[batch] = group;
      break;
    }
  }
  return dealt;
}
