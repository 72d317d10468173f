/** Options of {@linkcode formatTable}. */
export interface TableOptions {
  /** What stands before each line. */
  readonly indent?: string;
  /** Whether to write a Markdown table instead of aligned columns. */
  readonly markdown?: boolean;
}

/**
 * Lays out a table in columns: words to the left, columns of numbers to the right.
 *
 * @param head One name per column; an empty list leaves the head out.
 * @param rows Cells, as many per row as there are columns.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(formatTable(["step", "ms"], [["full", 830], ["cached", 1429]]), "step      ms\nfull     830\ncached  1429");
 * ```
 */
export function formatTable(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  { indent = "", markdown = false }: TableOptions = {},
): string {
  const lines = [...(head.length > 0 ? [head] : []), ...rows].map((row) => row.map(String));
  const columns = Math.max(0, ...lines.map((line) => line.length));
  const widths = Array.from({ length: columns }, (_, j) => Math.max(...lines.map((line) => (line[j] ?? "").length)));
  const numeric = widths.map((_, j) => rows.length > 0 && rows.every((row) => isNumber(row[j])));
  const cells = lines.map((line) =>
    line.map((cell, j) => numeric[j] ? cell.padStart(widths[j]!) : cell.padEnd(widths[j]!))
  );
  if (!markdown) return cells.map((line) => `${indent}${line.join("  ")}`.trimEnd()).join("\n");
  const rule = widths.map((width, j) => numeric[j] ? `${"-".repeat(Math.max(2, width - 1))}:` : "-".repeat(width));
  return [cells[0]!, rule, ...cells.slice(1)].map((line) => `${indent}| ${line.join(" | ")} |`).join("\n");
}

/** Whether a cell reads as a number, as 12, "0.17", "1,024", "12 MB" and "-" (nothing) do. */
function isNumber(cell: string | number | undefined): boolean {
  return typeof cell === "number" ||
    (cell !== undefined && /^([-+]?\d[\d,. ±]*(e[-+]?\d+)?( ?[%\w/]+)?|-)$/.test(cell));
}
