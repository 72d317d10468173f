/**
 * Shows a parity report as tables.
 *
 * @module
 */
import { describePlan, type ParityPoint, type ParityReport } from "../../core/mod.ts";
import { formatTable } from "./table.ts";

/** The tables of a report: one line for each way of chunking, the plan if there is one, and one for each group of parameters. */
export function parityText(recipe: string, report: ParityReport): string {
  const { engine, examples, crossExample, full, points, tolerance } = report;
  const policy = crossExample === undefined ? "" : `, encoders that mix examples: ${crossExample}`;
  return [
    `${recipe}: ${[...new Set(examples)].join(" and ")} examples, ${engine} engine${policy}`,
    `The whole batch on one tape: loss ${full.loss.toPrecision(6)}, ${megabytes(full.peakBytes)} MB at the peak, ` +
    `${full.milliseconds.toFixed(0)} ms`,
    "",
    formatTable(
      ["chunk", "keep", "replayed", "bit-equal", "loss difference", "relative L2", "peak MB", "ms"],
      points.map((point) => [
        ...cutOf(point),
        point.replayed,
        point.replayed === 0 ? "-" : point.bitEqual ? "yes" : "no",
        small(point.lossDifference),
        small(point.relativeL2),
        megabytes(point.peakBytes),
        point.milliseconds.toFixed(0),
      ]),
    ),
    ...points.flatMap(({ memory }) => memory ? ["", `planned: ${describePlan(memory)}`] : []),
    "",
    formatTable(
      ["chunk", "keep", "gradient of", "relative L2", "largest difference", "farthest parameter", "its relative L2"],
      points.flatMap((point) =>
        point.groups.map(({ name, relativeL2, largestDifference, parameters }) => {
          const [farthest] = parameters.toSorted((a, b) => b.relativeL2 - a.relativeL2);
          return [
            ...cutOf(point),
            name,
            small(relativeL2),
            small(largestDifference),
            farthest!.name,
            small(farthest!.relativeL2),
          ];
        })
      ),
    ),
    "",
    ...verdict(points, tolerance),
  ].join("\n");
}

function verdict(points: readonly ParityPoint[], tolerance: number): string[] {
  const failed = points.filter(({ passed }) => !passed);
  if (failed.length === 0) return [`Passed: all gradients are within ${plain(tolerance)} of those of the whole batch`];
  return failed.map((point) => {
    const [chunk, keep] = cutOf(point);
    return `Failed: chunk ${chunk}, keep ${keep}: the gradient is ${
      small(point.relativeL2)
    } away from that of the whole ` +
      `batch, expected at most ${plain(tolerance)}${point.bitEqual ? "" : "; the replay differs from the first pass"}`;
  });
}

/** What stands under "chunk" and "keep". */
function cutOf({ chunkSize, chunkTokens, keep, memory }: ParityPoint): [string | number, string | number] {
  if (memory) return ["planned", "planned"];
  return [chunkSize ?? `${chunkTokens} tokens`, keep!];
}

function small(value: number): string {
  return value === 0 ? "0" : value.toExponential(1);
}

function plain(tolerance: number): string {
  return tolerance === 0 ? "0" : tolerance.toExponential();
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
