/**
 * The Gaussian error linear unit and its gradient, from tables; the engine takes longest for the error function.
 *
 * @module
 */
import { type FusedKernel, values } from "./heap.ts";

/** From here on Φ(x) is 0 or 1. */
const END = 6.5;
/** Cells of the tables per unit. */
const FINE = 32;
const CELLS = 2 * END * FINE;

/** Cubic polynomials by cell, four coefficients each, of Φ(x) and of the slope Φ(x) + x φ(x). */
interface Tables {
  readonly below: Float64Array;
  readonly slope: Float64Array;
}

/** Inputs x; output x Φ(x). */
export const gelu: FusedKernel = ({ inputs, backend }) => {
  const x = inputs[0]!;
  const y = backend.makeOutput(x.shape, "float32");
  const [from, to] = [values(backend, x), values(backend, y)];
  const { below } = tables();
  for (let i = 0; i < from.length; i++) {
    const value = from[i]!;
    const place = (Math.min(Math.max(value, -END), END) + END) * FINE;
    const cell = place | 0;
    to[i] = value * cubic(below, 4 * cell, place - cell);
  }
  return [y];
};

/** Inputs x and the cotangent of its image; outputs the image again, and the cotangent of x. */
export const geluGrad: FusedKernel = ({ inputs, backend }) => {
  const [x, dy] = [inputs[0]!, inputs[1]!];
  const [y, dx] = [backend.makeOutput(x.shape, "float32"), backend.makeOutput(x.shape, "float32")];
  const [from, cotangent] = [values(backend, x), values(backend, dy)];
  const [image, to] = [values(backend, y), values(backend, dx)];
  const { below, slope } = tables();
  for (let i = 0; i < from.length; i++) {
    const value = from[i]!;
    const place = (Math.min(Math.max(value, -END), END) + END) * FINE;
    const cell = place | 0;
    image[i] = value * cubic(below, 4 * cell, place - cell);
    to[i] = cotangent[i]! * cubic(slope, 4 * cell, place - cell);
  }
  return [y, dx];
};

function cubic(table: Float64Array, at: number, share: number): number {
  return table[at]! + share * (table[at + 1]! + share * (table[at + 2]! + share * table[at + 3]!));
}

let made: Tables | undefined;

function tables(): Tables {
  if (made) return made;
  const nodes = Array.from({ length: CELLS + 1 }, (_, i) => i / FINE - END);
  const below: number[] = [0];
  for (const x of nodes.slice(1)) below.push(below.at(-1)! + integral(x - 1 / FINE, x));
  below[CELLS] = 1;
  const slope = nodes.map((x, i) => below[i]! + x * density(x));
  [slope[0], slope[CELLS]] = [0, 1];
  made = {
    below: interpolate(below, nodes.map(density)),
    slope: interpolate(slope, nodes.map((x) => (2 - x * x) * density(x))),
  };
  return made;
}

function density(x: number): number {
  return Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
}

/** The integral of the density over a cell, by Gauss's rule with three nodes. */
function integral(from: number, to: number): number {
  const [middle, half] = [(from + to) / 2, (to - from) / 2];
  const aside = half * Math.sqrt(3 / 5);
  return half * (5 * density(middle - aside) + 8 * density(middle) + 5 * density(middle + aside)) / 9;
}

/** The cubic polynomials, in the share of the cell, that have these values and derivatives at the nodes. */
function interpolate(values: readonly number[], derivatives: readonly number[]): Float64Array {
  const table = new Float64Array(4 * (CELLS + 1));
  values.forEach((value, i) => {
    const rise = (values[i + 1] ?? value) - value;
    const [here, there] = i < CELLS ? [derivatives[i]! / FINE, derivatives[i + 1]! / FINE] : [0, 0];
    table.set([value, here, 3 * rise - 2 * here - there, here + there - 2 * rise], 4 * i);
  });
  return table;
}
