/**
 * The settings of the recipe.
 *
 * @module
 */
import { z } from "zod";
import { dataSettings, trainingSettings } from "../images/config.ts";
import { weightSettings } from "./weights.ts";

const count = z.int().min(1);
const name = z.string().min(1);

/** What stands in place of the queue. */
const memory = z.strictObject({
  kind: z.enum(["none", "keys", "entries"]).describe(
    "none; a queue of what a slow encoder gives; or moving averages of entries",
  ),
  momentum: z.number().min(0).lt(1).optional().describe("how much of the average stays at an update"),
}).refine(({ kind, momentum }) => (kind === "none") === (momentum === undefined), {
  path: ["momentum"],
  error: "expected a number in [0, 1) for keys and entries, and none without a memory",
});

/** Trainings that are held against another one. */
const question = z.strictObject({
  question: name.describe("what is asked"),
  trainings: z.array(name).min(1).describe("names of weightings or memories"),
  against: name.describe("the name of what they are held against"),
  paper: z.enum(["helps", "harms", "makes no clear difference"]).nullable().default(null).describe(
    "what the paper says of them, if anything",
  ),
});

/** Names, limits and meanings of what stands in `config.yaml`. */
export const schema = z.strictObject({
  seeds: count.describe("runs of each training, with seeds seed, seed + 1, ..."),
  study: z.enum(["questions", "full"]).describe("questions: all but what stands under further; full: everything"),
  further: z.array(name).default([]).describe("weightings that only the full study trains"),
  ...dataSettings,
  ...trainingSettings,
  memoryRatio: z.number().positive().max(1).describe("images in the queue, as a share of the training set"),
  balance: z.boolean().describe("whether the weights of each anchor's positives sum to 1, and those of its negatives"),
  ...weightSettings,
  reference: name.describe("the weighting of the trainings with other memories, and of the pictures"),
  memories: z.record(name, memory).describe(
    "memories in place of the queue, by name: { kind: none }, { kind: keys, momentum: 0.99 } of a slow encoder, " +
      "{ kind: entries, momentum: 0.5 } of averages",
  ),
  questions: z.record(name, question).describe(
    "questions by name: { question, trainings, against, paper }, answered by what trainings have more than the one they " +
      "are held against, with what the paper says",
  ),
}).superRefine(({ weightings, memories, reference, questions }, { addIssue }) => {
  const fault = (path: string[], message: string) => addIssue({ code: "custom", path, message });
  const names = [...Object.keys(weightings), ...Object.keys(memories)];
  if (!(reference in weightings)) {
    fault(["reference"], `expected the name of a weighting, one of ${Object.keys(weightings).join(", ")}`);
  }
  for (const name of Object.keys(memories)) {
    if (name in weightings) fault(["memories", name], "expected another name than that of a weighting");
  }
  for (const [key, { trainings, against }] of Object.entries(questions)) {
    const expected = `expected names of weightings or memories, which are ${names.join(", ")}`;
    if (!trainings.every((name) => names.includes(name))) fault(["questions", key, "trainings"], expected);
    if (!names.includes(against)) fault(["questions", key, "against"], expected);
    if (trainings.includes(against)) fault(["questions", key, "against"], "expected another one than the trainings");
  }
});

/** The validated settings. */
export type Config = z.output<typeof schema>;
