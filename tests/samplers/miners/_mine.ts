import * as tf from "@tensorflow/tfjs";
import { key, labelRelation, type Masks, type Miner, type Pairing, tiled } from "../../../core/mod.ts";
import type { Scalar, Tensor2D } from "../../../core/types.ts";
import golden from "../../fixtures/golden.json" with { type: "json" };

/** Rows of numbers. */
export type Rows = readonly (readonly number[])[];

/** What is mined. */
export interface Batch {
  readonly rows: Rows;
  readonly labels: readonly number[];
  /** Rows to compare with, of which none is the anchor itself. The anchors if left out. */
  readonly references?: { readonly rows: Rows; readonly labels: readonly number[] };
}

/** How it is mined. */
export interface MineOptions {
  /** Anchors in a tile. All if left out. */
  readonly tile?: number;
  readonly seed?: number;
}

/** Columns of each anchor. */
export interface Columns {
  readonly positives: number[][];
  readonly negatives: number[][];
}

/** What a miner keeps of a batch within a tiled loss. */
export function mine(
  miner: Miner | undefined,
  batch: Batch,
  { tile = Infinity, seed = 0 }: MineOptions = {},
): Columns & Pick<Masks, "gap"> {
  const found = { positives: [] as number[][], negatives: [] as number[][], gap: undefined as Masks["gap"] };
  const terms = ({ positive, negative, gap }: Masks) => {
    if (positive.dtype !== "bool" || negative.dtype !== "bool") throw new Error("a mask is not bool");
    found.positives.push(...columns(positive));
    found.negatives.push(...columns(negative));
    found.gap = gap;
    return { sum: tf.scalar(0) as Scalar, count: 1 };
  };
  const loss = tiled({ title: "what is kept", pairing: pairing(batch), terms }, {
    rows: tile,
    ...(miner ? { miner } : {}),
  });
  tf.tidy(() => loss([matrix(batch.rows)], { training: true, key: key(seed) }));
  const { gap, ...kept } = found;
  return gap ? { ...kept, gap } : kept;
}

/** What a miner keeps of one anchor with the given cosines, without a loss. */
export function mineCosines(
  miner: Miner,
  { cosines, positives, negatives }: {
    cosines: readonly number[];
    positives: readonly number[];
    negatives: readonly number[];
  },
): { positives: number[]; negatives: number[] } {
  return tf.tidy(() => {
    const mask = (holds: readonly number[]) =>
      tf.tensor2d([cosines.map((_, column) => holds.includes(column))], [1, cosines.length], "bool");
    const [anchors, references] = [tf.ones<tf.Rank.R2>([1, 4]), tf.ones<tf.Rank.R2>([cosines.length, 4])];
    const kept = miner(
      { positive: mask(positives), negative: mask(negatives) },
      { first: 0, cosine: tf.tensor2d([[...cosines]]), anchors, references, key: key(0) },
    );
    return { positives: columns(kept.positive)[0]!, negatives: columns(kept.negative)[0]! };
  });
}

/** The relation of a batch by labels. */
export function pairing({ labels, references }: Batch): Pairing {
  return ([rows]) => {
    const own = tf.tensor1d([...labels], "int32");
    if (references) {
      const sides = { anchors: own, references: tf.tensor1d([...references.labels], "int32") };
      return { anchors: rows!, references: matrix(references.rows), relation: labelRelation([{ labels: sides }]) };
    }
    const numbers = tf.range(0, labels.length, 1, "int32");
    const ids = { anchors: numbers, references: numbers };
    const relation = labelRelation([{ labels: { anchors: own, references: own }, ids }]);
    return { anchors: rows!, references: rows!, relation };
  };
}

/** Rows as a tensor. */
export function matrix(rows: Rows): Tensor2D {
  return tf.tensor2d(rows.map((row) => [...row]), [rows.length, rows[0]!.length]);
}

function columns(mask: Tensor2D): number[][] {
  return (mask.arraySync() as number[][]).map((row) => row.flatMap((holds, column) => holds ? [column] : []));
}

/** The batch of reference cases: X, Z or X with the second labels. */
export function goldenBatch(name: "X" | "Z" | "labels2"): Batch {
  return { rows: name === "Z" ? golden.Z : golden.X, labels: name === "labels2" ? golden.labels2 : golden.labels };
}

/** A reference case of a miner. */
export function goldenMiner(
  name: string,
): { tuples?: number[][]; n?: number; n_triplets?: number; n_pos?: number; n_neg?: number } {
  const found = (golden.cases as Record<string, Record<string, unknown>>)[name];
  if (!found) throw new Error(`golden.json has no case ${name}`);
  return found;
}

/** How many pairs there are. */
export function count(columns: readonly number[][]): number {
  return columns.reduce((sum, row) => sum + row.length, 0);
}
