/**
 * Tables and figures of the recipe.
 *
 * @module
 */
import { lineChart, type LineSeries } from "../runner/line_chart.ts";
import type { VegaLiteSpec } from "../runner/figures.ts";
import { mean, spread } from "../runner/statistics.ts";
import { formatTable } from "../runner/table.ts";
import type { Method } from "./methods.ts";
import type { Task } from "./task.ts";
import type { Run } from "./train.ts";

/** A method and its runs. */
export interface Result {
  readonly method: Method;
  readonly runs: readonly Run[];
}

const columns = ["recall1", "recall10", "recall100", "mrr"] as const;
const head = ["method", "negatives", "R@1", "R@10", "R@100", "MRR", "step peak MB", "ms/example"];

/** One row a method, each score as its mean over seeds and its standard deviation; BM25 below. */
export function resultTable(results: readonly Result[], lexical: Task["lexical"], markdown = false): string {
  const rows = results.map(({ method, runs }) => [
    method.title,
    method.negatives.toLocaleString("en-US"),
    ...columns.map((column) => spread(runs.map(({ scores }) => scores[column]))),
    (mean(runs.map(({ peakBytes }) => peakBytes)) / 1e6).toFixed(1),
    mean(runs.map(({ msPerExample }) => msPerExample)).toFixed(3),
  ]);
  const bm25 = Object.entries(lexical).map(([terms, scores]) => [
    `BM25, ${terms}`,
    "-",
    ...columns.map((column) => scores[column].toFixed(3)),
    "-",
    "-",
  ]);
  return formatTable(head, [...rows, ...bm25], { markdown });
}

/** The results as plain data, for summary.json. */
export function summarise(results: readonly Result[], lexical: Task["lexical"]): object {
  return {
    methods: results.map(({ method, runs }) => ({
      method: method.title,
      negatives: method.negatives,
      runs: runs.map(({ seed, scores, peakBytes, msPerExample, plan }) => ({
        seed,
        ...scores,
        peakBytes,
        msPerExample,
        ...(plan ? { plan } : {}),
      })),
    })),
    bm25: lexical,
  };
}

/** R@10 against pairs seen, the spread of seeds as bands. */
export function recallFigure(results: readonly Result[], lexical: Task["lexical"]): VegaLiteSpec {
  const series = results.map(({ method, runs }): LineSeries => ({
    name: method.title,
    // Whatever lies beneath it should show through.
    dashed: method === results.at(-1)!.method,
    points: runs[0]!.curve.map(({ examples }, i) => banded(examples, runs.map((run) => run.curve[i]!.scores.recall10))),
  }));
  const ends = series[0]!.points.map(({ x }) => x);
  const bm25 = Object.entries(lexical).map(([terms, { recall10 }]): LineSeries => ({
    name: `BM25, ${terms}`,
    dashed: true,
    points: [ends[0]!, ends.at(-1)!].map((x) => ({ x, y: recall10 })),
  }));
  return lineChart({
    title: "Retrieval of WordNet glosses",
    x: "pairs seen",
    y: "Recall@10",
    series: [...series, ...bm25],
    yZero: false,
  });
}

/** The loss of the methods that see the same negatives; their lines should cover each other. */
export function lossFigure(results: readonly Result[]): VegaLiteSpec {
  const most = Math.max(...results.map(({ method }) => method.negatives));
  const series = results.filter(({ method }) => method.negatives === most).map(({ method, runs }, i): LineSeries => ({
    name: method.title,
    dashed: i > 0,
    points: runs[0]!.losses.map((loss, step) => ({ x: (step + 1) * method.batch, y: loss })),
  }));
  return lineChart({ title: "Loss of one seed", x: "pairs seen", y: "InfoNCE", series, marks: false });
}

/**
 * The largest distance of two methods' losses at any step, relative to the loss, over all seeds that both ran.
 */
export function lossDistance(a: Result, b: Result): number {
  return Math.max(...a.runs.flatMap((run, i) => {
    const other = b.runs[i]?.losses ?? [];
    return run.losses.map((loss, step) => Math.abs(loss - (other[step] ?? loss)) / Math.abs(loss));
  }));
}

function banded(x: number, values: readonly number[]) {
  return { x, y: mean(values), low: Math.min(...values), high: Math.max(...values) };
}
