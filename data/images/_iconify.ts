/**
 * Icon sets as the packages `npm:@iconify-json/*` hold them.
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { packageFolder } from "../../core/tensorflow.ts";

/** A package of icons, and who drew them. */
export interface IconSource {
  /** The set's name, such as `noto`. */
  readonly name: string;
  /** The package's version. */
  readonly version: string;
  /** Whose drawings these are; sets that are alike have one artist. */
  readonly artist: string;
}

/** An icon's drawing and its place; what is left out is as in the whole set. */
export interface Icon {
  /** What stands inside the SVG element. */
  readonly body: string;
  readonly left?: number;
  readonly top?: number;
  readonly width?: number;
  readonly height?: number;
}

/** A set of icons; each side is 16 if neither set nor icon tell. */
export interface IconSet {
  readonly icons: Readonly<Record<string, Icon>>;
  readonly left?: number;
  readonly top?: number;
  readonly width?: number;
  readonly height?: number;
}

/** Reads a set of icons from its package, which Deno fetches if the project does not have it. */
export async function readIconSet({ name, version }: Pick<IconSource, "name" | "version">): Promise<IconSet> {
  // A specifier that is computed is fetched when it is reached: who loads no icons downloads none.
  const specifier = `npm:@iconify-json/${name}@${version}`;
  try {
    await import(`${specifier}/package.json`, { with: { type: "json" } });
    const folder = packageFolder(specifier);
    if (!folder) throw new Error("it does not resolve to a folder");
    // Not imported, since modules stay in memory: a set may have 90 MB.
    return JSON.parse(await readFile(join(folder, "icons.json"), "utf8"));
  } catch (error) {
    throw new Error(
      `Cannot read the icons of ${specifier}: ${error instanceof Error ? error.message : error}; ` +
        `fetch them with \`deno cache --reload ${specifier}/icons.json\``,
      { cause: error },
    );
  }
}

/** An icon as an SVG file of a square; what is not as wide as high stands in the middle. */
export function iconSvg(set: IconSet, name: string): string {
  const icon = set.icons[name]!;
  const { left = 0, top = 0, width = 16, height = 16 } = { ...set, ...icon };
  const side = Math.max(width, height);
  const shift = `${(side - width) / 2 - left} ${(side - height) / 2 - top}`;
  // The renderer knows references by the older of their two names only, and a view box only if it begins at 0.
  const body = icon.body.replaceAll(/(?<=\s)href=/g, "xlink:href=");
  return '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ' +
    `viewBox="0 0 ${side} ${side}"><g transform="translate(${shift})">${body}</g></svg>`;
}
