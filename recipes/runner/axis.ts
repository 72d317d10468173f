/** How an axis is divided; `log2` suits sizes that double. */
export type AxisScale = "linear" | "log" | "log2";

/** Whether a value has a place on such an axis. */
export function isDrawable(value: number, scale: AxisScale): boolean {
  return Number.isFinite(value) && (scale === "linear" || value > 0);
}

/**
 * Scale and axis of a vega-lite channel.
 *
 * @param values All that is drawn along it, which a logarithmic axis just encloses.
 * @param zero Whether a linear axis starts at 0.
 */
export function axisChannel(title: string, scale: AxisScale, values: readonly number[], zero: boolean): object {
  if (scale === "linear") return { type: "quantitative", title, scale: { zero }, axis: { tickCount: 6 } };
  const marks = logMarks(values, scale === "log2" ? 2 : 10);
  const labelled = thin(marks, scale);
  return {
    type: "quantitative",
    title,
    scale: { type: "log", base: scale === "log2" ? 2 : 10, nice: false, domain: [marks[0], marks.at(-1)] },
    axis: { values: labelled, format: labelled.every(Number.isInteger) ? ",d" : ",~g" },
  };
}

/** Powers of two, or 1, 2 and 5 times the powers of ten, from the last below all values to the first above them. */
export function logMarks(values: readonly number[], base: 2 | 10): number[] {
  const low = values.length > 0 ? Math.min(...values) : 1;
  const high = values.length > 0 ? Math.max(...values) : 1;
  const log = base === 2 ? Math.log2 : Math.log10;
  const marks: number[] = [];
  for (let power = Math.floor(log(low)); power <= Math.ceil(log(high)) + 1; power++) {
    // Written and read as decimals, since 10 ** -3 * 5 is not 0.005.
    marks.push(...(base === 2 ? [2 ** power] : [1, 2, 5].map((step) => Number(`${step}e${power}`))));
  }
  const first = marks.findLastIndex((mark) => mark <= low);
  const last = marks.findIndex((mark) => mark >= high && mark > marks[Math.max(0, first)]!);
  return marks.slice(Math.max(0, first), last + 1);
}

function thin(marks: readonly number[], scale: AxisScale): readonly number[] {
  if (marks.length <= 10) return marks;
  const sparse = scale === "log2"
    ? marks.filter((_, i) => i % 2 === 0)
    : marks.filter((mark) => /^1(e|0*$)|^0\.0*1$/.test(String(mark)));
  return sparse.length > 1 ? sparse : marks;
}
