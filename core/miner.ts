/**
 * What narrows a relation.
 *
 * @module
 */
import type { Key } from "./key.ts";
import type { Masks } from "./pairs/types.ts";
import type { Tensor2D } from "./types.ts";

/** What a miner sees of some anchors; nothing of it is differentiated. */
export interface Mined {
  /** The number of the first anchor. */
  readonly first: number;
  /** Cosines of anchors and references, `[rows, references]`. */
  readonly cosine: Tensor2D;
  /** The anchors at length 1, `[rows, dim]`. */
  readonly anchors: Tensor2D;
  /** The references at length 1, `[references, dim]`. */
  readonly references: Tensor2D;
  /** Randomness of this evaluation, the same for all blocks. */
  readonly key: Key;
}

/**
 * Narrows down which pairs count, from the similarities of some anchors to all references.
 *
 * It never widens: what was not a positive does not become one. A row's result depends on that row alone, so that tiles
 * of any size give the same. It runs within a scope of its caller, which disposes what it makes.
 */
export type Miner = (masks: Masks, mined: Mined) => Masks;
