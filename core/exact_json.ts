/**
 * Plain data as JSON that gives back the very same, where JSON alone would make something else of it in silence.
 *
 * @module
 */

/** Stands for a number that JSON has no word for, under this one key. */
const NUMBER = "$number";

/**
 * Writes plain data: texts, truth values, null, numbers, lists, and records, whose undefined entries are left out. NaN,
 * the infinities and -0 are kept.
 *
 * @throws {TypeError} If there is something else in it; the message says where.
 */
export function encodeExact(value: unknown, name: string): string {
  return JSON.stringify(encoded(value, name, []));
}

/** Reads what {@linkcode encodeExact} wrote. */
export function decodeExact(text: string): unknown {
  return decoded(JSON.parse(text));
}

function encoded(value: unknown, path: string, above: readonly unknown[]): unknown {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") {
    return Number.isFinite(value) && !Object.is(value, -0)
      ? value
      : { [NUMBER]: Object.is(value, -0) ? "-0" : `${value}` };
  }
  if (above.includes(value)) throw new TypeError(`Cannot write ${path} as JSON: it contains itself`);
  const inside = [...above, value];
  if (Array.isArray(value)) return Array.from(value, (part, i) => encoded(part, `${path}[${i}]`, inside));
  if (!isRecord(value)) {
    throw new TypeError(`Cannot write ${path} as JSON: it is ${describe(value)}, expected plain data`);
  }
  if (Object.hasOwn(value, NUMBER)) throw new TypeError(`Cannot write ${path} as JSON: the name ${NUMBER} is taken`);
  return Object.fromEntries(
    Object.entries(value).filter(([, part]) => part !== undefined)
      .map(([name, part]) => [name, encoded(part, `${path}.${name}`, inside)]),
  );
}

function decoded(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decoded);
  if (typeof value !== "object" || value === null) return value;
  if (Object.hasOwn(value, NUMBER)) return Number((value as { [NUMBER]: string })[NUMBER]);
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, decoded(part)]));
}

function isRecord(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function describe(value: unknown): string {
  if (value === undefined) return "undefined";
  return typeof value === "object" ? `a ${value?.constructor?.name ?? "object"}` : `a ${typeof value}`;
}
