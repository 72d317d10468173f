import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { logMarks } from "../../recipes/runner/axis.ts";
import { renderSvg } from "../../recipes/runner/figures.ts";
import { lineChart, type LineChartOptions } from "../../recipes/runner/line_chart.ts";
import { textWidth } from "../../recipes/runner/text_width.ts";

const base: LineChartOptions = {
  title: "Peak memory",
  x: "Batch size",
  y: "MB",
  series: [
    { name: "Full", points: [{ x: 64, y: 100, low: 90, high: 110 }, { x: 4096, y: 6400, low: 6000, high: 6800 }] },
    { name: "Cached", dashed: true, points: [{ x: 64, y: 20 }, { x: 512, y: 21 }, { x: 4096, y: 30 }] },
  ],
};

/** The points of each line that the figure draws. */
function lines(svg: string): [number, number][][] {
  const paths = [...svg.matchAll(/aria-roledescription="line mark"[^>]* d="([^"]+)"/g)].map(([, d]) => d!);
  return paths.map((d) => d.split(/[ML]/).slice(1).map((pair) => pair.split(",").map(Number) as [number, number]));
}

Deno.test("lineChart() draws a line through all points of each series, with titles and legend", async () => {
  const svg = await renderSvg(lineChart({ ...base, subtitle: "Three seeds" }));
  assertEquals(lines(svg).map((line) => line.length), [2, 3]);
  for (const text of ["Peak memory", "Three seeds", "Batch size", "MB", "Full", "Cached"]) {
    assertStringIncludes(svg, `>${text}<`);
  }
  assertStringIncludes(svg, "stroke-dasharray");
  assertStringIncludes(svg, "sans-serif");
});

Deno.test("lineChart() on logarithmic axes puts doublings at equal distances", async () => {
  const points = [1, 2, 4, 8].map((x) => ({ x, y: x }));
  const chart = lineChart({ ...base, series: [{ name: "y = x", points }], xScale: "log2", yScale: "log" });
  const [line] = lines(await renderSvg(chart)) as [[number, number][]];
  for (const i of [0, 1]) {
    const gaps = line.slice(1).map((point, n) => point[i]! - line[n]![i]!);
    for (const gap of gaps) assertAlmostEquals(gap, gaps[0]!, 0.01);
    assert(Math.abs(gaps[0]!) > 1);
  }
});

Deno.test("lineChart() draws spreads as bands or bars, and only where there are some", async () => {
  const count = (svg: string, mark: string): number =>
    [...svg.matchAll(new RegExp(`aria-roledescription="${mark} mark"`, "g"))].length;
  const band = await renderSvg(lineChart(base));
  const bars = await renderSvg(lineChart({ ...base, spread: "bars" }));
  const none = await renderSvg(lineChart({ ...base, series: [base.series[1]!] }));
  assertEquals([count(band, "area"), count(band, "rule")], [1, 0]);
  assertEquals([count(bars, "area"), count(bars, "rule")], [0, 2]);
  assertEquals([count(none, "area"), count(none, "rule")], [0, 0]);
});

Deno.test("lineChart() leaves out what has no place on its axes", async () => {
  const points = [{ x: 1, y: NaN }, { x: 2, y: 0 }, { x: 4, y: 3 }, { x: 8, y: Infinity }, { x: 16, y: 5 }];
  const series = [{ name: "loss", points }];
  assertEquals(lines(await renderSvg(lineChart({ ...base, series })))[0]!.length, 3);
  assertEquals(lines(await renderSvg(lineChart({ ...base, series, yScale: "log" })))[0]!.length, 2);
  assertStringIncludes(await renderSvg(lineChart({ ...base, series: [], xScale: "log", yScale: "log2" })), "<svg");
});

Deno.test("logMarks() encloses the values with round numbers", () => {
  assertEquals(logMarks([64, 500], 2), [64, 128, 256, 512]);
  assertEquals(logMarks([0.0043, 0.06], 10), [0.002, 0.005, 0.01, 0.02, 0.05, 0.1]);
  assertEquals(logMarks([100], 10), [100, 200]);
  assertEquals(logMarks([], 2), [1, 2]);
  assertEquals(logMarks([999, 1001], 10), [500, 1000, 2000]);
});

Deno.test("textWidth() knows narrow letters from wide ones and grows with the size", () => {
  assert(textWidth("illi", 10) < textWidth("aaaa", 10));
  assert(textWidth("aaaa", 10) < textWidth("WWWW", 10));
  assertAlmostEquals(textWidth("Recall", 20), 2 * textWidth("Recall", 10));
  assertEquals(textWidth("", 10), 0);
});
