import { z } from "zod";
import { defineRecipe } from "../../../../recipes/runner/recipe.ts";

/** A recipe without an experiment. */
export const recipe = defineRecipe({
  name: "bare",
  summary: "Nothing to compare",
  config: z.strictObject({ batch: z.int().describe("Examples") }),
  smoke: {},
  run: () => Promise.resolve(),
});
