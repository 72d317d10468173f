/**
 * Measures many points, each in a process of its own.
 *
 * @module
 */
import { join } from "@std/path";
import { reasonOf } from "../recipes/runner/file_errors.ts";
import { formatTable } from "../recipes/runner/table.ts";
import { UsageError } from "../recipes/runner/usage_error.ts";
import { runApart } from "./apart.ts";
import type { StepSpec } from "./cases.ts";
import type { BenchOptions } from "./options.ts";
import { isPoint, type Missing, type Point } from "./point.ts";

/** The steps of a sweep, the batches of each encoder in ascending order and for each the full batch first. */
export function stepSpecs({ encoders, methods, chunks, shares, batches }: BenchOptions): StepSpec[] {
  return encoders.flatMap((encoder) =>
    batches.flatMap((batch) =>
      methods.flatMap((method): StepSpec[] => {
        const spec = { encoder, method, batch };
        if (method === "full") return [spec];
        if (method === "planned") return shares.map((share) => ({ ...spec, share }));
        return chunks.map((chunk) => ({ ...spec, chunk }));
      })
    )
  );
}

/** A step in words, without its encoder and batch: the name of the curve that a point belongs to. */
export function curveOf({ method, chunk, share, memory }: StepSpec): string {
  if (method === "full") return "full";
  if (method !== "planned") return `${method}, chunks of ${chunk}`;
  return share === undefined ? `planned, ${megabytes(memory!)} MB` : `planned, ${Math.round(100 * share)} %`;
}

/** What points of several steps have in common. */
export function groupOf({ encoder, batch }: StepSpec): string {
  return `${encoder}, batch ${batch}`;
}

/** A point in words. */
export function describe(spec: StepSpec): string {
  return `${groupOf(spec)}, ${curveOf(spec)}`;
}

/** How points are measured. */
export interface MeasureOptions extends Pick<BenchOptions, "limit" | "backend"> {
  /** Steps that are timed in each process, at least. */
  readonly steps: number;
}

/**
 * Measures steps one after the other, each in a process of its own. One that is expected to take more than the limit, by a
 * straight line through the points before it on its curve, is left out. The budget of a planned step is a part of the full
 * batch's peak, or of the peak that such a line expects.
 */
export function* measurePoints(
  specs: readonly StepSpec[],
  { backend, limit, steps }: MeasureOptions,
): Generator<Point | Missing> {
  const points: Point[] = [];
  for (const asked of specs) {
    const curve = (name: string) =>
      points.filter((point) => point.encoder === asked.encoder && curveOf(point) === name);
    const spec = withBudget(asked, curve("full"));
    const needed = spec.memory ?? takenBytes(curve(curveOf(spec)), spec.batch);
    const missing = spec.share !== undefined && spec.memory === undefined
      ? "no full batch was measured, whose peak its budget is a part of"
      : needed > limit && `it would take about ${gigabytes(needed)}, above the limit of ${gigabytes(limit)}`;
    const point = missing ? { ...spec, missing, failed: false } : measureApart(spec, { backend, steps });
    if (isPoint(point)) points.push(point);
    yield point;
  }
}

/** Sets the budget of a planned step. */
function withBudget(spec: StepSpec, full: readonly Point[]): StepSpec {
  if (spec.share === undefined || full.length === 0) return spec;
  return { ...spec, memory: Math.floor(spec.share * expected(full, spec.batch, ({ peakBytes }) => peakBytes)) };
}

/** The most that is expected of a batch, in tensors or in resident memory, each on its own line. */
export function takenBytes(before: readonly Point[], batch: number): number {
  return Math.max(
    expected(before, batch, ({ peakBytes }) => peakBytes),
    expected(before, batch, ({ rssAboveBase }) => rssAboveBase),
  );
}

/** What a straight line through the last two points, or through the origin and one, says of a batch. */
export function expected(before: readonly Point[], batch: number, quantity: (point: Point) => number): number {
  const [last, earlier] = [before.at(-1), before.at(-2)];
  if (!last) return 0;
  const [top, bottom] = [quantity(last), earlier ? quantity(earlier) : 0];
  return top + (top - bottom) / (last.batch - (earlier?.batch ?? 0)) * (batch - last.batch);
}

/** Measures a step in a new process. */
export function measureApart(
  spec: StepSpec,
  options: { backend?: string | undefined; steps: number },
): Point | Missing {
  const { share: _, ...asked } = spec;
  const found = runApart("./point.ts", { ...asked, ...options });
  if ("failure" in found) return { ...spec, missing: found.failure, failed: true };
  return { ...spec, ...JSON.parse(found.output) as Point | Missing };
}

/** The columns of the table; some only where a point has something to say in them. */
const columns: readonly (readonly [head: string, cell: (point: Point) => string | number | undefined])[] = [
  ["encoder", (point) => point.encoder],
  ["batch", (point) => point.batch],
  ["step", curveOf],
  ["budget MB", ({ memory }) => memory === undefined ? undefined : megabytes(memory)],
  ["peak tensors MB", ({ peakBytes }) => megabytes(peakBytes)],
  ["RSS above base MB", ({ rssAboveBase }) => megabytes(rssAboveBase)],
  ["ms", ({ ms }) => ms.toFixed(1)],
  ["ms/example", ({ ms, batch }) => (ms / batch).toFixed(2)],
  ["time/full", ({ ratio }) => ratio?.toFixed(3)],
  ["plan", ({ plan }) => plan],
];

/** A table of points, and lines on those that are missing. */
export function formatPoints(points: readonly (Point | Missing)[]): string {
  const measured = points.filter(isPoint);
  const used = columns.filter(([, cell]) => measured.some((point) => cell(point) !== undefined));
  const rows = measured.map((point) => used.map(([, cell]) => cell(point) ?? "-"));
  const missing = points.flatMap((point) =>
    isPoint(point) ? [] : [`${point.failed ? "Failed" : "Left out"}: ${describe(point)}: ${point.missing}`]
  );
  return [formatTable(used.map(([head]) => head), rows), ...missing].join("\n");
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

/** A file of the results, in a folder that is made if there is none. */
export function resultFile(folder: string, name: string): string {
  const path = join(folder, name);
  try {
    Deno.mkdirSync(folder, { recursive: true });
    Deno.openSync(path, { write: true, create: true }).close();
  } catch (error) {
    throw new UsageError(`Cannot write to ${path}: ${reasonOf(error)}; choose another folder with --out`);
  }
  return path;
}
