/**
 * The settings of the recipe.
 *
 * @module
 */
import { z } from "zod";
import { parseBytes } from "../../core/mod.ts";

const count = z.int().min(1);
const methods = ["small", "accumulate", "cached", "full"] as const;

/** Heads of the transformer's attention. */
export const HEADS = 4;

/** The ways of training that the recipe compares. */
export type MethodName = (typeof methods)[number];

/** Names, limits and meanings of what stands in `config.yaml`. */
export const schema = z.strictObject({
  seeds: count.describe("runs of each method, with seeds seed, seed + 1, ..."),
  methods: z.array(z.enum(methods)).min(1).describe(
    "ways of training: small (the batch that fits), accumulate (gradients of chunks, averaged), cached, full",
  ),
  examples: count.describe("pairs seen in each run"),
  batch: z.int().min(2).describe("examples in the large batch"),
  chunk: z.int().min(2).describe("examples on the tape at a time, and in the small batch"),
  memory: z.union([z.string(), z.number()]).refine((memory) => parseBytes(memory) !== undefined, {
    error: 'expected a number of bytes or a text such as "64MB"',
  }).nullable().default(null).describe(
    "tensor bytes that a step of gradient caching may take, such as 64MB; plans its chunks in place of chunk and keep",
  ),
  chunkTokens: count.nullable().default(null).describe(
    "padded tokens on the tape at a time in gradient caching, in place of chunk",
  ),
  keep: z.int().min(0).describe("chunks of each tower that gradient caching keeps on the tape"),
  heldOut: z.int().min(2).describe("synsets of the test gallery, never seen in training"),
  tokenizer: z.enum(["subwords", "bert"]).describe("hashed character n-grams, or the WordPiece vocabulary of BERT"),
  rows: z.int().min(2).describe("rows of the embedding table, for subwords"),
  queryTokens: count.describe("tokens of a query, at most"),
  passageTokens: count.describe("tokens of a passage, at most"),
  encoder: z.enum(["bag", "transformer"]).describe("a mean of embeddings with a residual layer, or a transformer"),
  dim: count.describe("width of embeddings and representations"),
  hidden: count.describe("width of the hidden layer"),
  dropout: z.number().min(0).lt(1).describe("probability with which an entry is dropped in training"),
  temperature: z.number().positive().describe("temperature of InfoNCE"),
  learningRate: z.number().positive().describe("peak rate of AdamW at the large batch"),
  smallLearningRate: z.number().positive().describe("peak rate of AdamW at the small batch"),
  warmup: z.number().min(0).max(1).describe("share of the updates in which the rate rises"),
  weightDecay: z.number().min(0).describe("decoupled weight decay"),
  evaluations: count.describe("times that a run is evaluated on the way"),
  memoryBatches: z.array(z.int().min(2)).describe("batch sizes of the memory figure"),
}).refine(({ batch, chunk }) => chunk <= batch, {
  path: ["chunk"],
  error: "expected a chunk no larger than the batch",
}).refine(({ memory, chunkTokens }) => memory === null || chunkTokens === null, {
  path: ["memory"],
  error: "expected null beside chunkTokens",
}).refine(({ memory, keep }) => memory === null || keep === 0, {
  path: ["keep"],
  error: "expected 0 beside memory, which plans what is kept",
}).refine(({ encoder, dim }) => encoder === "bag" || dim % HEADS === 0, {
  path: ["dim"],
  error: `expected a multiple of ${HEADS} for the transformer`,
}).refine(({ methods }) => new Set(methods).size === methods.length, {
  path: ["methods"],
  error: "expected each method once",
});

/** The validated settings. */
export type Config = z.output<typeof schema>;
