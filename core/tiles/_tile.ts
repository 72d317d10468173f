/**
 * One tile: some anchors against all references.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { pullback } from "../_autodiff.ts";
import type { Key } from "../key.ts";
import type { Mined, Miner } from "../miner.ts";
import type { Masks, Relation } from "../pairs/types.ts";
import type { Block, ClosedTile, RowLossOptions } from "../row_loss.ts";
import type { Tensor, Tensor1D, Tensor2D } from "../types.ts";
import { packTerms, termWeights } from "./_means.ts";
import type { Operand } from "./_operand.ts";

/** Two operands that are compared. */
export interface Compared {
  readonly anchors: Operand;
  readonly references: Operand;
  readonly constant?: "references" | "both";
}

/** What all tiles of an evaluation have in common. */
export interface Tiling {
  readonly loss: RowLossOptions;
  /** Stands in for the loss's terms. */
  readonly closed: RowLossOptions["closed"];
  readonly relation: Relation;
  /** What the loss is about, and behind it what it compares besides. */
  readonly compared: readonly [Compared, ...Compared[]];
  /** What a miner sees: the same by cosine. */
  readonly mined?: Compared;
  readonly miner?: Miner;
  /** What the loss's `shared` gave. */
  readonly shared: readonly Tensor[];
  /** What else to differentiate with respect to: the shared tensors, and behind them the parameters. */
  readonly params: readonly Tensor[];
  readonly key: Key;
}

/** A tile's packed terms, and its gradient for each parameter. */
export interface DifferentiatedTile {
  readonly terms: Tensor1D;
  readonly params: readonly (Tensor | undefined)[];
}

/** The packed terms of a tile. */
export function tileTerms(tiling: Tiling, first: number, rows: number): Tensor1D {
  const { loss, closed } = tiling;
  return tf.tidy(() => {
    const terms = closed
      ? closed(closedTile(tiling, first, rows, false)).terms
      : loss.terms(blockOf(tiling, openTile(tiling, first, rows)).block);
    return packTerms(terms, loss);
  });
}

/** Differentiates a tile; what flows to the operands is added to them. */
export function differentiateTile(
  tiling: Tiling,
  first: number,
  rows: number,
  factors: Tensor1D,
): DifferentiatedTile {
  if (tiling.closed) return differentiateClosed(tiling, first, rows, tiling.closed);
  const { loss, compared: [pair, ...further], params } = tiling;
  const tile = scoped(() => openTile(tiling, first, rows));
  const { block, used } = blockOf(tiling, tile);
  const { value: terms, gradients } = pullback(
    () => packTerms(loss.terms(block), loss),
    () => [...tile.similarities, tile.anchors, ...params, ...used()],
    () => termWeights(factors),
  );
  tf.dispose([...tile.similarities, tile.masks.positive, tile.masks.negative]);
  const cotangents = gradients.slice(0, tile.similarities.length);
  const [toAnchors, ...others] = gradients.slice(cotangents.length);
  const flows = rowFlows();
  if (toAnchors && pair.constant !== "both") flows.add(pair.anchors, toAnchors as Tensor2D);
  else toAnchors?.dispose();
  const toReferences = others[params.length] as Tensor2D | undefined;
  if (toReferences && !pair.constant) pair.references.addCompared(toReferences);
  toReferences?.dispose();
  [pair, ...further].forEach(({ anchors, references, constant }, i) => {
    const cotangent = cotangents[i] as Tensor2D | undefined;
    if (cotangent && constant !== "both") {
      flows.add(anchors, references.multiply(cotangent));
      if (!constant) {
        const own = i === 0 ? tile.anchors : anchors.rows(first, rows);
        references.addProducts(cotangent, own);
        if (i > 0) own.dispose();
      }
    }
    cotangent?.dispose();
  });
  tile.anchors.dispose();
  flows.end(first);
  return { terms, params: others.slice(0, params.length) };
}

function differentiateClosed(
  tiling: Tiling,
  first: number,
  rows: number,
  closed: NonNullable<RowLossOptions["closed"]>,
): DifferentiatedTile {
  const [{ anchors, references }] = tiling.compared;
  const { terms, gradient } = scoped(() => {
    const { terms, gradient } = closed(closedTile(tiling, first, rows, true));
    return { terms: packTerms(terms, tiling.loss), gradient: gradient! };
  });
  const [cotangent, factor] = gradient.references;
  references.addProducts(cotangent, factor);
  tf.dispose([cotangent, factor]);
  anchors.addRows(first, gradient.anchors);
  references.addMultiple({ operand: anchors, factor: gradient.positives });
  return { terms, params: gradient.shared };
}

/** Adds up what flows to rows of the same operand, and hands it over at the end. */
function rowFlows(): { add(operand: Operand, gradient: Tensor2D): void; end(first: number): void } {
  const flows = new Map<Operand, Tensor2D>();
  return {
    add(operand, gradient) {
      const earlier = flows.get(operand);
      flows.set(operand, earlier ? tf.add(earlier, gradient) : gradient);
      if (earlier) tf.dispose([earlier, gradient]);
    },
    end(first) {
      for (const [operand, gradient] of flows) operand.addRows(first, gradient);
    },
  };
}

function closedTile(
  { compared: [pair], shared }: Tiling,
  first: number,
  rows: number,
  differentiate: boolean,
): ClosedTile {
  return {
    first,
    rows,
    anchors: pair.anchors.rows(first, rows),
    references: pair.references.compared(),
    transposed: pair.references.transposed(),
    shared,
    differentiate,
  };
}

function scoped<T>(run: () => T): T {
  return tf.tidy(run as () => tf.TensorContainer) as T;
}

/** The tensors of a tile. */
interface Tile {
  readonly first: number;
  readonly rows: number;
  readonly anchors: Tensor2D;
  readonly similarities: readonly [Tensor2D, ...Tensor2D[]];
  readonly masks: Masks;
}

function openTile(tiling: Tiling, first: number, rows: number): Tile {
  const [pair, ...further] = tiling.compared;
  const anchors = pair.anchors.rows(first, rows);
  const similarity = pair.references.compare(anchors);
  const others = further.map((other) => other.references.compare(other.anchors.rows(first, rows)));
  const masks = masksOf(tiling, first, rows, { anchors, cosine: similarity });
  return { first, rows, anchors, similarities: [similarity, ...others], masks };
}

function masksOf(
  { relation, miner, mined, compared: [pair], key }: Tiling,
  first: number,
  rows: number,
  own: Pick<Mined, "anchors" | "cosine">,
): Masks {
  const masks = relation.block(first, rows);
  if (!miner) return masks;
  const { references, anchors } = mined ?? pair;
  const seen = mined ? anchors.rows(first, rows) : own.anchors;
  return miner(masks, {
    first,
    key,
    anchors: seen,
    cosine: mined ? references.compare(seen) : own.cosine,
    get references() {
      return references.compared();
    },
  });
}

/** A tile as a loss sees it, and the references if it has asked for them: they are rarely wanted, and large. */
function blockOf(
  { compared: [pair], shared, key }: Tiling,
  { first, rows, anchors, similarities: [similarity, ...further], masks }: Tile,
): { block: Block; used: () => readonly Tensor2D[] } {
  let references: Tensor2D | undefined;
  const block: Block = {
    first,
    rows,
    anchors,
    similarity,
    further,
    shared,
    key,
    ...masks,
    get references() {
      return references ??= pair.references.compared();
    },
  };
  return { block, used: () => references ? [references] : [] };
}
