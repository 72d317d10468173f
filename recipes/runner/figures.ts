/**
 * Draws vega-lite figures as SVG, without a canvas or a browser.
 *
 * @module
 */
import type { Config, TopLevelSpec } from "vega-lite";
import { textWidth } from "./text_width.ts";

/** A vega-lite figure. */
export type VegaLiteSpec = TopLevelSpec;

/** The look of all figures: white, thin grid, colours that the colour-blind can tell apart, any sans-serif font. */
export const FIGURE_STYLE: Config = {
  background: "white",
  padding: 16,
  font: "sans-serif",
  view: { stroke: null, continuousWidth: 560, continuousHeight: 340 },
  title: {
    anchor: "start",
    frame: "group",
    fontSize: 16,
    fontWeight: 600,
    offset: 16,
    color: "#222",
    subtitleFontSize: 12,
    subtitleColor: "#555",
    subtitlePadding: 6,
  },
  axis: {
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: "normal",
    titlePadding: 12,
    labelPadding: 6,
    labelFlush: false,
    labelColor: "#444",
    titleColor: "#222",
    domainColor: "#999",
    tickColor: "#999",
    gridColor: "#e6e6e6",
  },
  axisY: { domain: false, ticks: false },
  axisX: { grid: false },
  legend: {
    labelFontSize: 12,
    symbolSize: 300,
    symbolStrokeWidth: 2.5,
    symbolType: "stroke",
    symbolOpacity: 1,
    columnPadding: 24,
    rowPadding: 6,
    offset: 18,
    labelColor: "#222",
    labelLimit: 400,
  },
  range: {
    category: ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#444444"],
  },
};

/**
 * Draws a figure as SVG text.
 *
 * @throws {Error} If vega-lite does not understand the figure.
 */
export async function renderSvg(spec: VegaLiteSpec): Promise<string> {
  // Loaded when the first figure is drawn: help and errors do not wait for it.
  const [{ compile }, vega] = await Promise.all([import("vega-lite"), import("vega")]);
  // Vega lets its measure be replaced like this, but its types do not know.
  const { textMetrics } = vega as unknown as { textMetrics: { width: TextMeasure } };
  textMetrics.width = (item, text) => textWidth(String(text ?? item.text ?? ""), item.fontSize ?? 11);
  const compiled = compile(spec, { config: FIGURE_STYLE });
  const view = new vega.View(vega.parse(compiled.spec), { renderer: "none", logLevel: vega.Error });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

type TextMeasure = (item: { readonly text?: unknown; readonly fontSize?: number }, text?: unknown) => number;
