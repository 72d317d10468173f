import type { Tensor } from "../types.ts";

/** A map that is cheap to compute, so that its image need not be kept for the gradient of what follows. */
export interface Stage {
  /** The image of x. */
  apply(x: Tensor): Tensor;
  /**
   * From x and the cotangent of its image: the cotangents of x and of the stage's own parameters, and the image again
   * if that is wanted.
   */
  pullBack(x: Tensor, dy: Tensor, wanted: { readonly image: boolean }): PulledBack;
}

/** What a stage gives in the backward pass. */
export type PulledBack = { dx: Tensor; own: Tensor[]; image?: Tensor };
