/**
 * Writes JSON that keeps what plain JSON would lose: NaN and the infinities become strings instead of null, typed arrays
 * become lists.
 *
 * @param indent Spaces per level; none writes one line.
 * @throws {TypeError} If the value cannot be written at all, such as a function.
 */
export function toJson(value: unknown, indent?: number): string {
  const text = JSON.stringify(
    value,
    (_, part: unknown) => {
      if (typeof part === "number" && !Number.isFinite(part)) return String(part);
      if (typeof part === "bigint") return part.toString();
      if (ArrayBuffer.isView(part) && !(part instanceof DataView)) return Array.from(part as Float32Array);
      return part;
    },
    indent,
  ) as string | undefined;
  if (text === undefined) throw new TypeError(`Cannot write ${typeof value} as JSON: expected a record of values`);
  return text;
}
