/**
 * Settings that recipes on images have in common.
 *
 * @module
 */
import { z } from "zod";

const count = z.int().min(1);

/** Which images, and how they are split. */
export const dataSettings = {
  data: z.enum(["emoji", "icons", "sop", "cub", "cars", "inshop"]).describe(
    "images: emoji or icons by several artists, or a published set: Stanford Online Products, CUB-200-2011, Cars-196, In-shop",
  ),
  folder: z.string().min(1).nullable().default(null).describe("where a published set was unpacked"),
  size: z.int().min(8).describe("rows and columns of an image"),
  trainClasses: z.int().min(2).nullable().default(null).describe("training classes that are used, all if null"),
  testClasses: z.int().min(2).nullable().default(null).describe("test classes that are used, all if null"),
} as const;

/** How long, how fast, and with which batches. */
const schedule = z.strictObject({
  steps: count.describe("updates"),
  classes: z.int().min(2).describe("classes in a batch, P"),
  perClass: z.int().min(2).describe("images of each class in a batch, K"),
  learningRate: z.number().positive().describe("peak rate of AdamW"),
  evaluations: count.describe("times that the encoder is evaluated on the way"),
});

/** The encoder, and how it is trained. */
export const trainingSettings = {
  filters: z.array(count.multipleOf(8)).min(1).describe("channels of each stage of the residual encoder"),
  blocks: count.describe("residual blocks of a stage"),
  stem: z.enum(["stride", "plain"]).describe("whether the first convolution halves rows and columns"),
  dim: count.describe("width of representations"),
  pretraining: schedule.describe("the training that all others of a seed begin with, by multi-similarity"),
  training: schedule.describe("the trainings that are compared"),
  weightDecay: z.number().min(0).describe("decoupled weight decay"),
  warmup: z.number().min(0).max(1).describe("share of the updates in which the rate rises"),
  memoryStart: z.number().min(0).lt(1).describe("share of the updates before the memory is written and used"),
  memoryWeight: z.number().positive().describe("weight of the memory's loss beside that of the batch"),
} as const;

const data = z.strictObject(dataSettings);
const training = z.strictObject(trainingSettings);

/** The validated settings of the data. */
export type DataConfig = z.output<typeof data>;
/** The validated settings of a training. */
export type TrainingConfig = z.output<typeof training>;
/** The validated settings of one training. */
export type ScheduleConfig = z.output<typeof schedule>;
