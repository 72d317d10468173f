/**
 * Going through a list again and again, a block at a time.
 *
 * @module
 */
import { fold, type Key } from "../core/key.ts";
import { permutation } from "../core/stream.ts";

/**
 * An endless sequence of a list's members, of which the n-th can be had without those before.
 *
 * It goes round and round a random order, which changes when the end of a pass is also the end of a block. So a block
 * of `take` draws holds no member twice, if there are that many, and at any time the members have come equally often
 * but for one.
 *
 * @param take How many draws a block has.
 * @returns A function from the number of a draw to a member.
 */
export function cycle(key: Key, members: ArrayLike<number>, take: number): (draw: number) => number {
  const period = members.length / greatestDivisor(members.length, take) * take;
  let current = -1;
  let order = new Int32Array(0);
  return (draw) => {
    const turn = Math.floor(draw / period);
    if (turn !== current) {
      order = permutation(fold(key, turn), members.length);
      current = turn;
    }
    return members[order[draw % members.length]!]!;
  };
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}
