/**
 * Memory and time of the losses over many representations: `deno task bench:losses`. One process a point.
 *
 * @module
 */
import { formatTable } from "../recipes/runner/table.ts";
import { UsageError } from "../recipes/runner/usage_error.ts";
import { writeWhole } from "../recipes/runner/write_whole.ts";
import { runApart } from "./apart.ts";
import { lossCases, type LossName, lossNames } from "./loss_cases.ts";
import type { LossPoint } from "./loss_point.ts";
import { count, counts, engineNames, pick, pickAll, readOptions } from "./options.ts";
import { resultFile } from "./points.ts";

const HELP = `Measures losses with their gradients over many representations, one process a point

  --losses infoNCE,supCon,...  which losses
  --rows 8192                  representations in all
  --dim 64                     their width
  --bytes 4000000,32000000     bytes that the matrices of a tile may take
  --backend tensorflow         the engine; the best that starts if left out
  --out bench/results          folder of losses.jsonl`;

/** Runs the bench; returns the exit status: 1 if a point failed. */
function benchLosses(args: readonly string[]): number {
  const given = readOptions(args, ["losses", "rows", "dim", "bytes", "backend", "out"]);
  const names = given.losses === undefined ? lossNames : pickAll("losses", given.losses, lossNames);
  const rows = given.rows === undefined ? [8192] : counts("rows", given.rows, 4);
  const dim = given.dim === undefined ? 64 : count("dim", given.dim, 1);
  const bytes = given.bytes === undefined ? [4_000_000, 32_000_000] : counts("bytes", given.bytes, 1);
  const backend = given.backend === undefined ? undefined : pick("backend", given.backend, engineNames);
  const file = resultFile(given.out ?? "bench/results", "losses.jsonl");

  const specs = names.flatMap((loss) => rows.flatMap((rows) => bytes.map((bytes) => ({ loss, rows, dim, bytes }))));
  const points: LossPoint[] = [];
  for (const [i, spec] of specs.entries()) {
    const found = runApart("./loss_point.ts", { ...spec, backend });
    const what = `${i + 1}/${specs.length} ${spec.loss}, ${spec.rows} rows, tiles of ${spec.bytes / 1e6} MB`;
    console.error("failure" in found ? `${what}: ${found.failure}` : what);
    if ("failure" in found) continue;
    points.push(JSON.parse(found.output));
    writeWhole(file, points.map((point) => `${JSON.stringify(point)}\n`).join(""));
  }
  console.log(format(points));
  console.log(`Written: ${file}`);
  return points.length === specs.length ? 0 : 1;
}

function format(points: readonly LossPoint[]): string {
  const head = [
    "loss",
    "rows",
    "tiles MB",
    "peak tensors MB",
    "RSS above engine MB",
    "s",
    "GFLOP/s",
    "others keep, at 64 wide",
  ];
  return formatTable(
    head,
    points.map((point) => [
      point.loss,
      point.rows,
      (point.bytes! / 1e6).toFixed(0),
      (point.peakBytes / 1e6).toFixed(1),
      (point.rssAboveEngine / 1e6).toFixed(0),
      point.seconds.toFixed(2),
      point.gflops.toFixed(0),
      point.rows === 8192 && point.dim === 64 ? lossCases[point.loss as LossName].others : "",
    ]),
  );
}

if (import.meta.main) {
  if (Deno.args.some((arg) => arg === "--help" || arg === "-h")) {
    console.log(HELP);
  } else {
    try {
      Deno.exitCode = benchLosses(Deno.args);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      console.error(`error: ${error.message}`);
      Deno.exitCode = 2;
    }
  }
}
