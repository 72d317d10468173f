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
import type { BenchOptions } from "./options.ts";
import type { Point, PointSpec } from "./point.ts";

/** A point that was left out, or that failed. */
export interface Missing extends PointSpec {
  readonly missing: string;
  /** Whether it was tried. */
  readonly failed: boolean;
}

/** Whether a point was measured. */
export function isPoint(point: Point | Missing): point is Point {
  return !("missing" in point);
}

/** The points of a sweep, the batches of each curve in ascending order. */
export function pointSpecs({ encoders, methods, chunks, batches }: BenchOptions): PointSpec[] {
  return encoders.flatMap((encoder) =>
    methods.flatMap((method) =>
      (method === "full" ? [undefined] : chunks).flatMap((chunk) =>
        batches.map((batch) => ({ encoder, method, batch, chunk: chunk ?? batch }))
      )
    )
  );
}

/** The name of the curve that a point belongs to. */
export function curveOf({ method, chunk }: PointSpec): string {
  return method === "full" ? "full" : `${method}, chunks of ${chunk}`;
}

/**
 * Measures points one after the other. One that is expected to take more than the limit, by a straight line through the
 * points before it on its curve, is left out.
 */
export function* measurePoints(
  specs: readonly PointSpec[],
  { backend, limit }: Pick<BenchOptions, "backend" | "limit">,
): Generator<Point | Missing> {
  const points: Point[] = [];
  for (const spec of specs) {
    const curve = points.filter((point) => point.encoder === spec.encoder && curveOf(point) === curveOf(spec));
    const expected = expectedBytes(curve, spec.batch);
    const [needed, allowed] = [expected, limit].map((bytes) => `${(bytes / 1e9).toFixed(1)} GB`);
    const point = expected > limit
      ? { ...spec, missing: `it would take about ${needed}, above the limit of ${allowed}`, failed: false }
      : measureApart(spec, backend);
    if (isPoint(point)) points.push(point);
    yield point;
  }
}

/** What a straight line through the last two points, or through the origin and one, says of a batch. */
export function expectedBytes(before: readonly Point[], batch: number): number {
  const [last, earlier] = [before.at(-1), before.at(-2)];
  if (!last) return 0;
  const [top, bottom] = [bytesOf(last), earlier ? bytesOf(earlier) : 0];
  return top + (top - bottom) / (last.batch - (earlier?.batch ?? 0)) * (batch - last.batch);
}

function bytesOf({ peakBytes, rssAboveBase }: Point): number {
  return Math.max(peakBytes, rssAboveBase);
}

/** Measures a point in a new process. */
function measureApart(spec: PointSpec, backend: string | undefined): Point | Missing {
  const found = runApart("./point.ts", { ...spec, backend });
  return "output" in found ? JSON.parse(found.output) as Point : { ...spec, missing: found.failure, failed: true };
}

/** A table of points, without those that are missing. */
export function formatPoints(points: readonly (Point | Missing)[]): string {
  const head = ["encoder", "batch", "step", "peak tensors MB", "RSS above base MB", "ms/example"];
  const rows = points.filter(isPoint).map((point) => [
    point.encoder,
    point.batch,
    curveOf(point),
    (point.peakBytes / 1e6).toFixed(1),
    (point.rssAboveBase / 1e6).toFixed(1),
    point.msPerExample.toFixed(2),
  ]);
  const missing = points.flatMap((point) =>
    isPoint(point) ? [] : [`${point.failed ? "Failed" : "Left out"}: ${describe(point)}: ${point.missing}`]
  );
  return [formatTable(head, rows), ...missing].join("\n");
}

/** A point in words. */
export function describe(spec: PointSpec): string {
  return `${spec.encoder}, batch ${spec.batch}, ${curveOf(spec)}`;
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
