/**
 * The state variables of an optimizer.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Params, Tensor, Variable } from "../types.ts";

/** Holds the state variables of all parameters. */
export interface SlotStore {
  /** Checks that the state fits the parameters, after `steps` updates. */
  check(params: Params, steps: number): void;
  /** The state of one parameter by slot, made of zeros if there is none yet. */
  of(name: string, parameter: Variable): Params;
  /** All state by `<slot>/<parameter>`. */
  all(): Params;
  /** Replaces all state by copies. */
  restore(saved: { readonly [name: string]: Tensor }): void;
  /** Disposes all state. */
  dispose(): void;
}

/** Makes an empty store for the slots named. */
export function slotStore(slots: readonly string[]): SlotStore {
  const held = new Map<string, Variable>();
  const dispose = () => {
    for (const variable of held.values()) variable.dispose();
    held.clear();
  };
  return {
    check(params, steps) {
      for (const [name, parameter] of Object.entries(params)) {
        for (const slot of slots) {
          const found = held.get(`${slot}/${name}`);
          // A moment that starts from zero later than the others would be corrected for the wrong number of updates.
          if (!found && steps > 0) {
            throw new RangeError(
              `Cannot update: there is no ${slot} for ${name} after ${steps} updates, ` +
                "expected the same parameters in each",
            );
          }
          if (found && found.shape.join() !== parameter.shape.join()) {
            throw new RangeError(
              `Cannot update: the ${slot} of ${name} has shape [${found.shape}], expected [${parameter.shape}]`,
            );
          }
        }
      }
    },
    of(name, parameter) {
      return Object.fromEntries(slots.map((slot) => {
        const key = `${slot}/${name}`;
        const variable = held.get(key) ?? tf.tidy(() => tf.variable(tf.zeros(parameter.shape), false));
        held.set(key, variable);
        return [slot, variable];
      }));
    },
    all: () => Object.fromEntries(held),
    restore(saved) {
      for (const name of Object.keys(saved)) {
        if (!slots.some((slot) => name.startsWith(`${slot}/`))) {
          throw new RangeError(
            `Cannot restore the optimizer: ${name} is none of its slots, expected names that begin with ${
              slots.map((slot) => `${slot}/`).join(" or ") || "nothing, since it has none"
            }`,
          );
        }
      }
      const copies = Object.entries(saved).map(([name, value]) =>
        [name, tf.tidy(() => tf.variable(tf.clone(value), false))] as const
      );
      dispose();
      for (const [name, variable] of copies) held.set(name, variable);
    },
    dispose,
  };
}
