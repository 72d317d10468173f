import { isDrawable } from "./axis.ts";
import type { VegaLiteSpec } from "./figures.ts";
import { categoryChannels } from "./marks.ts";

/** What one series has in one row. */
export interface DotGroup {
  /** The name of the row. */
  readonly row: string;
  /** The values, such as those of several seeds. */
  readonly values: readonly number[];
}

/** A series of dots with its name in the legend. */
export interface DotSeries {
  /** The name in the legend. */
  readonly name: string;
  /** What it has in each row; it may have nothing in some. */
  readonly groups: readonly DotGroup[];
}

/** Options of {@linkcode dotChart}. */
export interface DotChartOptions {
  /** What the chart shows. */
  readonly title: string;
  /** A smaller line below the title. */
  readonly subtitle?: string;
  /** What the values are, with their unit. */
  readonly value: string;
  /** At most 7, told apart by colour and shape; side by side in each row in this order, from the top. */
  readonly series: readonly DotSeries[];
  /** Values that the others are measured by, such as a baseline: a dashed line with a name at its top. */
  readonly lines?: readonly { readonly name: string; readonly value: number }[];
  /** Whether the axis starts at 0; if left out it does not, as differences are what counts. */
  readonly zero?: boolean;
  /** Pixels; if left out, 480 wide, and 16 high for each series in each row and 12 more. */
  readonly size?: { readonly width: number; readonly height: number };
}

/**
 * A chart of rows in which several series are compared, each by its single values, their mean and their spread.
 *
 * The mean is a large mark, the values are small ones, and a bar leads from the lowest to the highest of them. Rows come
 * in the order in which the series name them first. Values that are not finite are left out.
 *
 * @throws {RangeError} If there are more than 7 series.
 *
 * @example
 * ```ts
 * import { renderSvg } from "./figures.ts";
 * import { assertStringIncludes } from "@std/assert";
 *
 * const chart = dotChart({
 *   title: "Memory helps",
 *   value: "Recall@1",
 *   series: [
 *     { name: "without memory", groups: [{ row: "contrastive", values: [0.5, 0.52, 0.51] }] },
 *     { name: "with memory", groups: [{ row: "contrastive", values: [0.58, 0.6, 0.57] }] },
 *   ],
 *   lines: [{ name: "raw pixels", value: 0.467 }],
 * });
 * assertStringIncludes(await renderSvg(chart), ">contrastive<");
 * ```
 */
export function dotChart(options: DotChartOptions): VegaLiteSpec {
  const { title, subtitle, series, lines = [], zero = false } = options;
  const names = series.map(({ name }) => name);
  const channels = categoryChannels("draw dots", names);
  const rows = [...new Set(series.flatMap(({ groups }) => groups.map(({ row }) => row)))];
  const values = series.flatMap(({ name, groups }) =>
    groups.flatMap(({ row, values }) =>
      values.filter((value) => isDrawable(value, "linear")).map((value) => ({ name, row, value }))
    )
  );
  const x = {
    field: "value",
    type: "quantitative",
    title: options.value,
    scale: { zero, padding: 10 },
    axis: { tickCount: 6, grid: true },
  };
  const y = {
    field: "row",
    type: "nominal",
    sort: rows,
    title: null,
    scale: { domain: rows, paddingInner: 0.3, paddingOuter: 0.15 },
    axis: { labelLimit: 240 },
  };
  const yOffset = { field: "name", type: "nominal", sort: names, scale: { domain: names } };
  const place = { y, yOffset, color: channels.color };
  const layers = [
    ...(lines.length === 0 ? [] : lineLayers(lines, x)),
    {
      mark: { type: "rule", strokeWidth: 2, opacity: 0.5 },
      encoding: {
        ...place,
        x: { ...x, aggregate: "min" },
        x2: { aggregate: "max", field: "value" },
      },
    },
    {
      mark: { type: "point", filled: true, size: 16, opacity: 0.6 },
      encoding: { ...place, x, shape: channels.shape },
    },
    {
      mark: { type: "point", filled: true, size: 90, opacity: 1 },
      encoding: { ...place, x: { ...x, aggregate: "mean" }, shape: channels.shape },
    },
  ];
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    title: subtitle === undefined ? title : { text: title, subtitle },
    data: { values },
    // Names are wider in some fonts than the renderer thinks.
    padding: { left: 16, right: 5, top: 5, bottom: 5 },
    width: options.size?.width ?? 480,
    height: options.size?.height ?? rows.length * (16 * names.length + 12),
    layer: layers,
  } as VegaLiteSpec;
}

function lineLayers(lines: NonNullable<DotChartOptions["lines"]>, x: object): object[] {
  const data = { values: lines };
  return [
    {
      data,
      mark: { type: "rule", strokeDash: [4, 4], strokeWidth: 1.5, color: "#777777" },
      encoding: { x },
    },
    {
      data,
      mark: { type: "text", align: "left", baseline: "bottom", dy: -4, fontSize: 11, color: "#555555" },
      encoding: { x, y: { value: 0 }, text: { field: "name" } },
    },
  ];
}
