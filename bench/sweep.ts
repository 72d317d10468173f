/**
 * The memory sweep: `deno task sweep`. One process a point; JSON lines and a figure for each encoder.
 *
 * @module
 */
import { UsageError } from "../recipes/runner/usage_error.ts";
import { writeWhole } from "../recipes/runner/write_whole.ts";
import { writeFigures } from "./figures.ts";
import { checkGrowth } from "./growth.ts";
import { parseBenchOptions } from "./options.ts";
import type { Point } from "./point.ts";
import { describe, formatPoints, isPoint, measurePoints, type Missing, pointSpecs, resultFile } from "./points.ts";

const HELP = `Measures memory and time of steps against the batch size, one process a point

  --encoder transformer,convolutional  what encodes
  --methods full,accumulate,cached     which steps
  --batches 64,128,...,4096            examples of each input
  --chunks 32                          examples in a chunk
  --backend tensorflow                 the engine; the best that starts if left out
  --limit 6GB                          points that are expected to take more are left out
  --out bench/results                  folder of sweep.jsonl and sweep_<encoder>.svg`;

/** Runs the sweep; returns the exit status: 1 if a point failed or memory grows otherwise than it should. */
async function sweep(args: readonly string[]): Promise<number> {
  const options = parseBenchOptions(args, { batches: [64, 128, 256, 512, 1024, 2048, 4096], chunks: [32] });
  const file = resultFile(options.out, "sweep.jsonl");
  const lines: string[] = [];
  const specs = pointSpecs(options);
  const points: (Point | Missing)[] = [];
  for (const point of measurePoints(specs, options)) {
    points.push(point);
    lines.push(`${JSON.stringify(point)}\n`);
    // Written at each point, so that nothing is lost when the sweep is stopped.
    writeWhole(file, lines.join(""));
    console.error(`${lines.length}/${specs.length} ${describe(point)}`);
  }
  const measured = points.filter(isPoint);
  const growth = checkGrowth(measured);
  console.log(formatPoints(points));
  for (const { claim, holds } of growth) console.log(`${holds ? "Holds" : "Does not hold"}: ${claim}`);
  const figures = await writeFigures(measured, options.out, "sweep");
  console.log(`Written: ${[file, ...figures].join(", ")}`);
  return growth.every(({ holds }) => holds) && points.every((point) => isPoint(point) || !point.failed) ? 0 : 1;
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
