/**
 * The memories that trainings compare, with the encoder that fills them.
 *
 * @module
 */
import { type Encoder, type Key, type Loss, type Params, type RowLoss, type Tensor4D, tiled } from "../../core/mod.ts";
import { disposeParams, momentumEncoder } from "../../encoders/mod.ts";
import { type CrossBatchMemory, crossBatchMemory, type MemoryBank, memoryBank } from "../../samplers/mod.ts";
import { queriesAgainstKeys } from "./queries_against_keys.ts";

/** What stands beside the batch: a queue of what was encoded last, of what a slow encoder gave, or averaged entries. */
export type MemoryChoice =
  | { readonly kind: "none" }
  | { readonly kind: "queue"; readonly size: number }
  | { readonly kind: "keys"; readonly size: number; readonly momentum: number }
  | { readonly kind: "entries"; readonly momentum: number };

/** What a memory is made for. */
export interface MemorySetting {
  readonly loss: RowLoss;
  /** The encoder that is trained. */
  readonly encoder: Encoder<Tensor4D>;
  /** Makes another one of the same make. */
  readonly make: (key: Key) => Encoder<Tensor4D>;
  readonly key: Key;
  /** How many images there are to train on. */
  readonly examples: number;
  readonly dim: number;
  readonly weight: number;
  /** Steps before the memory is written and used. */
  readonly warmUp: number;
}

/** A loss with its memory, and what a step is made of. */
export interface Remembering {
  readonly loss: Loss;
  /** The encoders of the step; each takes the same images. */
  readonly encoders: readonly Encoder<Tensor4D>[];
  /** The memory, to be saved. */
  readonly memory?: CrossBatchMemory | MemoryBank;
  /** The slow encoder's parameters, to be saved: as an encoder that is not trained it shows none. */
  readonly keys?: Params;
  /** To be told of each step before it is taken. */
  begin(step: number): void;
  /** To be called after each update of the encoder. */
  follow(): void;
  /** Disposes what was made here. */
  dispose(): void;
}

/** Adds a memory to a loss. */
export function remember(choice: MemoryChoice, setting: MemorySetting): Remembering {
  const { loss, encoder, weight, warmUp, examples, dim } = setting;
  const idle = { begin: () => {}, follow: () => {} };
  switch (choice.kind) {
    case "none":
      return { loss, encoders: [encoder], ...idle, dispose: () => {} };
    case "queue": {
      const memory = crossBatchMemory({ size: choice.size, weight, warmUp });
      return { loss: tiled(loss, { memory }), encoders: [encoder], memory, ...idle, dispose: memory.dispose };
    }
    case "keys": {
      const memory = crossBatchMemory({ size: choice.size, weight, warmUp });
      const follower = setting.make(setting.key);
      const keys = momentumEncoder({ from: encoder, to: follower, momentum: choice.momentum });
      return {
        loss: tiled(loss, { memory, pairing: queriesAgainstKeys }),
        encoders: [encoder, keys.encoder],
        memory,
        keys: follower.params,
        ...idle,
        follow: keys.update,
        dispose: () => {
          memory.dispose();
          disposeParams(follower.params);
        },
      };
    }
    case "entries": {
      const memory = memoryBank({ examples, dim, momentum: choice.momentum, weight });
      const [without, beside] = [tiled(loss), tiled(loss, { memory })];
      let warm = false;
      return {
        loss: (representations, context) => (warm ? beside : without)(representations, context),
        encoders: [encoder],
        memory,
        ...idle,
        begin: (step) => void (warm = step >= warmUp),
        dispose: memory.reset,
      };
    }
  }
}
