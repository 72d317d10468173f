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

/**
 * Reads an amount of memory: a number of bytes, or a string with a unit.
 *
 * @throws {RangeError} If it is neither, or below one byte.
 */
export function readBudget(memory: unknown): number {
  const bytes = typeof memory === "number" ? memory : typeof memory === "string" ? readText(memory) : NaN;
  if (Number.isFinite(bytes) && bytes >= 1) return Math.floor(bytes);
  throw new RangeError(
    `Cannot make a step: memory is ${
      typeof memory === "string" ? `"${memory}"` : memory
    }, expected a number of bytes ` +
      `or a string such as "512MB", in ${Object.keys(UNITS).join(", ")}`,
  );
}

function readText(text: string): number {
  const [, digits, unit] = /^\s*(\d+(?:\.\d+)?)\s*([A-Za-z]+)\s*$/.exec(text) ?? [];
  return digits === undefined || !Object.hasOwn(UNITS, unit!) ? NaN : Number(digits) * UNITS[unit!]!;
}

/** Writes an amount with three digits. */
export function formatBytes(bytes: number): string {
  const [unit, size] = Object.entries(UNITS).slice(0, 4).findLast(([, size]) => bytes >= size) ?? ["B", 1];
  const value = bytes / size;
  return `${value.toFixed(unit === "B" || value >= 100 ? 0 : value >= 10 ? 1 : 2)} ${unit}`;
}
