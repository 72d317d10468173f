/**
 * GIST, InfoNCE with a guide.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { maskedSum } from "../core/ops/pairs/mod.ts";
import { aligned } from "../core/pairs/aligned.ts";
import type { MatrixPair, Pairing } from "../core/pairs/types.ts";
import { type Block, type RowLoss, rowLoss } from "../core/row_loss.ts";
import type { Scalar, Tensor2D } from "../core/types.ts";
import { checkFiniteOption, checkPairs } from "./_checks.ts";
import { jointPartition, otherThanSelf, type Part } from "./_partition.ts";
import { heated, scaled } from "./_heat.ts";
import type { Temperature } from "./temperature.ts";

/** Options of {@linkcode gist}. */
export interface GistOptions {
  /** The temperature τ that similarities are divided by, fixed or learnt. 0.01 if left out. */
  readonly temperature?: number | Temperature;
  /**
   * How far below its score of the positive the guide must see a negative: a difference of cosines, or a share of the
   * positive's. 0 if left out.
   */
  readonly margin?: number | { readonly relative: number };
  /** Whether anchors are negatives of each other. True if left out. */
  readonly contrastAnchors?: boolean;
  /** Whether positives are negatives of each other. True if left out. */
  readonly contrastPositives?: boolean;
}

/** Scores that float32 cannot tell apart: that of a copy of the positive is no higher than the positive's, however it rounds. */
const NOISE = 1e-6;

/**
 * GIST: InfoNCE without the negatives that a guide finds nearer than the positive, which are likely positives themselves.
 *
 * L = 1/N Σᵢ ( log( exp(s(qᵢ, dᵢ)/τ) + Σ exp(s/τ) ) - s(qᵢ, dᵢ)/τ ), with the inner sum over what is left of the similarities
 * s(qᵢ, dⱼ) and s(qᵢ, qⱼ) of each anchor and s(dᵢ, dⱼ) of its positive, j ≠ i, and of s(qᵢ, h) with hard negatives. With g the
 * cosine that the guide gives the same two examples, one is left out if g is above g(qᵢ, dᵢ) - margin, or above
 * g(qᵢ, dᵢ) - |g(qᵢ, dᵢ)| · margin if that is relative.
 *
 * The loss takes an even number of matrices, at least four. The first half is what is trained, all of one width: the N
 * anchors `[N, dim]`; the references, of which row i is the positive of anchor i and any rows beyond N are hard
 * negatives; and further matrices of hard negatives. The second half is what the guide makes of the same examples in the same
 * order, in a width of its own. No gradient flows into it: in a step its encoders are frozen.
 *
 * A row loss: it is evaluated in tiles. A miner narrows what anchors are compared with in the second matrix; a memory or
 * another pairing cannot be added.
 *
 * Solatorio, "GISTEmbed: guided in-sample selection of training negatives for text embedding fine-tuning", 2024. It follows
 * the GISTEmbedLoss of sentence-transformers, except that an example is never a negative of itself, which there
 * depends on the guide's score.
 *
 * @throws {RangeError} If a fixed temperature is not a finite number above 0, or the margin not a finite number. The loss throws
 * a TypeError for too few matrices, an odd number, or one that is not a matrix, and a RangeError for shapes that do not fit.
 *
 * @example
 * ```ts
 * import { gist } from "@gradfold/gradfold/losses";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const loss = gist({ temperature: 1 });
 * const [rows, guide] = [tf.tensor2d([[1, 0], [0, 1]]), tf.tensor2d([[1, 0, 1], [0, 1, 1]])];
 * const context = { training: true, key: key(0) };
 * // The guide agrees: three similarities of 0 beside the positive's.
 * const kept = loss([rows, rows, guide, guide], context);
 * assertAlmostEquals(kept.dataSync()[0]!, Math.log(Math.E + 3) - 1, 1e-6);
 * // The guide finds the references the wrong way round: each reference of the other is left out.
 * const left = loss([rows, rows, guide, tf.reverse(guide, 0)], context);
 * assertAlmostEquals(left.dataSync()[0]!, Math.log(Math.E + 2) - 1, 1e-6);
 * ```
 */
export function gist(options: GistOptions = {}): RowLoss {
  const { temperature = 0.01, margin = 0, contrastAnchors = true, contrastPositives = true } = options;
  checkFiniteOption("GIST", typeof margin === "number" ? { margin } : { "margin.relative": margin.relative });
  const contrast = { contrastAnchors, contrastPositives };
  return rowLoss({
    title: "GIST",
    pairing: guided(contrast),
    ...heated(temperature),
    terms: (block) => {
      const { similarity, positive, rows } = block;
      const partition = jointPartition(partsOf(block, margin, contrast), temperature, block);
      const matched = scaled(maskedSum(similarity, positive), temperature, block);
      return { sum: tf.sum(tf.sub(partition, matched)) as Scalar, count: rows };
    },
  });
}

type Contrast = Required<Pick<GistOptions, "contrastAnchors" | "contrastPositives">>;

/** Everything that is compared, and behind it the same of the guide. */
function guided(contrast: Contrast): Pairing {
  return (representations, context) => {
    const half = representations.length / 2;
    if (half < 2 || !Number.isInteger(half)) {
      throw new TypeError(
        `Cannot compute GIST: got ${representations.length} matrices, expected anchors and references, further hard ` +
          "negatives if any, and as many of the guide",
      );
    }
    const [students, guides] = [representations.slice(0, half), representations.slice(half)];
    checkPairs("GIST", students);
    checkPairs("the guide of GIST", guides);
    students.forEach(({ shape: [rows] }, i) => {
      const given = guides[i]!.shape[0];
      if (given === rows) return;
      throw new RangeError(`Cannot compute GIST: input ${half + i} has ${given} rows, expected ${rows} as input ${i}`);
    });
    const [, ...further] = comparisons(students, contrast);
    return {
      ...aligned()(students.slice(0, 2), context),
      further: [
        ...further,
        ...comparisons(guides, contrast).map((pair) => ({ ...pair, constant: "both" as const })),
      ],
    };
  };
}

/** Anchors with references; anchors and positives among themselves; anchors with each matrix of hard negatives. */
function comparisons(matrices: readonly Tensor2D[], { contrastAnchors, contrastPositives }: Contrast): MatrixPair[] {
  const [anchors, references, ...hard] = matrices as [Tensor2D, Tensor2D, ...Tensor2D[]];
  const [rows] = anchors.shape;
  const positives = references.shape[0] === rows ? references : tf.slice(references, [0, 0], [rows, -1]);
  return [
    { anchors, references },
    ...(contrastAnchors ? [{ anchors, references: anchors }] : []),
    ...(contrastPositives ? [{ anchors: positives, references: positives }] : []),
    ...hard.map((references) => ({ anchors, references })),
  ];
}

/** What the partition function of each anchor is over. */
function partsOf(block: Block, margin: number | { readonly relative: number }, contrast: Contrast): Part[] {
  const { first, positive, negative } = block;
  const all = [block.similarity, ...block.further];
  if (all.length % 2 === 1) {
    throw new TypeError("Cannot compute GIST: it compares more than pairs, expected its own pairing");
  }
  const guides = all.splice(all.length / 2);
  const among = Number(contrast.contrastAnchors) + Number(contrast.contrastPositives);
  const limit = limitOf(maskedSum(guides[0]!, positive), margin);
  return all.map((similarity, i) => ({
    similarity,
    mask: tf.tidy(() => {
      // Engines are slow at comparing a matrix with a column.
      const left = tf.lessEqual(tf.sub(guides[i]!, limit), 0);
      if (i === 0) return tf.logicalOr(positive, tf.logicalAnd(negative, left)) as Tensor2D;
      return (i <= among ? tf.logicalAnd(left, otherThanSelf(first, similarity)) : left) as Tensor2D;
    }),
  }));
}

/** The highest score of the guide at which a negative stays, from its score of the positive. */
function limitOf(score: Tensor2D, margin: number | { readonly relative: number }): Tensor2D {
  const distance = typeof margin === "number" ? margin : tf.mul(tf.abs(score), margin.relative);
  return tf.add(tf.sub(score, distance), NOISE);
}
