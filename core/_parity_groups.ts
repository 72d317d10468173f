/**
 * How far gradients are from others, for groups of parameters and for each parameter.
 *
 * @module
 */
import type { Gradients } from "./types.ts";

/** How far one list of numbers is from another. */
export interface Comparison {
  /** What was compared. */
  readonly name: string;
  /** ‖actual - expected‖ / ‖expected‖; 0 if both are zero. */
  readonly relativeL2: number;
  /** The largest absolute difference of two entries. */
  readonly largestDifference: number;
}

/** The parameters of one encoder, or of the loss. */
export interface ParityGroup extends Comparison {
  /** Each of its parameters. */
  readonly parameters: readonly Comparison[];
}

/** Gradients as numbers, by parameter name. */
export type GradientValues = { readonly [name: string]: ArrayLike<number> };

/** Reads gradients, also from an engine that cannot be read synchronously. */
export async function readGradients(gradients: Gradients): Promise<GradientValues> {
  const values: Record<string, ArrayLike<number>> = {};
  for (const [name, gradient] of Object.entries(gradients)) values[name] = await gradient.data();
  return values;
}

/** Compares gradients of the same parameters, grouped by what stands before the first slash of their names. */
export function compareGroups(actual: GradientValues, expected: GradientValues): ParityGroup[] {
  const groups = Map.groupBy(Object.keys(expected), (name) => name.split("/")[0]!);
  return [...groups].map(([group, names]) => {
    const distances = names.map((name) => distance(actual[name]!, expected[name]!));
    return {
      ...summarize(group, distances),
      parameters: names.map((name, i) => summarize(name.slice(group.length + 1), [distances[i]!])),
    };
  });
}

/** Sums of squares, in double precision, which can be added up over the parameters of a group. */
interface Distance {
  readonly apart: number;
  readonly size: number;
  readonly largest: number;
}

function distance(actual: ArrayLike<number>, expected: ArrayLike<number>): Distance {
  let [apart, size, largest] = [0, 0, 0];
  for (let i = 0; i < expected.length; i++) {
    const difference = actual[i]! - expected[i]!;
    apart += difference ** 2;
    size += expected[i]! ** 2;
    largest = Math.max(largest, Math.abs(difference));
  }
  return { apart, size, largest };
}

function summarize(name: string, distances: readonly Distance[]): Comparison {
  const total = (part: "apart" | "size") => distances.reduce((sum, each) => sum + each[part], 0);
  const apart = total("apart");
  return {
    name,
    relativeL2: apart === 0 ? 0 : Math.sqrt(apart / total("size")),
    largestDifference: Math.max(...distances.map(({ largest }) => largest)),
  };
}
