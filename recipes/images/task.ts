/**
 * Image sets for retrieval of classes that were never seen in training.
 *
 * @module
 */
import { fold, key } from "../../core/mod.ts";
import {
  type ClassSplit,
  emojiFamilies,
  type ImageSet,
  loadCars196,
  loadCub200,
  loadEmoji,
  loadIcons,
  loadInShop,
  loadStanfordOnlineProducts,
  selectImages,
  splitByClass,
} from "../../data/mod.ts";
import { UsageError } from "../runner/usage_error.ts";
import type { DataConfig, ScheduleConfig } from "./config.ts";

/** Images to train on and images to retrieve, of different classes. */
export interface ImageTask extends ClassSplit {
  /** Images that queries search in, where they are others than the queries. */
  readonly gallery?: ImageSet;
}

/** The sets that are read from a folder. */
const published = {
  sop: loadStanfordOnlineProducts,
  cub: loadCub200,
  cars: loadCars196,
} as const;

/**
 * Loads the images that the config names, split by class.
 *
 * The split of emoji and icons is drawn once and for all, so that all seeds are tested on the same classes.
 *
 * @throws {UsageError} If a published set has no folder, or the other ones have one.
 */
export async function loadTask(config: DataConfig, log: (line: string) => void): Promise<ImageTask> {
  const { data, folder, size } = config;
  if (data === "emoji" || data === "icons") {
    const set = data === "emoji" ? onePerFamily(await loadEmoji({ size, log })) : await loadIcons({ size, log });
    const split = splitByClass(set, { key: fold(key(0), "classes") });
    return cut(split, config);
  }
  if (folder === null) {
    throw new UsageError(`Cannot load ${data}: folder is null, expected that of the unpacked archive`);
  }
  if (data === "inshop") {
    const load = (split: "train" | "query" | "gallery") => loadInShop({ folder, size, split });
    const [train, test, gallery] = [await load("train"), await load("query"), await load("gallery")];
    return cut({ train, test, gallery }, config);
  }
  const load = (split: "train" | "test") => published[data]({ folder, size, split });
  return cut({ train: await load("train"), test: await load("test") }, config);
}

/** A few hundred images of a set, evenly chosen, whose representations are watched. */
export function probeOf(set: ImageSet, most = 400): ImageSet {
  const count = Math.min(most, set.examples);
  return selectImages(set, Array.from({ length: count }, (_, i) => Math.floor(i * set.examples / count)));
}

/** A task of fewer classes, if the config says so. */
function cut({ train, test, gallery }: ImageTask, { trainClasses, testClasses }: DataConfig): ImageTask {
  return {
    train: firstClasses(train, trainClasses),
    test: firstClasses(test, testClasses),
    ...(gallery ? { gallery: firstClasses(gallery, testClasses) } : {}),
  };
}

/** The images of so many classes, those that come first; all if there are no more. */
function firstClasses(set: ImageSet, count: number | null): ImageSet {
  if (count === null) return set;
  const kept = new Set([...new Set(set.labels)].sort((a, b) => a - b).slice(0, count));
  const rows = [...set.labels.keys()].filter((row) => kept.has(set.labels[row]!));
  return selectImages(set, rows);
}

/**
 * The emoji of one class of each family, that with the most drawings: a man and a woman who do the same, or two flags, are
 * not told apart at this size, and would be the hardest negatives of all.
 */
export function onePerFamily(set: ImageSet): ImageSet {
  const families = emojiFamilies(set.classes);
  const drawings = new Int32Array(set.classes.length);
  for (const label of set.labels) drawings[label]!++;
  const chosen = new Map<number, number>();
  families.forEach((family, label) => {
    const best = chosen.get(family);
    if (best === undefined || drawings[label]! > drawings[best]!) chosen.set(family, label);
  });
  return selectImages(
    set,
    [...set.labels.keys()].filter((row) => {
      const label = set.labels[row]!;
      return chosen.get(families[label]!) === label;
    }),
  );
}

/**
 * Checks that there are enough classes for batches of P classes with K images each, before anything is trained.
 *
 * @throws {UsageError} If there are not.
 */
export function checkBatches(
  { train }: ImageTask,
  batches: readonly Pick<ScheduleConfig, "classes" | "perClass">[],
): void {
  const images = [...Map.groupBy(train.labels, (label) => label).values()].map(({ length }) => length);
  for (const { classes, perClass } of batches) {
    const usable = images.filter((count) => count >= perClass).length;
    if (classes > usable) {
      throw new UsageError(
        `Cannot train on batches of ${classes} classes with ${perClass} images each: ${usable} classes have as many images`,
      );
    }
  }
}
