/**
 * Draws what was measured.
 *
 * @module
 */
import { renderSvg, type VegaLiteSpec } from "../recipes/runner/figures.ts";
import { lineChart, type LineSeries } from "../recipes/runner/line_chart.ts";
import { writeWhole } from "../recipes/runner/write_whole.ts";
import type { EncoderName } from "./cases.ts";
import type { Point } from "./point.ts";
import { curveOf, resultFile } from "./points.ts";

/**
 * Draws the points of one encoder: peak tensor bytes against the batch size, one line for each step, and beside it the time
 * of planned steps against their budget, one line for each batch size; resident memory where steps were not timed in turns.
 *
 * @returns SVG text.
 */
export function stepsFigure(points: readonly Point[], encoder: EncoderName): Promise<string> {
  const own = points.filter((point) => point.encoder === encoder).toSorted((a, b) => a.batch - b.batch);
  const subtitle = `${encoder} encoder, ${own[0]?.engine} engine`;
  const timed = own.some(({ ratio, share }) => ratio !== undefined && share !== undefined);
  return renderSvg(
    {
      hconcat: [
        memoryPanel(own, { title: "Peak tensor bytes", subtitle }, ({ peakBytes }) => peakBytes),
        timed
          ? timePanel(own, subtitle)
          : memoryPanel(own, { title: "Resident memory above base", subtitle }, ({ rssAboveBase }) => rssAboveBase),
      ],
      // The panels' lines are not the same, so each has its own colours and legend.
      resolve: {
        scale: { color: "independent", strokeDash: "independent" },
        legend: { color: "independent", strokeDash: "independent" },
      },
    } as VegaLiteSpec,
  );
}

function memoryPanel(
  points: readonly Point[],
  text: { readonly title: string; readonly subtitle: string },
  quantity: (point: Point) => number,
): object {
  const series = [...Map.groupBy(points, curveOf)].map(([name, line]) => ({
    name,
    // With all of the memory it lies on the full batch's.
    dashed: line[0]!.method === "planned",
    points: line.map((point) => ({ x: point.batch, y: quantity(point) / 1e6 })),
  }));
  return panel({ ...text, x: "batch size", y: "MB", xScale: "log2", yScale: "log", series });
}

function timePanel(points: readonly Point[], subtitle: string): object {
  const planned = points.filter(({ ratio, share }) => ratio !== undefined && share !== undefined);
  const full: LineSeries = { name: "full batch", points: [{ x: 0, y: 1 }, { x: 100, y: 1 }], dashed: true };
  const lines = [...Map.groupBy(planned, ({ batch }) => batch)].map(([batch, line]): LineSeries => ({
    name: `batch ${batch}`,
    points: line.map(({ share, ratio }) => ({ x: 100 * share!, y: ratio! })),
  }));
  return panel({
    title: "Time of a planned step relative to the full batch",
    subtitle,
    x: "budget in % of the full batch's peak",
    y: "time / full batch",
    yZero: false,
    series: [full, ...lines],
  });
}

function panel(options: Parameters<typeof lineChart>[0]): object {
  return { ...lineChart(options), $schema: undefined };
}

/** Writes a figure for each encoder and returns the files. */
export async function writeFigures(points: readonly Point[], folder: string, name: string): Promise<string[]> {
  const files: string[] = [];
  for (const encoder of new Set(points.map((point) => point.encoder))) {
    const file = resultFile(folder, `${name}_${encoder}.svg`);
    writeWhole(file, await stepsFigure(points, encoder));
    files.push(file);
  }
  return files;
}
