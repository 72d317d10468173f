/**
 * A stand-in for `jsr:@std/yaml` where JSR cannot be reached: `parse` and `stringify`, with signatures that are a subset
 * of the real ones, over js-yaml, which the real package descends from.
 *
 * @module
 */
import * as jsYaml from "js-yaml";

/** How {@linkcode parse} reads. */
export interface ParseOptions {
  /** Whether of two equal keys the last one counts; an error by default. */
  allowDuplicateKeys?: boolean;
}

/** How {@linkcode stringify} writes. */
export interface StringifyOptions {
  /** Spaces per level, 2 by default. */
  indent?: number;
  /** The level from which collections are written on one line, -1 (never) by default. */
  flowLevel?: number;
  /** The width at which long strings are folded, 80 by default; -1 never folds. */
  lineWidth?: number;
  /** Whether to sort keys. */
  sortKeys?: boolean;
  /** Whether to leave out what YAML cannot express, such as functions and undefined, instead of throwing. */
  skipInvalid?: boolean;
  /** Whether a value that stands twice is written once and referred to, as by default. */
  useAnchors?: boolean;
}

interface Mark {
  readonly line: number;
  readonly column: number;
  readonly snippet?: string;
}

/**
 * Parses a YAML document; an empty one is null.
 *
 * @throws {SyntaxError} If the text is no single YAML document; the message says at which line and column.
 */
export function parse(content: string, options: ParseOptions = {}): unknown {
  try {
    return jsYaml.load(content, {
      json: options.allowDuplicateKeys ?? false,
    }) ?? null;
  } catch (error) {
    const { reason, mark } = error as { reason?: string; mark?: Mark };
    if (reason === undefined) throw error;
    const place = mark ? ` at line ${mark.line + 1}, column ${mark.column + 1}:\n${mark.snippet ?? ""}` : "";
    throw new SyntaxError(`Cannot parse YAML: ${reason}${place}`);
  }
}

/**
 * Writes a value as a YAML document.
 *
 * @throws {TypeError} If the value holds something that YAML cannot express.
 */
export function stringify(
  data: unknown,
  options: StringifyOptions = {},
): string {
  const { useAnchors = true, ...rest } = options;
  try {
    return jsYaml.dump(data, { ...rest, noRefs: !useAnchors });
  } catch (error) {
    throw new TypeError((error as Error).message);
  }
}
