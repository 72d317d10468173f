/**
 * Pictures of what an encoder finds, and of where it puts images.
 *
 * @module
 */
import { type Encoder, key, type Tensor4D } from "../../core/mod.ts";
import type { RecipeContext } from "../runner/recipe.ts";
import { encodeImages } from "./encode.ts";
import { gallery } from "./gallery.ts";
import { classMap } from "./map.ts";
import type { ImageTask } from "./task.ts";

/** Draws the gallery and the map of the test images into the run folder. */
export async function drawPictures(
  { run, seed }: Pick<RecipeContext<unknown>, "run" | "seed">,
  { test }: ImageTask,
  encoder: Encoder<Tensor4D>,
): Promise<void> {
  const representations = encodeImages(encoder, test);
  try {
    run.image("gallery", await gallery({ set: test, representations, key: key(seed) }));
    await run.figure("map", await classMap({ set: test, representations, key: key(seed) }));
  } finally {
    representations.dispose();
  }
}
