/**
 * Image sets of what several artists drew: icons of one name are one class.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { cacheFolder } from "../../core/cache_folder.ts";
import { cached } from "./_cache.ts";
import type { Choice } from "./_concepts.ts";
import { type IconSet, type IconSource, iconSvg, readIconSet } from "./_iconify.ts";
import { rasterizer, renderer } from "./_rasterize.ts";
import type { ImageSet } from "./image_set.ts";

/** What the loaders of drawn images take. */
export interface DrawnOptions {
  readonly size?: number;
  readonly drawings?: number;
  readonly cache?: string;
  readonly log?: (line: string) => void;
}

/** A collection of drawn images: where they come from, and which icons are which class. */
export interface Collection {
  /** What the images are called in messages and in the file's name. */
  readonly title: string;
  /** Changes whenever `choose` gives something else for the same sets. */
  readonly revision: number;
  /** The packages. */
  readonly sources: readonly IconSource[];
  /** In how many sets a class is drawn at least, if the caller does not say. */
  readonly drawings: number;
  /** About how much is downloaded. */
  readonly download: string;
  /** Chooses icons, given the names in each set. */
  choose(names: readonly (readonly string[])[]): Choice[];
}

/** Reads icon sets; tests put others in the packages' place. */
export type ReadIcons = (source: IconSource) => Promise<IconSet>;

/** Loads a collection from the cache, or draws it. */
export async function loadDrawn(
  collection: Collection,
  options: DrawnOptions,
  read: ReadIcons = readIconSet,
): Promise<ImageSet> {
  const { title, sources } = collection;
  const { size = 32, drawings = collection.drawings, log = () => {} } = options;
  check(title, "size", size, 1024);
  check(title, "drawings", drawings, sources.length);
  const madeFrom = [
    `${title} ${collection.revision}`,
    `${size} pixels`,
    `${drawings} drawings`,
    renderer,
    ...sources.map(({ name, version, artist }) => `${name}@${version} by ${artist}`),
  ].join(", ");
  const digest = createHash("sha256").update(madeFrom).digest("hex").slice(0, 12);
  const path = join(options.cache ?? cacheFolder(), "images", `${title}-${size}-${drawings}-${digest}`);
  return await cached({ path, madeFrom, log }, async () => {
    log(`Drawing ${title}; this is done once, and downloads ${collection.download} unless they are there`);
    return await draw(collection, size, drawings, log, read);
  });
}

async function draw(
  { sources, choose }: Collection,
  size: number,
  drawings: number,
  log: (line: string) => void,
  read: ReadIcons,
): Promise<ImageSet> {
  const sets: IconSet[] = [];
  for (const source of sources) sets.push(await read(source));
  const rasterize = await rasterizer(size);
  const drawn: (Choice & { pixels: Uint8Array })[] = [];
  for (const choice of common(choose(sets.map(({ icons }) => Object.keys(icons))), drawings)) {
    try {
      drawn.push({ ...choice, pixels: await rasterize(iconSvg(sets[choice.set]!, choice.icon)) });
    } catch (error) {
      const name = `${sources[choice.set]!.name}/${choice.icon}`;
      log(`Left out ${name}, which cannot be drawn: ${error instanceof Error ? error.message : error}`);
    }
  }
  // Once more, since a class may have lost a drawing.
  return assemble(common(drawn, drawings), sources, size);
}

/** Keeps what belongs to classes of at least so many drawings; classes in the alphabet's order. */
function common<T extends Choice>(choices: readonly T[], drawings: number): T[] {
  const classes = Map.groupBy(choices, ({ className }) => className);
  return [...classes].filter(([, { length }]) => length >= drawings)
    .sort(([a], [b]) => a < b ? -1 : 1)
    .flatMap(([, members]) => members);
}

function assemble(
  drawn: readonly (Choice & { pixels: Uint8Array })[],
  sources: readonly IconSource[],
  size: number,
): ImageSet {
  const classes = [...new Set(drawn.map(({ className }) => className))];
  const artists = [...new Set(sources.map(({ artist }) => artist))];
  const places = new Map(classes.map((name, i) => [name, i]));
  const pixels = new Uint8Array(drawn.length * size * size * 3);
  drawn.forEach((image, i) => pixels.set(image.pixels, i * size * size * 3));
  return {
    examples: drawn.length,
    height: size,
    width: size,
    channels: 3,
    pixels,
    labels: Int32Array.from(drawn, ({ className }) => places.get(className)!),
    classes,
    origins: Int32Array.from(drawn, ({ set }) => artists.indexOf(sources[set]!.artist)),
    sources: artists,
    names: drawn.map(({ set, icon }) => `${sources[set]!.name}/${icon}`),
  };
}

function check(title: string, name: string, value: number, most: number): void {
  if (!Number.isInteger(value) || value < 1 || value > most) {
    throw new RangeError(`Cannot load ${title}: ${name} is ${value}, expected an integer from 1 to ${most}`);
  }
}
