/**
 * Amounts of memory as people write them.
 *
 * @module
 */

const UNITS: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
};

/** Names of the units that {@linkcode parseBytes} knows. */
export const byteUnits: readonly string[] = Object.keys(UNITS);

/**
 * Reads an amount of memory.
 *
 * @param amount A number of bytes, or a text with a unit: B, kB, MB, GB (thousands), KiB, MiB, GiB (1,024 each).
 * @returns Whole bytes, or undefined if it is no amount of at least one byte.
 *
 * @example
 * ```ts
 * import { parseBytes } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(["512MB", "1.5 KiB", 7.9, "much"].map(parseBytes), [512e6, 1536, 7, undefined]);
 * ```
 */
export function parseBytes(amount: unknown): number | undefined {
  const bytes = typeof amount === "number" ? amount : typeof amount === "string" ? readText(amount) : NaN;
  return Number.isFinite(bytes) && bytes >= 1 ? Math.floor(bytes) : undefined;
}

function readText(text: string): number {
  const [, digits, unit] = /^\s*(\d+(?:\.\d+)?)\s*([A-Za-z]+)\s*$/.exec(text) ?? [];
  return digits === undefined || !Object.hasOwn(UNITS, unit!) ? NaN : Number(digits) * UNITS[unit!]!;
}

/**
 * Writes an amount of memory with three digits.
 *
 * @param bytes The amount.
 * @returns Such as `471 MB` or `1.50 GB`.
 *
 * @example
 * ```ts
 * import { formatBytes } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([471e6, 1.5e9].map(formatBytes), ["471 MB", "1.50 GB"]);
 * ```
 */
export function formatBytes(bytes: number): string {
  const [unit, size] = Object.entries(UNITS).slice(0, 4).findLast(([, size]) => bytes >= size) ?? ["B", 1];
  const value = bytes / size;
  return `${value.toFixed(unit === "B" || value >= 100 ? 0 : value >= 10 ? 1 : 2)} ${unit}`;
}
