/**
 * A map of classes.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { fold, type Key } from "../../core/key.ts";
import { permutation } from "../../core/stream.ts";
import type { Tensor2D } from "../../core/types.ts";
import type { ImageSet } from "../../data/images/image_set.ts";
import { embeddingMap } from "../runner/embedding_map.ts";
import type { VegaLiteSpec } from "../runner/figures.ts";
import { scatter } from "../runner/scatter.ts";

/** Options of {@linkcode classMap}. */
export interface ClassMapOptions {
  /** The images. */
  readonly set: ImageSet;
  /** Their representations, `[examples, dim]`, row for row. */
  readonly representations: Tensor2D;
  /** The key by which classes and images are chosen, and of all randomness of the map. */
  readonly key: Key;
  /** How many classes are colored, at most 7. 7 if left out. */
  readonly classes?: number;
  /** How many images are on the map at most, those of the colored classes first. 1000 if left out. */
  readonly points?: number;
  /** How many nearest neighbors tell where an image belongs, itself among them. 15 if left out. */
  readonly neighbors?: number;
  /** What the map shows. */
  readonly title?: string;
}

/**
 * A map of representations, on which images of some classes are colored and those of others are grey.
 *
 * The classes are chosen by key among those with at least three images.
 *
 * @throws {RangeError} If there is not one representation for each image, no class has three images, more than 7 classes
 * are to be colored, or what `embeddingMap` demands does not hold.
 */
export async function classMap(options: ClassMapOptions): Promise<VegaLiteSpec> {
  const { set, representations, key, classes = 7, points = 1000, neighbors = 15, title = "Map of images" } = options;
  if (representations.shape[0] !== set.examples) {
    throw new RangeError(
      `Cannot draw a map: there are ${representations.shape[0]} representations, expected ${set.examples} as images`,
    );
  }
  if (!Number.isSafeInteger(classes) || classes < 1 || classes > 7) {
    throw new RangeError(`Cannot draw a map: classes is ${classes}, expected an integer from 1 to 7`);
  }
  const chosen = chooseClasses(set, classes, key);
  const order = Array.from(permutation(fold(key, "images"), set.examples));
  const isChosen = (row: number) => chosen.includes(set.labels[row]!);
  const rows = [...order.filter(isChosen), ...order.filter((row) => !isChosen(row))].slice(0, points).sort((a, b) =>
    a - b
  );
  const part = tf.tidy(() => tf.gather(representations, tf.tensor1d(rows, "int32")) as Tensor2D);
  const map = await embeddingMap(part, { key: fold(key, "map"), points, neighbors }).finally(() => part.dispose());
  const labelOf = (point: { readonly row: number }) => set.labels[rows[point.row]!]!;
  return scatter({
    title,
    subtitle: `${chosen.length} classes among ${rows.length.toLocaleString("en")} images (UMAP)`,
    series: chosen.map((label) => ({
      name: set.classes[label]!,
      points: map.filter((point) => labelOf(point) === label),
    })),
    background: map.filter((point) => !chosen.includes(labelOf(point))),
  });
}

function chooseClasses({ labels }: ImageSet, count: number, key: Key): number[] {
  const images = Map.groupBy(labels, (label) => label);
  const large = [...images.keys()].filter((label) => images.get(label)!.length >= 3).sort((a, b) => a - b);
  if (large.length === 0) throw new RangeError("Cannot draw a map: no class has three images");
  return Array.from(permutation(fold(key, "classes"), large.length).subarray(0, count), (i) => large[i]!);
}
