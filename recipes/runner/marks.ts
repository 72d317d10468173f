/** What tells categories of points apart, by colour and by shape: as many as there are colours in the figures' style. */
export const SHAPES = [
  "circle",
  "square",
  "triangle-up",
  "diamond",
  "cross",
  "triangle-down",
  "triangle-right",
] as const;

/**
 * Colour and shape of a category in a vega-lite encoding, with one legend for both below the figure.
 *
 * @throws {RangeError} If there are more categories than shapes.
 */
export function categoryChannels(cannot: string, names: readonly string[]): { color: object; shape: object } {
  if (names.length > SHAPES.length) {
    throw new RangeError(
      `Cannot ${cannot}: there are ${names.length} categories, expected at most ${SHAPES.length}, which is as many as ` +
        "colors and shapes can tell apart",
    );
  }
  const legend = names.length > 1
    ? { title: null, orient: "bottom", direction: "horizontal", columns: 4, symbolSize: 70, symbolStrokeWidth: 0 }
    : null;
  const channel = { field: "name", type: "nominal", sort: names, legend };
  return {
    color: { ...channel, scale: { domain: names } },
    shape: { ...channel, scale: { domain: names, range: SHAPES.slice(0, names.length) } },
  };
}
