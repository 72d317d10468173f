import { assert, assertAlmostEquals, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { FIGURE_STYLE, renderSvg } from "../../recipes/runner/figures.ts";
import { SHAPES } from "../../recipes/runner/marks.ts";
import { scatter, type ScatterOptions } from "../../recipes/runner/scatter.ts";

const base: ScatterOptions = {
  title: "Map of test images",
  series: [
    { name: "heart", points: [{ x: 0, y: 0 }, { x: 1, y: 2 }] },
    { name: "star", points: [{ x: 3, y: 4 }] },
  ],
};

/** Color, place and path of each mark of the figure, in the order in which they are drawn. */
function marks(svg: string): { color: string; x: number; y: number; d: string }[] {
  const [, body] = /class="mark-symbol role-mark[^"]*"[^>]*>(.*?)<\/g>/s.exec(svg) ?? ["", ""];
  return [...body!.matchAll(/<path [^>]*transform="translate\(([^,]+),([^)]+)\)" d="([^"]+)"[^>]*fill="([^"]+)"/g)]
    .map(([, x, y, d, color]) => ({ color: color!, x: Number(x), y: Number(y), d: d! }));
}

Deno.test("scatter() draws each point once, at its place, in the color and the shape of its series", async () => {
  const svg = await renderSvg(scatter({ ...base, subtitle: "two classes", x: "Loss", y: "Recall@1" }));
  const drawn = marks(svg);
  assertEquals(drawn.map(({ color }) => color), ["#0072b2", "#0072b2", "#d55e00"]);
  assertEquals(drawn[0]!.d, drawn[1]!.d);
  assert(drawn[0]!.d !== drawn[2]!.d);
  const [a, b, c] = drawn as [typeof drawn[0], typeof drawn[0], typeof drawn[0]];
  // Heights grow downwards, and steps of x and y are in proportion.
  assertAlmostEquals((c.x - a.x) / (b.x - a.x), 3, 1e-3);
  assertAlmostEquals((a.y - c.y) / (a.y - b.y), 2, 1e-3);
  assert(b.x > a.x && b.y < a.y);
  for (const text of ["Map of test images", "two classes", "Loss", "Recall@1", "heart", "star"]) {
    assertStringIncludes(svg, `>${text}<`);
  }
});

Deno.test("scatter() draws neither axes nor their labels where they have no names", async () => {
  const bare = await renderSvg(scatter(base));
  const named = await renderSvg(scatter({ ...base, x: "x", y: "y" }));
  const labels = (svg: string) => [...svg.matchAll(/class="mark-text role-axis-label"/g)].length;
  assertEquals([labels(bare), labels(named)], [0, 2]);
  assertStringIncludes(bare, 'stroke="#dddddd"');
  assert(!named.includes('stroke="#dddddd"'));
});

Deno.test("scatter() keeps whole marks inside, and makes them small where there are many", async () => {
  const points = Array.from({ length: 1000 }, (_, i) => ({ x: Math.cos(i), y: Math.sin(i) }));
  const drawn = marks(await renderSvg(scatter({ ...base, series: [{ name: "all", points }] })));
  assertEquals(drawn.length, 1000);
  assert(drawn.every(({ x, y }) => x >= 5 && x <= 475 && y >= 5 && y <= 475));
  const few = marks(await renderSvg(scatter(base)));
  const radius = (d: string) => Number(/^M([\d.]+),0/.exec(d)![1]);
  assertAlmostEquals((radius(few[0]!.d) / radius(drawn[0]!.d)) ** 2, 2, 0.01);
});

Deno.test("scatter() draws the background first, small and grey", async () => {
  const background = [{ x: -3, y: 0 }, { x: NaN, y: 0 }, { x: 2, y: 2 }];
  const svg = await renderSvg(scatter({ ...base, background }));
  assert(svg.indexOf('fill="#bbbbbb"') < svg.indexOf('fill="#0072b2"'));
  assertEquals([...svg.matchAll(/fill="#bbbbbb"/g)].length, 2);
  // It widens the axes, so that it is inside.
  assert(marks(svg).every(({ x }) => x >= 5 && x <= 475));
});

Deno.test("scatter() leaves out what has no place on its axes", async () => {
  const points = [{ x: 1, y: NaN }, { x: 0, y: 2 }, { x: 4, y: 3 }, { x: 8, y: Infinity }];
  const series = [{ name: "loss", points }];
  assertEquals(marks(await renderSvg(scatter({ ...base, series }))).length, 2);
  assertEquals(marks(await renderSvg(scatter({ ...base, series, x: "x", xScale: "log" }))).length, 1);
  assertStringIncludes(await renderSvg(scatter({ ...base, series: [] })), "<svg");
});

Deno.test("scatter() tells as many series apart as there are colors, and no more", async () => {
  const series = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ name: `class ${i}`, points: [{ x: i, y: 0 }] }));
  const drawn = marks(await renderSvg(scatter({ ...base, series: series(7) })));
  assertEquals([new Set(drawn.map(({ color }) => color)).size, new Set(drawn.map(({ d }) => d)).size], [7, 7]);
  assertEquals((FIGURE_STYLE.range!.category as string[]).length, SHAPES.length);
  assertThrows(
    () => scatter({ ...base, series: series(8) }),
    RangeError,
    "Cannot draw points: there are 8 categories, expected at most 7",
  );
});
