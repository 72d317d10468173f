/**
 * Retrieval of images by their class.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Encoder, Tensor2D, Tensor4D } from "../../core/mod.ts";
import type { ImageSet } from "../../data/mod.ts";
import { rankingMetrics } from "../../metrics/mod.ts";
import { encodeImages, pixelRows } from "./encode.ts";
import type { ImageTask } from "./task.ts";

/** How well images find those of their class. */
export interface ImageScores {
  readonly recall1: number;
  readonly recall10: number;
  readonly mapAtR: number;
}

/** Scores an encoder on the test images. */
export async function evaluate(encoder: Encoder<Tensor4D>, task: ImageTask): Promise<ImageScores> {
  return await evaluateBy((set) => encodeImages(encoder, set), task);
}

/** Scores the pixels themselves, by their cosine. */
export async function evaluatePixels(task: ImageTask): Promise<ImageScores> {
  return await evaluateBy(pixelRows, task);
}

async function evaluateBy(represent: (set: ImageSet) => Tensor2D, { test, gallery }: ImageTask): Promise<ImageScores> {
  const queries = represent(test);
  const references = gallery ? represent(gallery) : queries;
  try {
    const { recall, mapAtR } = await rankingMetrics(queries, references, {
      labels: test.labels,
      ...(gallery ? { referenceLabels: gallery.labels } : {}),
      // What the same artist drew looks alike whatever it shows.
      ...(!gallery && hasSeveralOrigins(test) ? { groups: test.origins } : {}),
      k: [1, 10],
    });
    return { recall1: recall[1]!, recall10: recall[10]!, mapAtR };
  } finally {
    tf.dispose([queries, references]);
  }
}

/** Whether images come from more than one source. */
export function hasSeveralOrigins({ origins }: ImageSet): boolean {
  return origins.some((origin) => origin !== origins[0]);
}
