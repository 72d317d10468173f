/**
 * All that a training changes, to and from checkpoints.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { assignParams, type NamedArrays, type Optimizer, type Params, readParams, toTensors } from "../../core/mod.ts";
import type { UnitCheckpoint } from "./recipe.ts";

/** What can be saved as plain numbers and typed arrays: `crossBatchMemory`, `memoryBank`. */
export interface Savable {
  /** Reads the whole state. */
  save(): Promise<object>;
  /** Takes up a saved state in place of its own. */
  restore(state: never): void;
}

/** What a training changes. */
export interface TrainingParts {
  /** All variables by name: those of the step, and what else there is, such as a momentum encoder's. */
  readonly params: Params;
  /** What updates them. */
  readonly optimizer: Optimizer;
  /** Representations of earlier batches. */
  readonly memory?: Savable | undefined;
}

/** Keeps a training in checkpoints. */
export interface TrainingState {
  /**
   * Reads all parts, for `unit.offer`; the checkpoint's `step` is the number of updates. Further tensors may be added under
   * names of their own.
   *
   * @param more What else is needed to go on, as plain data, such as the sampler's `state` and the losses so far.
   */
  save(more?: unknown): Promise<UnitCheckpoint>;
  /**
   * Puts all parts back.
   *
   * @param saved What `save` gave.
   * @returns What `more` was.
   * @throws {RangeError} If it is of a training with other parts; this one is not to be used then.
   */
  restore<More>(saved: UnitCheckpoint): More;
}

interface Saved {
  readonly steps: number;
  readonly memory: { readonly [name: string]: unknown } | null;
  readonly more: unknown;
}

/**
 * Makes a training's state from its parts.
 *
 * ```ts ignore
 * const training = trainingState({ params: step.params, optimizer, memory });
 * const from = unit.saved && training.restore<{ order: ClassBatchesState; losses: number[] }>(unit.saved);
 * const order = classBatches({ ..., state: from?.order });
 * const losses = from?.losses ?? [];
 * for await (const i of progress.steps("train", steps, { from: optimizer.steps })) {
 *   ...
 *   await unit.offer(() => training.save({ order: order.state, losses }));
 * }
 * ```
 */
export function trainingState({ params, optimizer, memory }: TrainingParts): TrainingState {
  return {
    async save(more = null) {
      const { steps } = optimizer;
      const held = memory && split(await memory.save());
      const tensors = {
        ...prefixed("params/", await readParams(params)),
        ...prefixed("optimizer/", await readParams(optimizer.slots)),
        ...prefixed("memory/", held?.arrays ?? {}),
      };
      return { step: steps, tensors, state: { steps, memory: held?.rest ?? null, more } satisfies Saved };
    },
    restore<More>({ tensors, state }: UnitCheckpoint): More {
      const { steps, memory: rest, more } = state as Saved;
      if (!memory !== (rest === null)) {
        const fault = memory ? "it has a memory, but none was saved" : "it has no memory, but one was saved";
        throw new RangeError(`Cannot restore the training: ${fault}`);
      }
      const slots = toTensors(unprefixed("optimizer/", tensors));
      try {
        assignParams(params, unprefixed("params/", tensors));
        optimizer.restore(steps, slots);
      } finally {
        tf.dispose({ ...slots });
      }
      const arrays = Object.entries(unprefixed("memory/", tensors)).map(([name, { data }]) => [name, data]);
      memory?.restore({ ...rest, ...Object.fromEntries(arrays) } as never);
      return more as More;
    },
  };
}

/** The typed arrays of a record, and what else it has. */
function split(state: object): { arrays: NamedArrays; rest: { [name: string]: unknown } } {
  const isArray = (value: unknown) => ArrayBuffer.isView(value);
  const entries = Object.entries(state);
  const arrays = entries.filter(([, value]) => isArray(value)).map(([name, data]) => [
    name,
    { shape: [data.length], data },
  ]);
  return {
    arrays: Object.fromEntries(arrays),
    rest: Object.fromEntries(entries.filter(([, value]) => !isArray(value))),
  };
}

function prefixed(prefix: string, arrays: NamedArrays): NamedArrays {
  return Object.fromEntries(Object.entries(arrays).map(([name, array]) => [prefix + name, array]));
}

function unprefixed(prefix: string, arrays: NamedArrays): NamedArrays {
  const own = Object.entries(arrays).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(own.map(([name, array]) => [name.slice(prefix.length), array]));
}
