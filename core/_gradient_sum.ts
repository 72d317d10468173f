/**
 * Sums gradients over chunks.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { pullback } from "./_autodiff.ts";
import { addAllInto } from "./_fused.ts";
import { disposeLookup, type RecordedLookup, recordLookups } from "./lookup.ts";
import { type TableSum, tableSum } from "./_table_sum.ts";
import type { Gradients, Params, Tensor, Variable } from "./types.ts";

/** What to differentiate beside the parameters, and with which cotangent. */
export interface AddOptions {
  /** What to pull back, of the value's shape, asked for after the function has run; ones if left out. */
  readonly cotangent?: () => Tensor;
  /** Further tensors to differentiate with respect to, asked for after the function has run. */
  readonly others?: () => readonly Tensor[];
}

/** A running sum of gradients, one for each parameter. */
export interface GradientSum {
  /**
   * Evaluates a function on a tape, adds the gradients of the parameters to the sums, and returns the value and the
   * gradients of the other tensors, all of which the caller disposes.
   */
  add<T extends Tensor>(run: () => T, options?: AddOptions): { value: T; others: readonly (Tensor | undefined)[] };
  /** Ends the sum; the caller disposes the gradients. A parameter that nothing depended on gets zeros. */
  finish(): Gradients;
  /** Drops the sum. */
  dispose(): void;
}

/** Starts a sum of gradients, that of embedding tables by the rows looked up. */
export function gradientSum(params: Params): GradientSum {
  const variables = Object.values(params);
  const tracked = new Set(variables);
  const sums = new Map<Variable, Tensor>();
  const tables = new Map<Variable, TableSum>();

  // The first gradient may share its memory with another tensor, the sum of two does not.
  const owned = new Set<Variable>();
  const addTo = (found: readonly (readonly [Variable, Tensor])[]) => {
    const further: (readonly [variable: Variable, sum: Tensor, gradient: Tensor])[] = [];
    for (const [variable, gradient] of found) {
      const earlier = sums.get(variable);
      if (!earlier) {
        sums.set(variable, gradient);
      } else if (owned.has(variable)) {
        further.push([variable, earlier, gradient]);
      } else {
        sums.set(variable, tf.add(earlier, gradient));
        owned.add(variable);
        tf.dispose([earlier, gradient]);
      }
    }
    const added = addAllInto(further.map(([, sum, gradient]) => [sum, gradient]));
    further.forEach(([variable, , gradient], i) => {
      sums.set(variable, added[i]!);
      gradient.dispose();
    });
  };
  const addLookup = (made: RecordedLookup, gradient: Tensor | undefined) => {
    if (!gradient) return disposeLookup(made);
    if (!tables.has(made.table)) tables.set(made.table, tableSum(made.table));
    tables.get(made.table)!.add(made, gradient);
  };

  return {
    add(run, { cotangent, others = () => [] } = {}) {
      let lookups: readonly RecordedLookup[] = [];
      let asked: readonly Tensor[] = [];
      try {
        const { value, gradients } = pullback(
          () => {
            const recorded = recordLookups(tracked, run);
            lookups = recorded.lookups;
            return recorded.result;
          },
          () => {
            asked = others();
            return [...asked, ...variables as readonly Tensor[], ...lookups.map(({ output }) => output)];
          },
          cotangent,
        );
        addTo(variables.flatMap((variable, i) => {
          const gradient = gradients[asked.length + i];
          return gradient ? [[variable, gradient] as const] : [];
        }));
        lookups.forEach((made, i) => addLookup(made, gradients[asked.length + variables.length + i]));
        return { value, others: gradients.slice(0, asked.length) };
      } catch (error) {
        lookups.forEach(disposeLookup);
        throw error;
      }
    },
    finish() {
      addTo([...tables].map(([table, sum]) => [table, sum.finish()]));
      tables.clear();
      return Object.fromEntries(
        Object.entries(params).map((
          [name, variable],
        ) => [name, sums.get(variable) ?? tf.zerosLike(variable as Tensor)]),
      );
    },
    dispose() {
      tf.dispose([...sums.values()]);
      for (const sum of tables.values()) sum.dispose();
    },
  };
}
