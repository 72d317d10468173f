/**
 * The sweep of batch sizes and budgets: `deno task sweep`. Memory comes from one process a point, time from one process
 * a batch, in which the steps take turns. It writes JSON lines and a figure for each encoder, and checks what is claimed.
 *
 * @module
 */
import { UsageError } from "../recipes/runner/usage_error.ts";
import { writeWhole } from "../recipes/runner/write_whole.ts";
import { runApart } from "./apart.ts";
import type { StepSpec } from "./cases.ts";
import { checkBudgets, checkTimes } from "./claims.ts";
import { writeFigures } from "./figures.ts";
import { checkGrowth } from "./growth.ts";
import { type BenchOptions, parseBenchOptions } from "./options.ts";
import { isPoint, type Missing, type Point } from "./point.ts";
import { describe, formatPoints, groupOf, measurePoints, resultFile, stepSpecs } from "./points.ts";
import type { Turn } from "./turns.ts";

const HELP = `Measures memory and time of steps against the batch size and the budget

  --encoder transformer,convolutional,mlp  what encodes
  --methods full,cached,planned            which steps; accumulate is one more
  --batches 256,512,1024,2048,4096         examples of each input
  --budgets 10,25,50,100                   budgets of planned steps, in percent of the full batch's peak
  --chunks 64                              examples in a chunk of cached and accumulated steps
  --rounds 3                               how often a step is timed, as far as a minute for each batch allows
  --backend tensorflow                     the engine; the best that starts if left out
  --limit 6GB                              points that are expected to take more are left out
  --quick                                  two batches and three budgets, in two minutes
  --out bench/results                      folder of sweep.jsonl and sweep_<encoder>.svg`;

const usual = {
  methods: ["full", "cached", "planned"],
  batches: [256, 512, 1024, 2048, 4096],
  chunks: [64],
  shares: [0.1, 0.25, 0.5, 1],
  rounds: 3,
} as const;
const quick = { ...usual, batches: [256, 512], shares: [0.1, 0.5, 1] } as const;

/** Runs the sweep; returns the exit status: 1 if a point failed or bytes are not as claimed. */
async function sweep(args: readonly string[]): Promise<number> {
  const options = parseBenchOptions(
    args.filter((arg) => arg !== "--quick"),
    args.includes("--quick") ? quick : usual,
  );
  const file = resultFile(options.out, "sweep.jsonl");
  const specs = stepSpecs(options);
  const measured = measurePoints(specs, { ...options, steps: 0 });
  const points: (Point | Missing)[] = [];
  let failed = false;
  for (const group of Map.groupBy(specs, groupOf).values()) {
    const own: (Point | Missing)[] = [];
    for (const _ of group) {
      const point = measured.next().value as Point | Missing;
      own.push(point);
      save(file, [...points, ...own]);
      console.error(`${points.length + own.length}/${specs.length} ${describe(point)}`);
    }
    const turns = takeTurns(own.filter(isPoint), options);
    if (typeof turns === "string") console.error(`Not timed: ${groupOf(own[0]!)}: ${turns}`);
    failed ||= typeof turns === "string";
    points.push(...own.map((point) => typeof turns === "string" || !isPoint(point) ? point : withTime(point, turns)));
    // Written at each batch, so that nothing is lost when the sweep is stopped.
    save(file, points);
  }

  const found = points.filter(isPoint);
  const claims = [...checkGrowth(found), ...checkBudgets(found), ...checkTimes(found)];
  console.log(formatPoints(points));
  for (const { claim, holds } of claims) console.log(`${holds ? "Held" : "Missed"}: ${claim}`);
  const figures = await writeFigures(found, options.out, "sweep");
  console.log(`Written: ${[file, ...figures].join(", ")}`);
  failed ||= points.some((point) => !isPoint(point) && point.failed);
  return failed || claims.some(({ holds, required }) => required && !holds) ? 1 : 0;
}

function save(file: string, points: readonly (Point | Missing)[]): void {
  writeWhole(file, points.map((point) => `${JSON.stringify(point)}\n`).join(""));
}

/** Times the points of a batch beside the full one, where that was measured; or says why it cannot. */
function takeTurns(points: readonly Point[], { backend, rounds }: BenchOptions): readonly Turn[] | string {
  const [first] = points;
  if (first?.method !== "full" || points.length === 1) return [];
  const { encoder, batch } = first;
  const chunks = points.filter(({ method }) => method === "cached").map(({ chunk }) => chunk).join();
  const budgets = points.flatMap(({ memory }) => memory ?? []).join();
  const given = { encoder, batch, rounds, backend, chunks: chunks || undefined, budgets: budgets || undefined };
  const found = runApart("./turns.ts", given);
  return "failure" in found ? found.failure : JSON.parse(found.output);
}

/** A point with its time, and that relative to the full batch's. */
function withTime(point: Point, turns: readonly Turn[]): Point {
  const same = (turn: StepSpec) =>
    turn.method === point.method && turn.chunk === point.chunk && turn.memory === point.memory;
  const [full, own] = [turns[0], turns.find(same)];
  return full && own ? { ...point, ms: own.ms, ratio: own.ms / full.ms } : point;
}

if (import.meta.main) {
  if (Deno.args.some((arg) => arg === "--help" || arg === "-h")) {
    console.log(HELP);
  } else {
    try {
      Deno.exitCode = await sweep(Deno.args);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      console.error(`error: ${error.message}`);
      Deno.exitCode = 2;
    }
  }
}
