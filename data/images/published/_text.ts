import { readFile } from "node:fs/promises";

/** A line of a table: its fields, and where it stands, for messages. */
export interface TableLine {
  readonly fields: readonly string[];
  readonly at: string;
}

/** Reads a file of a data set. */
export async function readData(title: string, path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : error;
    const expected = "expected a file of the published archive";
    throw new Error(`Cannot read ${title}: ${path} cannot be opened (${code}), ${expected}`, { cause: error });
  }
}

/** Reads a table of fields with spaces between, below `header` lines that must be as given or match. */
export async function readTable(
  title: string,
  path: string,
  columns: number,
  header: readonly (string | RegExp)[] = [],
): Promise<{ head: string[]; lines: TableLine[] }> {
  const text = new TextDecoder().decode(await readData(title, path)).trimEnd();
  const all = text.split("\n").map((line, i) => ({ fields: line.trim().split(/\s+/), at: `${path}:${i + 1}` }));
  const head = header.map((wanted, i) => {
    const found = all[i]?.fields.join(" ") ?? "";
    if (typeof wanted === "string" ? found !== wanted : !wanted.test(found)) {
      const expected = typeof wanted === "string" ? `"${wanted}"` : "a number";
      failAt(title, `${path}:${i + 1}`, `the line is "${found}"`, expected);
    }
    return found;
  });
  const lines = all.slice(header.length);
  for (const { fields, at } of lines) {
    if (fields.length !== columns || fields[0] === "") {
      failAt(title, at, `the line is "${fields.join(" ")}"`, `${columns} fields with spaces between`);
    }
  }
  return { head, lines };
}

/** Reads a field as an integer from 1 to `most`. */
export function integerField(title: string, line: TableLine, field: number, name: string, most = Infinity): number {
  const text = line.fields[field]!;
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (!(value >= 1 && value <= most)) {
    const expected = most < Infinity ? `an integer from 1 to ${most}` : "an integer above 0";
    failAt(title, line.at, `${name} is ${text}`, expected);
  }
  return value;
}

/** Throws the error of a file whose content is not as published. */
export function failAt(title: string, at: string, found: string, expected: string): never {
  throw new SyntaxError(`Cannot read ${title}: ${at}: ${found}, expected ${expected}`);
}
