/**
 * A sheet of nearest neighbors.
 *
 * @module
 */
import { fold, type Key } from "../../core/key.ts";
import { nearestNeighbors } from "../../core/neighbors.ts";
import { permutation } from "../../core/stream.ts";
import type { Tensor2D } from "../../core/types.ts";
import type { ImageSet } from "../../data/images/image_set.ts";
import { contactSheet, type SheetRow } from "../runner/contact_sheet.ts";

/** Options of {@linkcode gallery}. */
export interface GalleryOptions {
  /** The images that are searched, and searched for. */
  readonly set: ImageSet;
  /** Their representations, `[examples, dim]`, row for row. */
  readonly representations: Tensor2D;
  /** The key by which queries are chosen. */
  readonly key: Key;
  /** How many queries are shown. 10 if left out. */
  readonly queries?: number;
  /** How many neighbors are shown of each. 8 if left out. */
  readonly k?: number;
  /** What the sheet shows. */
  readonly title?: string;
  /** A smaller line below the title; if left out, how queries were chosen and what neighbors they may not have. */
  readonly subtitle?: string;
}

/**
 * Draws some images with their nearest neighbors among all others, as PNG.
 *
 * Neighbors are of other sources, where the set has several: a drawing is looked for among those of other artists. Half
 * of the queries find an image of their class first, and half do not, as far as there are such; only those are shown that
 * could be right. Below what is right stands its source, below what is wrong its class.
 *
 * @throws {RangeError} If there is not one representation for each image, no image has a match, or an option lies outside
 * its range.
 */
export async function gallery(options: GalleryOptions): Promise<Uint8Array<ArrayBuffer>> {
  const { set, representations, key, queries = 10, k = 8, title = "Nearest neighbors" } = options;
  check(set, representations, queries);
  const several = set.origins.some((origin) => origin !== set.origins[0]);
  const found = await nearestNeighbors(representations, representations, {
    k,
    exclude: (query) => query,
    ...(several && { groups: set.origins }),
  });
  const isRight = (query: number, row: number) => set.labels[row] === set.labels[query];
  const isFound = (query: number) => found.indices[query * k]! >= 0 && isRight(query, found.indices[query * k]!);
  const chosen = chooseQueries(matchable(set, several), { count: queries, key, isFound });
  const right = chosen.filter(isFound).length;
  const {
    subtitle = `chosen so that ${right} are right at rank 1 and ${chosen.length - right} wrong; left out: ` +
      (several ? "images of the query's own source" : "the query itself"),
  } = options;
  const rows = chosen.map((query): SheetRow => ({
    query: { row: query, caption: `${classOf(set, query)}${several ? ` (${sourceOf(set, query)})` : ""}` },
    found: Array.from(found.indices.subarray(query * k, (query + 1) * k)).filter((row) => row >= 0).map((row) => ({
      row,
      right: isRight(query, row),
      caption: !isRight(query, row) ? classOf(set, row) : several ? sourceOf(set, row) : "",
    })),
  }));
  return await contactSheet({ title, subtitle, images: set, rows });
}

/** The images that have another one of their class, of another source if there are several. */
function matchable({ labels, origins }: ImageSet, several: boolean): number[] {
  const byClass = Map.groupBy(labels.keys(), (row) => labels[row]!);
  return Array.from(labels.keys()).filter((query) =>
    byClass.get(labels[query]!)!.some((row) => row !== query && (!several || origins[row] !== origins[query]))
  );
}

/** Half of the queries of those that are found, half of the others, or more where there are too few of the others. */
function chooseQueries(
  candidates: readonly number[],
  { count, key, isFound }: { count: number; key: Key; isFound: (query: number) => boolean },
): number[] {
  if (candidates.length === 0) throw new RangeError("Cannot draw a gallery: no image has a match");
  const order = Array.from(permutation(fold(key, "gallery"), candidates.length), (i) => candidates[i]!);
  const { found = [], missed = [] } = Object.groupBy(order, (query) => isFound(query) ? "found" : "missed");
  const half = Math.max(Math.ceil(count / 2), count - missed.length);
  const right = found.slice(0, half);
  return [...right, ...missed.slice(0, count - right.length)];
}

function classOf({ classes, labels }: ImageSet, row: number): string {
  return classes[labels[row]!]!;
}

function sourceOf({ sources, origins }: ImageSet, row: number): string {
  return sources[origins[row]!]!;
}

function check(set: ImageSet, representations: Tensor2D, queries: number): void {
  if (representations.shape[0] !== set.examples) {
    throw new RangeError(
      `Cannot draw a gallery: there are ${
        representations.shape[0]
      } representations, expected ${set.examples} as images`,
    );
  }
  if (!Number.isSafeInteger(queries) || queries < 1) {
    throw new RangeError(`Cannot draw a gallery: queries is ${queries}, expected an integer of at least 1`);
  }
}
