/**
 * The settings of the recipe.
 *
 * @module
 */
import { z } from "zod";
import { dataSettings, trainingSettings } from "../images/config.ts";
import { lossNames } from "./losses.ts";

const count = z.int().min(1);
const share = z.number().min(0).max(1);

/** Names, limits and meanings of what stands in `config.yaml`. */
export const schema = z.strictObject({
  seeds: count.describe("runs of each training, with seeds seed, seed + 1, ..."),
  study: z.enum(["memory", "losses", "full"]).describe(
    "memory: the first loss with and without memory, drift, memory against large batches; losses: each loss; full: memory ratios and batch sizes too",
  ),
  losses: z.array(z.enum(lossNames)).min(1).describe(
    "losses that are compared; the first one is that of the other studies",
  ),
  ...dataSettings,
  ...trainingSettings,
  memoryRatio: share.refine((ratio) => ratio > 0, { error: "expected a number above 0" }).describe(
    "images in memory, as a share of the training set",
  ),
  contrastiveMargin: z.number().min(-1).lt(1).describe("cosine that negatives should be below"),
  tripletMargin: z.number().positive().describe("cosine by which positives should be nearer than negatives"),
  gaps: z.array(count).min(1).describe("steps between two states of the encoder whose drift is measured"),
  driftEvery: count.describe("steps from one look at the drift to the next"),
  largeBatch: z.int().min(4).describe("images of a true batch, and of batch and memory together, that are compared"),
  chunk: count.describe("images on the tape at a time in the large batch"),
  ratios: z.array(share).describe("memories of the full study, as shares of the training set"),
  batches: z.array(z.int().min(4)).describe("batch sizes of the full study"),
}).refine(({ losses }) => new Set(losses).size === losses.length, {
  path: ["losses"],
  error: "expected each loss once",
}).refine(({ largeBatch, training }) => largeBatch % training.perClass === 0, {
  path: ["largeBatch"],
  error: "expected a multiple of training.perClass",
}).refine(({ largeBatch, training }) => largeBatch >= 2 * training.classes * training.perClass, {
  path: ["largeBatch"],
  error: "expected at least twice the batch of the training",
}).refine(
  ({ batches, training }) =>
    batches.every((batch) => batch % training.perClass === 0 && batch >= 2 * training.perClass),
  {
    path: ["batches"],
    error: "expected multiples of training.perClass, of two classes or more",
  },
);

/** The validated settings. */
export type Config = z.output<typeof schema>;
