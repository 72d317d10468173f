import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { type Encoder, fold } from "../../../../core/mod.ts";
import { defineRecipe } from "../../../../recipes/runner/recipe.ts";
import { coupling, randomMatrix, tinyEncoder } from "../../../support/encoders.ts";

/** Two small towers, one of which draws other random numbers at each call if told so. */
export const recipe = defineRecipe({
  name: "towers",
  summary: "Two small towers",
  config: z.strictObject({
    batch: z.int().min(2).describe("Examples"),
    dropout: z.number().min(0).lt(1).describe("What is dropped"),
    memory: z.string().nullable().describe("A budget"),
    forgetful: z.boolean().describe("Whether the replay draws other random numbers"),
  }),
  smoke: { batch: 4 },
  run: () => Promise.resolve(),
  experiment({ batch, dropout, memory, forgetful }) {
    let calls = 0;
    const inner = tinyEncoder({ seed: 1, hidden: 60, dropout, name: "query" });
    const query: Encoder<tf.Tensor2D> = {
      ...inner,
      encode: (x, context) => inner.encode(x, forgetful ? { ...context, key: fold(context.key, calls++) } : context),
    };
    const passage = tinyEncoder({ seed: 2, hidden: 60, dropout, name: "passage" });
    const inputs = [randomMatrix(3, batch, 4), randomMatrix(4, batch, 4)];
    return Promise.resolve({
      encoders: [query, passage],
      loss: coupling,
      inputs,
      ...(memory === null ? { chunkSizes: [2] } : { memory }),
      dispose: () => tf.dispose([inputs, inner.params, passage.params] as tf.TensorContainer),
    });
  },
});
