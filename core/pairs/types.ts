/**
 * Which rows are compared, and which of the pairs belong together.
 *
 * @module
 */
import type { LossContext, Tensor1D, Tensor2D } from "../types.ts";

/** How rows are compared: by the cosine of their angle or by their dot product. */
export type Similarity = "cosine" | "dot";

/** Which references are positives and which are negatives, for a block of anchors. */
export interface Masks {
  /** True where the reference is a positive of the anchor, bool `[rows, references]`. */
  readonly positive: Tensor2D;
  /** True where the reference is a negative of the anchor, bool `[rows, references]`. */
  readonly negative: Tensor2D;
  /**
   * Set by miners of triplets: only triplets count whose gap, the distance of the negative less that of the positive on
   * the unit sphere, is above the first number and at most the second.
   */
  readonly gap?: readonly [above: number, atMost: number];
}

/** Which references are positives and which are negatives of each anchor, told for a block of anchors at a time. */
export interface Relation {
  /** Number of anchors. */
  readonly anchors: number;
  /** Number of references. */
  readonly references: number;
  /** The masks of `rows` anchors from `first` on, which the caller disposes. A pair may be neither. */
  block(first: number, rows: number): Masks;
  /** Labels and ids that say the same, where they do: of all references, in their order. */
  readonly columns?: readonly Columns[];
}

/** Two matrices whose rows are compared: every anchor with every reference. */
export interface MatrixPair {
  /** `[anchors, dim]` */
  readonly anchors: Tensor2D;
  /** `[references, dim]` */
  readonly references: Tensor2D;
  /** What gets no gradient. Both sides get one if left out. */
  readonly constant?: "references" | "both";
}

/** The id of a reference that has none, such as a hard negative's. */
export const NO_ID: number = -(2 ** 31);

/** Numbers of the anchors and of the references: labels or ids. */
export interface Sides {
  /** int32 `[anchors]` */
  readonly anchors: Tensor1D;
  /** int32 `[references]` */
  readonly references: Tensor1D;
}

/** Some columns of a relation. */
export interface Columns {
  /** Pairs of equal labels are positives, the others negatives. */
  readonly labels: Sides;
  /** Pairs of equal ids are neither. */
  readonly ids?: Sides;
}

/** Some rows of a matrix, one after another; nothing is copied for it. */
export interface RowWindow {
  /** The matrix. */
  readonly table: Tensor2D;
  /** The first of the rows. */
  readonly first: number;
  /** How many there are. */
  readonly count: number;
}

/** What a loss over pairs is computed from; the references may be the same tensor as the anchors. */
export interface Pairs extends MatrixPair {
  /** Further references without a gradient, such as those of a memory, `[further, dim]` or a part of a larger matrix. */
  readonly appended?: Tensor2D | RowWindow;
  /** How they belong together, the appended references last. */
  readonly relation: Relation;
  /** Labels that mean the same in every batch, without those of the appended references. */
  readonly labels?: Sides;
  /** Ids of the examples that mean the same in every batch, without those of the appended references. */
  readonly ids?: Sides;
  /** Why no references may be appended, if so, to follow "Cannot add a memory to the loss:". */
  readonly sealed?: string;
  /** What the loss compares besides; anchors in the same number. */
  readonly further?: readonly MatrixPair[];
}

/**
 * Makes pairs of the representation matrices that a loss is given.
 *
 * It runs within a scope of its caller, which disposes what it makes.
 */
export type Pairing = (representations: readonly Tensor2D[], context: LossContext) => Pairs;
