import type { Point } from "../../bench/point.ts";

/** A point with the fields that matter. */
export function point(fields: Partial<Point> & Pick<Point, "method" | "batch">): Point {
  return {
    encoder: "transformer",
    engine: "wasm",
    parameters: 10,
    peakBytes: 0,
    rssAboveBase: 0,
    ms: 100,
    ...(fields.method === "cached" || fields.method === "accumulate" ? { chunk: 32 } : {}),
    ...fields,
  };
}
