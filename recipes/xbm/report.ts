/**
 * Tables and figures of the recipe.
 *
 * @module
 */
import { dotChart } from "../runner/dot_chart.ts";
import type { VegaLiteSpec } from "../runner/figures.ts";
import { lineChart, type LineSeries } from "../runner/line_chart.ts";
import { mean } from "../runner/statistics.ts";
import { formatTable } from "../runner/table.ts";
import { compareSeeds, scoreCells, scoreHead, signed } from "../images/comparison.ts";
import type { ImageScores } from "../images/evaluate.ts";
import { recalls, secondsOf } from "../images/seeds.ts";
import { lossTitles } from "./losses.ts";
import type { Compared, RealThing } from "./studies.ts";
import type { Arm, Study } from "./study.ts";

const head = ["training", "batch", "memory", "steps", ...scoreHead, "seconds"];

/** One row a kind of training, each score as its mean over seeds and its standard deviation. */
export function armTable(arms: readonly Arm[], baselines: readonly (readonly string[])[], markdown = false): string {
  const rows = arms.map((arm) => [
    arm.title,
    String(arm.batch),
    arm.memory === 0 ? "-" : arm.memory.toLocaleString("en-US"),
    arm.steps.toLocaleString("en-US"),
    ...scoreCells(arm.runs.map(({ scores }) => scores)),
    secondsOf(arm).toFixed(0),
  ]);
  return formatTable(head, [...baselines, ...rows], { markdown });
}

/** Rows of what everything is measured by: pixels, and the encoder before the compared trainings. */
export function baselineRows(pixels: ImageScores, { pretrained }: Study): string[][] {
  const row = (title: string, runs: readonly ImageScores[]) => [title, "-", "-", "-", ...scoreCells(runs), "-"];
  return [row("pixels", [pixels]), row("pretrained encoder", pretrained.map(({ scores }) => scores))];
}

/** Says for each loss whether memory raises R@1, beside the scatter of the seeds' differences and the spread of seeds. */
export function memoryClaims(compared: readonly Compared[]): string[] {
  return compared.map(({ loss, without, withMemory }) => {
    const { gain, gains, scatter, noise, verdict } = compareSeeds(recalls(withMemory), recalls(without));
    return `${lossTitles[loss]}: memory ${verdict}, R@1 ${signed(gain)} (of each seed ${
      gains.map(signed).join(", ")
    }; ` +
      `their scatter ${scatter.toFixed(3)}, spread of seeds ${noise.toFixed(3)})`;
  });
}

/** R@1 of each loss without and with memory, beside the baselines. */
export function lossesFigure(compared: readonly Compared[], pixels: ImageScores, study: Study): VegaLiteSpec {
  const groups = (side: "without" | "withMemory") =>
    compared.map((pair) => ({ row: lossTitles[pair.loss], values: recalls(pair[side]) }));
  return dotChart({
    title: "Cross-batch memory, loss by loss",
    value: "Recall@1 on classes never seen",
    series: [
      { name: "without memory", groups: groups("without") },
      { name: "with memory", groups: groups("withMemory") },
    ],
    lines: [
      { name: "pixels", value: pixels.recall1 },
      { name: "pretrained", value: mean(study.pretrained.map(({ scores }) => scores.recall1)) },
    ],
  });
}

/** R@1 against the seconds of batches, steps and updates. */
export function realThingFigure({ memory, equalExamples, equalTime }: RealThing): VegaLiteSpec {
  const group = (arm: Arm) => ({
    name: arm.title,
    groups: [{ row: `${secondsOf(arm).toFixed(0)} s`, values: recalls(arm) }],
  });
  return dotChart({
    title: "Memory against the real thing",
    subtitle: "as many negatives from memory and from a true batch",
    value: "Recall@1 on classes never seen",
    series: [memory, equalExamples, equalTime].map(group),
  });
}

/** Drift against the step, those of the pretraining first, one line a gap. */
export function driftFigure(study: Study, first: Arm): VegaLiteSpec {
  const before = study.pretrained[0]!;
  const offset = before.curve.at(-1)!.step;
  const points = [
    ...before.drift,
    ...first.runs[0]!.drift.map((point) => ({ ...point, step: point.step + offset })),
  ];
  const gaps = [...new Set(points.map(({ gap }) => gap))].sort((a, b) => a - b);
  return lineChart({
    title: "Slow drift",
    subtitle: `pretraining up to step ${offset.toLocaleString("en-US")}`,
    x: "step",
    y: "mean squared distance of representations",
    yScale: "log",
    series: gaps.map((gap): LineSeries => ({
      name: `${gap} steps apart`,
      points: points.filter((point) => point.gap === gap).map(({ step, drift }) => ({ x: step, y: drift })),
    })),
  });
}

/** R@1 against the share of the training set that is in memory. */
export function ratioFigure(arms: readonly Arm[], examples: number): VegaLiteSpec {
  return lineChart({
    title: "Memory ratio",
    x: "images in memory / images to train on",
    y: "Recall@1 on classes never seen",
    yZero: false,
    series: [{
      name: lossTitles[arms[0]!.loss],
      points: arms.map((arm) => banded(arm.memory / examples, recalls(arm))),
    }],
  });
}

/** R@1 against the batch size, without and with memory. */
export function batchFigure(compared: readonly Compared[]): VegaLiteSpec {
  const series = (name: string, side: "without" | "withMemory"): LineSeries => ({
    name,
    points: compared.map((pair) => banded(pair[side].batch, recalls(pair[side]))),
  });
  return lineChart({
    title: "Batch size",
    x: "images in a batch",
    y: "Recall@1 on classes never seen",
    xScale: "log",
    yZero: false,
    series: [series("without memory", "without"), series("with memory", "withMemory")],
  });
}

function banded(x: number, values: readonly number[]) {
  return { x, y: mean(values), low: Math.min(...values), high: Math.max(...values) };
}

/** The results of a training's seeds as plain data, for summary.json. */
export function armSummary({ title, loss, memory, batch, steps, runs }: Arm): object {
  return {
    title,
    loss,
    memory,
    batch,
    steps,
    runs: runs.map(({ seed, curve, seconds }) => ({ seed, seconds, curve })),
  };
}
