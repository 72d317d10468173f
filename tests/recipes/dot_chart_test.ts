import { assert, assertAlmostEquals, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { dotChart, type DotChartOptions } from "../../recipes/runner/dot_chart.ts";
import { renderSvg } from "../../recipes/runner/figures.ts";

const base: DotChartOptions = {
  title: "Recall@1 with and without memory",
  value: "Recall@1",
  series: [
    { name: "without", groups: [{ row: "triplet", values: [0.5, 0.52, 0.57] }, { row: "N-pairs", values: [0.4] }] },
    { name: "with", groups: [{ row: "triplet", values: [0.6, 0.64] }, { row: "N-pairs", values: [0.42, 0.5] }] },
  ],
};

/** Color and place of each mark of a layer of points. */
function points(svg: string): { color: string; x: number; y: number }[][] {
  const layers = [...svg.matchAll(/class="mark-symbol role-mark[^"]*"[^>]*>(.*?)<\/g>/gs)].map(([, body]) => body!);
  return layers.map((body) =>
    [...body.matchAll(/transform="translate\(([^,]+),([^)]+)\)"[^>]*fill="([^"]+)"/g)]
      .map(([, x, y, color]) => ({ color: color!, x: Number(x), y: Number(y) }))
  );
}

/** The rules that are drawn from left to right, with their ends. */
function bars(svg: string): { from: number; to: number; y: number }[] {
  const rules = svg.matchAll(
    /<line [^>]*transform="translate\(([^,]+),([^)]+)\)" x2="([^"]+)" y2="0"[^>]*stroke-width="2"/g,
  );
  return [...rules].map(([, x, y, length]) => {
    const ends = [Number(x), Number(x) + Number(length)];
    return { from: Math.min(...ends), to: Math.max(...ends), y: Number(y) };
  });
}

Deno.test("dotChart() draws all values, their means, and bars from the least to the greatest", async () => {
  const svg = await renderSvg(dotChart({ ...base, subtitle: "three seeds" }));
  const [single, means] = points(svg) as [ReturnType<typeof points>[0], ReturnType<typeof points>[0]];
  assertEquals([single.length, means.length], [8, 4]);
  // The place of a value, from two that are known.
  const [least, greatest] = [single[0]!, single[2]!];
  const place = (value: number) => least.x + (greatest.x - least.x) * (value - 0.5) / 0.07;
  const sorted = means.toSorted((a, b) => a.y - b.y);
  [0.53, 0.62, 0.4, 0.46].forEach((mean, i) => assertAlmostEquals(sorted[i]!.x, place(mean), 0.01));
  const found = bars(svg).toSorted((a, b) => a.y - b.y);
  [[0.5, 0.57], [0.6, 0.64], [0.4, 0.4], [0.42, 0.5]].forEach(([from, to], i) => {
    assertAlmostEquals(found[i]!.from, place(from!), 0.01);
    assertAlmostEquals(found[i]!.to, place(to!), 0.01);
    assertAlmostEquals(found[i]!.y, sorted[i]!.y, 0.01);
  });
  // Rows in the order of the series, and series side by side in them, each in its color.
  assertEquals(sorted.map(({ color }) => color), ["#0072b2", "#d55e00", "#0072b2", "#d55e00"]);
  for (const text of ["Recall@1", "three seeds", "without", "with", "triplet", "N-pairs"]) {
    assertStringIncludes(svg, `>${text}<`);
  }
});

Deno.test("dotChart() draws lines to measure by, with their names", async () => {
  const svg = await renderSvg(dotChart({ ...base, lines: [{ name: "raw pixels", value: 0.467 }] }));
  assertStringIncludes(svg, ">raw pixels<");
  assertEquals([...svg.matchAll(/stroke-dasharray="4,4"/g)].length, 1);
  assert(!(await renderSvg(dotChart(base))).includes("stroke-dasharray"));
});

Deno.test("dotChart() leaves out what is not finite, and grows with its rows", async () => {
  const groups = (count: number) => Array.from({ length: count }, (_, i) => ({ row: `row ${i}`, values: [i, NaN] }));
  const height = (svg: string) => Number(/height="(\d+)"/.exec(svg)![1]);
  const [few, many] = await Promise.all(
    [2, 9].map((count) => renderSvg(dotChart({ ...base, series: [{ name: "one", groups: groups(count) }] }))),
  );
  assertEquals(points(few!).map(({ length }) => length), [2, 2]);
  assertEquals(height(many!) - height(few!), 7 * 28);
  assertStringIncludes(await renderSvg(dotChart({ ...base, series: [] })), "<svg");
});

Deno.test("dotChart() begins at 0 where it is told", async () => {
  const labels = async (zero: boolean) =>
    [...(await renderSvg(dotChart({ ...base, zero }))).matchAll(/>0\.0+</g)].length;
  assertEquals([await labels(false), await labels(true)], [0, 1]);
});

Deno.test("dotChart() draws no more series than colors tell apart", () => {
  const series = Array.from({ length: 8 }, (_, i) => ({ name: `${i}`, groups: [] }));
  assertThrows(() => dotChart({ ...base, series }), RangeError, "Cannot draw dots: there are 8 categories");
});
