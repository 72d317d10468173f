import { axisChannel, type AxisScale, isDrawable } from "./axis.ts";
import type { VegaLiteSpec } from "./figures.ts";

/** A point of a line. */
export interface LinePoint {
  /** Place along the x axis. */
  readonly x: number;
  /** Place along the y axis. */
  readonly y: number;
  /** Lower end of the spread around `y`, together with `high`. */
  readonly low?: number;
  /** Upper end of the spread around `y`. */
  readonly high?: number;
}

/** A line with its name in the legend. */
export interface LineSeries {
  /** The name in the legend. */
  readonly name: string;
  /** The points, from left to right. */
  readonly points: readonly LinePoint[];
  /** Whether to draw it dashed, so that a line that it covers still shows. */
  readonly dashed?: boolean;
}

/** Options of {@linkcode lineChart}. */
export interface LineChartOptions {
  /** What the chart shows. */
  readonly title: string;
  /** A smaller line below the title. */
  readonly subtitle?: string;
  /** What the x axis shows, with its unit. */
  readonly x: string;
  /** What the y axis shows, with its unit. */
  readonly y: string;
  /** Drawn in this order, the last on top. */
  readonly series: readonly LineSeries[];
  /** How the x axis is divided, linearly if left out. */
  readonly xScale?: AxisScale;
  /** How the y axis is divided, linearly if left out. */
  readonly yScale?: AxisScale;
  /** Whether the y axis starts at 0, as it does if left out; a logarithmic one never does. */
  readonly yZero?: boolean;
  /** How `low` and `high` are drawn: a band if left out. */
  readonly spread?: "band" | "bars";
  /** Whether to mark each point; if left out, they are where no line has more than 12. */
  readonly marks?: boolean;
  /** Pixels, 560 × 340 if left out. */
  readonly size?: { readonly width: number; readonly height: number };
}

/**
 * A chart of several lines over one x axis.
 *
 * Points that are not finite, or not positive on a logarithmic axis, are left out.
 *
 * @example
 * ```ts
 * import { renderSvg } from "./figures.ts";
 * import { assertStringIncludes } from "@std/assert";
 *
 * const chart = lineChart({
 *   title: "Peak memory",
 *   x: "batch size",
 *   y: "MB",
 *   xScale: "log2",
 *   series: [{ name: "cached", points: [{ x: 64, y: 20 }, { x: 128, y: 21 }] }],
 * });
 * assertStringIncludes(await renderSvg(chart), "Peak memory");
 * ```
 */
export function lineChart(options: LineChartOptions): VegaLiteSpec {
  const { title, subtitle, x, y, series, xScale = "linear", yScale = "linear", yZero = true, spread = "band" } =
    options;
  const values = series.flatMap(({ name, points }) =>
    points
      .filter((point) => isDrawable(point.x, xScale) && isDrawable(point.y, yScale))
      .map((point) => ({ name, ...point }))
  );
  const spreads = values.filter(({ low, high }) =>
    low !== undefined && high !== undefined && isDrawable(low, yScale) && isDrawable(high, yScale)
  );
  const marks = options.marks ?? series.every(({ points }) => points.length <= 12);
  const names = series.map(({ name }) => name);
  const dashes = series.map(({ dashed }) => dashed ? [6, 4] : [1, 0]);

  // The same for colour and dashes, or vega-lite draws two legends.
  const legend = series.length > 1 ? { title: null, orient: "bottom", direction: "horizontal", columns: 2 } : null;
  const color = {
    field: "name",
    type: "nominal",
    scale: { domain: names },
    sort: names,
    legend,
  } as const;
  const heights = [...values.map((value) => value.y), ...spreads.flatMap(({ low, high }) => [low!, high!])];
  const xEncoding = { field: "x", ...axisChannel(x, xScale, values.map((value) => value.x), false) };
  const yEncoding = { field: "y", ...axisChannel(y, yScale, heights, yZero) };
  const ends = { y: { ...yEncoding, field: "low" }, y2: { field: "high" } };
  const layers = [
    ...(spreads.length === 0 ? [] : [{
      data: { values: spreads },
      mark: spread === "band" ? { type: "area", opacity: 0.18 } : { type: "rule", strokeWidth: 1.5 },
      encoding: { x: xEncoding, ...ends, color },
    }]),
    {
      mark: { type: "line", strokeWidth: 2.25, point: marks ? { size: 36, filled: true } : false },
      encoding: {
        x: xEncoding,
        y: yEncoding,
        color,
        strokeDash: {
          field: "name",
          type: "nominal",
          sort: names,
          scale: { domain: names, range: dashes },
          legend,
        },
      },
    },
  ];
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    title: subtitle === undefined ? title : { text: title, subtitle },
    data: { values },
    ...options.size,
    layer: layers,
  } as VegaLiteSpec;
}
