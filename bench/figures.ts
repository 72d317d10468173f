/**
 * Draws what was measured.
 *
 * @module
 */
import { renderSvg, type VegaLiteSpec } from "../recipes/runner/figures.ts";
import { lineChart } from "../recipes/runner/line_chart.ts";
import { writeWhole } from "../recipes/runner/write_whole.ts";
import type { EncoderName } from "./cases.ts";
import type { Point } from "./point.ts";
import { curveOf, resultFile } from "./points.ts";

/** What a point's memory is drawn from. */
type Quantity = "peakBytes" | "rssAboveBase";

/**
 * Draws peak tensor bytes and resident memory of one encoder against the batch size, one line for each step.
 *
 * @returns SVG text.
 */
export function memoryFigure(points: readonly Point[], encoder: EncoderName): Promise<string> {
  const own = points.filter((point) => point.encoder === encoder);
  const panel = (title: string, quantity: Quantity) => ({
    ...lineChart({
      title,
      subtitle: `${encoder} encoder, ${own[0]?.engine} engine`,
      x: "batch size",
      y: "MB",
      xScale: "log2",
      yScale: "log",
      series: [...Map.groupBy(own.toSorted((a, b) => a.batch - b.batch), curveOf)].map(([name, line]) => ({
        name,
        points: line.map((point) => ({ x: point.batch, y: point[quantity] / 1e6 })),
      })),
    }),
    $schema: undefined,
  });
  return renderSvg(
    {
      hconcat: [
        panel("Peak tensor bytes", "peakBytes"),
        panel("Resident memory above base", "rssAboveBase"),
      ],
    } as VegaLiteSpec,
  );
}

/** Writes a figure for each encoder and returns the files. */
export async function writeFigures(points: readonly Point[], folder: string, name: string): Promise<string[]> {
  const files: string[] = [];
  for (const encoder of new Set(points.map((point) => point.encoder))) {
    const file = resultFile(folder, `${name}_${encoder}.svg`);
    writeWhole(file, await memoryFigure(points, encoder));
    files.push(file);
  }
  return files;
}
