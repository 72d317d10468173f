/**
 * Random numbers in bulk, one stream for each row of a batch.
 *
 * A row's stream is a xoshiro128** generator (Blackman and Vigna, 2021) whose 128 bits of state come from the key and
 * the row's number. So what a row draws depends neither on the other rows nor on where it stands.
 *
 * @module
 */
import { fold, type Key, threefry2x32 } from "./key.ts";

/** A function that returns the next 32 random bits as an unsigned integer. */
export type Stream = () => number;

/** The stream of one row. */
export function stream(key: Key, row = 0): Stream {
  let [a, b, c, d] = startState(key, row);
  return () => {
    const scrambled = Math.imul(b, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return result;
  };
}

/** The state that a row's stream starts from, as four int32. */
export function startState(key: Key, row: number): [number, number, number, number] {
  const [a, b] = threefry2x32(key.words, [row >>> 0, 0]);
  const [c, d] = threefry2x32(key.words, [row >>> 0, 1]);
  // The all-zero state is the generator's only fixed point.
  return [a | 0, b | 0, c | 0, (a | b | c | d) === 0 ? 1 : d | 0];
}

/** Draws uniform numbers in [0, 1): `perRow` for each entry of `rows`, row after row. */
export function uniform(key: Key, rows: ArrayLike<number>, perRow: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(rows.length * perRow);
  for (let i = 0, at = 0; i < rows.length; i++) {
    const next = stream(key, rows[i]!);
    // 24 bits are what a float32 holds without rounding up to 1.
    for (let j = 0; j < perRow; j++) out[at++] = (next() >>> 8) * 2 ** -24;
  }
  return out;
}

/** Draws from the standard normal distribution (Box and Muller): `perRow` for each entry of `rows`. */
export function normal(key: Key, rows: ArrayLike<number>, perRow: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(rows.length * perRow);
  for (let i = 0, at = 0; i < rows.length; i++) {
    const next = stream(key, rows[i]!);
    for (let j = 0; j < perRow; j += 2) {
      const radius = Math.sqrt(-2 * Math.log((next() + 1) * 2 ** -32));
      const angle = 2 * Math.PI * (next() * 2 ** -32);
      out[at++] = radius * Math.cos(angle);
      if (j + 1 < perRow) out[at++] = radius * Math.sin(angle);
    }
  }
  return out;
}

/**
 * Draws a scaled dropout mask: each entry is 0 with probability `rate`, else 1 / (1 - rate).
 *
 * Two entries come from each 32 random bits, so `rate` acts in steps of 2⁻¹⁶.
 */
export function dropoutMask(
  key: Key,
  rows: ArrayLike<number>,
  perRow: number,
  rate: number,
): Float32Array<ArrayBuffer> {
  const out = new Float32Array(rows.length * perRow);
  // The loop writes the bits of float32 numbers, so that it needs no branch: a difference's sign selects all or none.
  const bits = new Int32Array(out.buffer);
  const kept = new Int32Array(Float32Array.of(1 / (1 - rate)).buffer)[0]!;
  const last = Math.round(rate * 0x10000) - 1;
  for (let i = 0, at = 0; i < rows.length; i++) {
    let [a, b, c, d] = startState(key, rows[i]!);
    for (const end = at + perRow; at < end; at += 2) {
      // The step of `stream`, written out: a call for each number would cost more than the number.
      const scrambled = Math.imul(b, 5);
      const drawn = Math.imul((scrambled << 7) | (scrambled >>> 25), 9);
      const shifted = b << 9;
      c ^= a;
      d ^= b;
      b ^= c;
      a ^= d;
      c ^= shifted;
      d = (d << 11) | (d >>> 21);
      bits[at] = kept & ((last - (drawn & 0xffff)) >> 31);
      if (at + 1 < end) bits[at + 1] = kept & ((last - (drawn >>> 16)) >> 31);
    }
    at = (i + 1) * perRow;
  }
  return out;
}

/** A permutation of 0 … n - 1 (Fisher and Yates). */
export function permutation(key: Key, n: number): Int32Array<ArrayBuffer> {
  const order = Int32Array.from({ length: n }, (_, i) => i);
  const next = stream(fold(key, "permutation"));
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(next() * 2 ** -32 * (i + 1));
    const held = order[i]!;
    order[i] = order[j]!;
    order[j] = held;
  }
  return order;
}
