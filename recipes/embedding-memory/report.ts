/**
 * Tables and figures of the recipe.
 *
 * @module
 */
import { scoreCells, scoreHead } from "../images/comparison.ts";
import type { ImageScores } from "../images/evaluate.ts";
import { recalls, secondsOf } from "../images/seeds.ts";
import { dotChart } from "../runner/dot_chart.ts";
import type { VegaLiteSpec } from "../runner/figures.ts";
import { mean } from "../runner/statistics.ts";
import { formatTable } from "../runner/table.ts";
import type { Config } from "./config.ts";
import { weightCurvesFigure } from "./curves.ts";
import type { Arm, Study } from "./study.ts";

/** One row a kind of training, each score as its mean over seeds and its standard deviation; baselines first. */
export function armTable({ pretrained, arms }: Study, pixels: ImageScores, markdown = false): string {
  const baseline = (title: string, scores: readonly ImageScores[]) => [title, "-", "-", ...scoreCells(scores), "-"];
  const rows = arms.map((arm) => [
    arm.title,
    arm.weighting,
    memoryText(arm),
    ...scoreCells(arm.runs.map(({ scores }) => scores)),
    secondsOf(arm).toFixed(0),
  ]);
  const baselines = [
    baseline("pixels", [pixels]),
    baseline("pretrained encoder", pretrained.map(({ scores }) => scores)),
  ];
  return formatTable(["training", "weights", "memory", ...scoreHead, "seconds"], [...baselines, ...rows], { markdown });
}

/** What a training's memory is. */
function memoryText({ memory }: Arm): string {
  switch (memory.kind) {
    case "none":
      return "none";
    case "queue":
      return `queue of ${memory.size.toLocaleString("en-US")}`;
    case "keys":
      return `queue of keys, momentum ${memory.momentum}`;
    case "entries":
      return `averages, momentum ${memory.momentum}`;
  }
}

/** R@1 of all trainings, beside that of the pretrained encoder. */
export function recallFigure({ pretrained, arms }: Study): VegaLiteSpec {
  return dotChart({
    title: "Weights over an embedding memory",
    value: "Recall@1 on classes never seen",
    series: [{ name: "R@1", groups: arms.map((arm) => ({ row: arm.title, values: recalls(arm) })) }],
    lines: [{ name: "pretrained", value: mean(pretrained.map(({ scores }) => scores.recall1)) }],
  });
}

/**
 * The weight curves of each question that is about weights, by its name: all in one figure could not be told apart.
 */
export async function weightFigures({ weightings, questions }: Config): Promise<Map<string, VegaLiteSpec>> {
  const figures = new Map<string, VegaLiteSpec>();
  for (const [name, { trainings, against }] of Object.entries(questions)) {
    const shown = [against, ...trainings].filter((title) => title in weightings);
    if (shown.length < 2) continue;
    const specs = Object.fromEntries(shown.map((title) => [title, weightings[title]!]));
    figures.set(name, await weightCurvesFigure(specs));
  }
  return figures;
}

/** The results of a training's seeds as plain data, for summary.json. */
export function armSummary({ title, weighting, memory, runs }: Arm): object {
  return {
    title,
    weighting,
    memory,
    runs: runs.map(({ seed, curve, seconds }) => ({ seed, seconds, curve })),
  };
}
