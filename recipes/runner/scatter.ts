import { axisChannel, type AxisScale, isDrawable } from "./axis.ts";
import type { VegaLiteSpec } from "./figures.ts";
import { categoryChannels } from "./marks.ts";

/** A point of a figure. */
export interface ScatterPoint {
  /** Place along the x axis. */
  readonly x: number;
  /** Place along the y axis. */
  readonly y: number;
}

/** Points of one category. */
export interface ScatterSeries {
  /** The name in the legend. */
  readonly name: string;
  /** The points. */
  readonly points: readonly ScatterPoint[];
}

/** Options of {@linkcode scatter}. */
export interface ScatterOptions {
  /** What the figure shows. */
  readonly title: string;
  /** A smaller line below the title. */
  readonly subtitle?: string;
  /** At most 7, told apart by colour and shape; drawn in this order, the last on top. */
  readonly series: readonly ScatterSeries[];
  /** Points that belong to none of the series, small and grey below them. */
  readonly background?: readonly ScatterPoint[];
  /** What the x axis shows, with its unit. No axis is drawn if left out, as for a map, whose axes mean nothing. */
  readonly x?: string;
  /** What the y axis shows, with its unit. No axis is drawn if left out. */
  readonly y?: string;
  /** How the x axis is divided, linearly if left out. */
  readonly xScale?: AxisScale;
  /** How the y axis is divided, linearly if left out. */
  readonly yScale?: AxisScale;
  /** Pixels of a mark's area; if left out, 40, and less where there are more than 500 points. */
  readonly markSize?: number;
  /** Pixels, 480 × 480 if left out. */
  readonly size?: { readonly width: number; readonly height: number };
}

/**
 * A figure of single points in several categories.
 *
 * Points that are not finite, or not positive on a logarithmic axis, are left out.
 *
 * @throws {RangeError} If there are more than 7 series.
 *
 * @example
 * ```ts
 * import { renderSvg } from "./figures.ts";
 * import { assertStringIncludes } from "@std/assert";
 *
 * const figure = scatter({
 *   title: "Map of test images",
 *   series: [
 *     { name: "heart", points: [{ x: 0, y: 0 }, { x: 0.2, y: 0.1 }] },
 *     { name: "star", points: [{ x: 3, y: 2 }] },
 *   ],
 * });
 * assertStringIncludes(await renderSvg(figure), ">heart<");
 * ```
 */
export function scatter(options: ScatterOptions): VegaLiteSpec {
  const { title, subtitle, series, background = [], x, y, xScale = "linear", yScale = "linear" } = options;
  const channels = categoryChannels("draw points", series.map(({ name }) => name));
  const drawable = (points: readonly ScatterPoint[]) =>
    points.filter((point) => isDrawable(point.x, xScale) && isDrawable(point.y, yScale));
  const values = series.flatMap(({ name, points }) => drawable(points).map(({ x, y }) => ({ name, x, y })));
  const below = drawable(background).map(({ x, y }) => ({ x, y }));
  const markSize = options.markSize ?? 40 * Math.min(1, Math.max(0.3, 500 / values.length));
  const axis = (name: "x" | "y", title: string | undefined, scale: AxisScale) => ({
    field: name,
    ...axisChannel(title ?? "", scale, [...below, ...values].map((value) => value[name]), false),
    // Room for whole marks at the edges.
    ...(scale === "linear" && { scale: { zero: false, padding: 10 } }),
    ...(title === undefined && { axis: null }),
  });
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    title: subtitle === undefined ? title : { text: title, subtitle },
    data: { values },
    width: options.size?.width ?? 480,
    height: options.size?.height ?? 480,
    // A map has no axes, so a frame says where it ends.
    ...(x === undefined && y === undefined && { view: { stroke: "#dddddd" } }),
    encoding: { x: axis("x", x, xScale), y: axis("y", y, yScale) },
    layer: [
      ...(below.length === 0 ? [] : [{
        data: { values: below },
        mark: { type: "point", filled: true, shape: "circle", size: markSize / 3, color: "#bbbbbb", opacity: 0.6 },
      }]),
      { mark: { type: "point", filled: true, size: markSize, opacity: 0.8 }, encoding: channels },
    ],
  } as VegaLiteSpec;
}
