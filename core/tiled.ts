/**
 * Losses over pairs, tile by tile.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { canReadSync } from "./backend.ts";
import type { Memory } from "./memory.ts";
import type { Miner } from "./miner.ts";
import { sameLabel } from "./pairs/same_label.ts";
import type { Pairing } from "./pairs/types.ts";
import type { RowLossOptions } from "./row_loss.ts";
import { couple } from "./tiles/couple.ts";
import { coupleWhole, isWhole } from "./tiles/whole.ts";
import type { Loss, Scalar } from "./types.ts";

/** Options of {@linkcode tiled}. */
export interface TiledOptions {
  /** Anchors in a tile. As many as `bytes` allows if left out. */
  readonly rows?: number;
  /**
   * The bytes that the matrices of a tile may take together, about. What a step that has a budget of memory plans if left
   * out, else 32 MB, or twice those of the representations if that is more; one anchor is the least. Tiles of few anchors
   * take longer.
   */
  readonly bytes?: number;
  /** Which pairs the loss is about. The loss's own pairing if left out. */
  readonly pairing?: Pairing;
  /** Narrows down which pairs count. All count if left out. */
  readonly miner?: Miner;
  /** Adds references of earlier batches. None if left out. */
  readonly memory?: Memory;
}

/**
 * Evaluates a row loss and its gradient a tile at a time: some anchors against all references.
 *
 * No anchors × references matrix stands whole, neither of similarities nor of relations. Sums and counts of the tiles add
 * up, so that the loss and its gradient are those of the whole for any size of tile. The gradient is computed together
 * with the value when a tape is on; a loss of several means looks at every tile twice. Second derivatives are not available.
 *
 * A memory is written once for each evaluation in training, after the loss was computed and if it is finite.
 *
 * @param loss The row loss: any of the losses that are documented as such, or one made by {@linkcode rowLoss}.
 * @param options The size of tiles, and what narrows or widens the pairs.
 * @throws {RangeError} If `rows` is not an integer of at least 1 or `bytes` not above 0.
 *
 * @example
 * ```ts
 * import { key, tiled, useBackend } from "@gradfold/gradfold/core";
 * import { supCon } from "@gradfold/gradfold/losses";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const targets = tf.tensor1d([0, 0, 1, 1], "int32");
 * const rows = tf.tensor2d([[1, 0], [2, 1], [0, 1], [-1, 1]]);
 * const [whole, tiles] = [4, 1].map((rows) => tiled(supCon(), { rows }));
 * const context = { training: true, key: key(0), targets };
 * assertAlmostEquals(tiles!([rows], context).dataSync()[0]!, whole!([rows], context).dataSync()[0]!, 1e-6);
 * ```
 */
export function tiled(loss: RowLossOptions, options: TiledOptions = {}): Loss {
  const { rows, bytes, miner, memory } = options;
  check(rows, bytes);
  const pairing = options.pairing ?? loss.pairing ?? sameLabel();
  const own = !options.pairing && !miner && !memory;
  const evaluate: Loss = (representations, context) =>
    tf.tidy(() => {
      const pairs = pairing(representations, context);
      const sealed = pairs.sealed ?? (pairs.further ? "it compares more than anchors with references" : undefined);
      if (memory && sealed) throw new TypeError(`Cannot add a memory to ${loss.title}: ${sealed}`);
      const { terms, enqueue } = memory?.attach(pairs, context) ?? { terms: [{ pairs, weight: 1 }] };
      const values = terms.map(({ pairs, weight }) => {
        const whole = rows === undefined && !miner ? coupleWhole(loss, pairs) : undefined;
        const value = whole ?? couple(loss, pairs, {
          rows,
          // Asked for only where it counts, since a step takes note.
          bytes: rows === undefined ? bytes ?? context.tileBytes : undefined,
          miner,
          key: context.key,
          closed: own,
        });
        return weight === 1 ? value : tf.mul(value, weight) as Scalar;
      });
      if (loss.penalty) values.push(loss.penalty());
      const total = values.length === 1 ? values[0]! : tf.addN(values) as Scalar;
      if (enqueue && mayBeFinite(total)) enqueue();
      return total;
    });
  const size = memory?.size;
  return Object.assign(evaluate, {
    ...(loss.params ? { params: loss.params } : {}),
    ...(size === undefined ? {} : {
      further: () => ({ count: size, tiled: rows !== undefined || miner !== undefined || !isWhole(loss) }),
    }),
  });
}

/** Whether a loss is finite, as far as it can be read at once: a step refuses one that is not, and a memory shall not hold it. */
function mayBeFinite(loss: Scalar): boolean {
  return !canReadSync() || Number.isFinite(loss.dataSync()[0]);
}

function check(rows: number | undefined, bytes: number | undefined): void {
  if (rows !== undefined && rows !== Infinity && (!Number.isInteger(rows) || rows < 1)) {
    throw new RangeError(`Cannot tile a loss: rows is ${rows}, expected an integer of at least 1, or Infinity`);
  }
  if (bytes !== undefined && !(bytes > 0)) {
    throw new RangeError(`Cannot tile a loss: bytes is ${bytes}, expected a number above 0`);
  }
}
