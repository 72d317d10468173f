/**
 * Time and memory of the steps: `deno bench -A bench/steps_bench.ts`, or `deno task bench`.
 *
 * After the table of times it prints peak tensor bytes and resident memory of the same cases, each measured in a process
 * of its own, and writes them to `steps.json` and `steps_<encoder>.svg`. Options follow a `--`, as in
 * `deno task bench -- --batches 64 --chunks 8,32`; `bench/sweep.ts` explains them. `GRADFOLD_BACKEND` names the engine.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { key, leaves, measurePeak, useBackend } from "../core/mod.ts";
import { writeWhole } from "../recipes/runner/write_whole.ts";
import { type BenchCase, benchCase, benchStep, type StepSpec } from "./cases.ts";
import { writeFigures } from "./figures.ts";
import { parseBenchOptions } from "./options.ts";
import { isPoint, type Missing, type Point, warmUps } from "./point.ts";
import { curveOf, formatPoints, groupOf, measurePoints, resultFile, stepSpecs } from "./points.ts";

const options = parseBenchOptions(Deno.args, {
  methods: ["full", "accumulate", "cached", "planned"],
  batches: [64, 256],
  chunks: [16, 32],
  shares: [0.25, 1],
  rounds: 4,
});
await useBackend(options);
const specs = stepSpecs(options);
const measuring = { ...options, steps: 3 };
const file = resultFile(options.out, "steps.json");

// Groups side by side: what is compared is the steps at one batch size.
for (const [group, members] of Map.groupBy(specs, groupOf)) {
  for (const [i, spec] of members.entries()) register(group, spec, i === 0);
}

/** What the benches of a group share, made by the first that runs. */
interface Prepared {
  readonly group: string;
  readonly made: BenchCase;
  readonly inputs: ReturnType<BenchCase["inputs"]>;
}

let prepared: Prepared | undefined;

function prepare(group: string, { encoder, batch }: StepSpec): Prepared {
  if (prepared?.group === group) return prepared;
  if (prepared) {
    prepared.made.dispose();
    tf.dispose(prepared.inputs.flatMap(leaves));
  }
  const made = benchCase(encoder);
  return prepared = { group, made, inputs: made.inputs(batch) };
}

function register(group: string, spec: StepSpec, baseline: boolean): void {
  let step: ReturnType<typeof benchStep> | undefined;
  Deno.bench({
    name: curveOf(spec),
    group,
    baseline,
    n: options.rounds,
    warmup: warmUps(spec),
    async fn(bench) {
      const { made, inputs } = prepare(group, spec);
      step ??= benchStep(made, await withBudget(made, inputs, spec));
      bench.start();
      const result = step(inputs, key(1));
      await result.loss.data();
      bench.end();
      tf.dispose([result.loss, result.gradients]);
    },
  });
}

/** Sets the budget of a planned step. */
async function withBudget(made: BenchCase, inputs: Prepared["inputs"], spec: StepSpec): Promise<StepSpec> {
  if (spec.share === undefined) return spec;
  const full = benchStep(made, { ...spec, method: "full" });
  const { result, peakBytes } = await measurePeak(() => full(inputs, key(1)));
  tf.dispose([result.loss, result.gradients]);
  return { ...spec, memory: Math.floor(spec.share * peakBytes) };
}

// One point a call, so that the time of this bench is that of a point. Deno calls it at least as often as there are points.
const points: (Point | Missing)[] = [];
const rest = measurePoints(specs, measuring);
let table = "";
Deno.bench({
  name: "one point",
  group: "memory of the same cases, one process a point",
  n: Math.max(1, specs.length - 1),
  warmup: 1,
  async fn() {
    const { value, done } = rest.next();
    if (done) {
      // A call too many takes as long as the others, so that their average means something.
      measurePoints(specs, measuring).next();
      return;
    }
    points.push(value);
    if (points.length < specs.length) return;
    writeWhole(file, `${JSON.stringify(points, undefined, 2)}\n`);
    const figures = await writeFigures(points.filter(isPoint), options.out, "steps");
    table = `\n${formatPoints(points)}\n\nWritten: ${[file, ...figures].join(", ")}`;
  },
});

// The table of times is complete only now.
addEventListener("unload", () => {
  if (table) console.log(table);
});
