import * as tf from "@tensorflow/tfjs";
import { fold, type Key, type Params, type Tensor, type Tensor2D, type Variable } from "../core/mod.ts";
import { affine, geluAffine, layerNorm, normAffine, reluAffine } from "../core/ops/mod.ts";
import { constantInit } from "./init.ts";

/** The parameters of an affine map: a kernel, drawn by `init` from the key and the layer's name, and a bias of zeros. */
export function affineParams(
  key: Key,
  name: string,
  shape: readonly [inputs: number, outputs: number],
  init: (key: Key, shape: readonly number[]) => Variable,
): Params {
  return {
    [`${name}/kernel`]: init(fold(key, name), shape),
    [`${name}/bias`]: constantInit([shape[1]], 0),
  };
}

/** Applies the affine map of a name. */
export function applyAffine(params: Params, name: string, x: Tensor): Tensor2D {
  return affine(x, params[`${name}/kernel`]!, params[`${name}/bias`]!);
}

/** The parameters of a norm: scales of one and shifts of zero. */
export function normParams(name: string, width: number): Params {
  return { [`${name}/scale`]: constantInit([width], 1), [`${name}/shift`]: constantInit([width], 0) };
}

/** Applies the layer norm of a name. */
export function applyNorm(params: Params, name: string, x: Tensor): Tensor {
  return layerNorm(x, params[`${name}/scale`]!, params[`${name}/shift`]!);
}

/** Applies the layer norm of a name, then the affine map of another. */
export function applyNormAffine(params: Params, norm: string, name: string, x: Tensor): Tensor2D {
  const scaling = { scale: params[`${norm}/scale`]!, shift: params[`${norm}/shift`]! };
  return normAffine(x, scaling, params[`${name}/kernel`]!, params[`${name}/bias`]!);
}

/** Applies an activation, then the affine map of a name. */
export function applyActivatedAffine(params: Params, name: string, x: Tensor, activation: "relu" | "gelu"): Tensor2D {
  const map = activation === "relu" ? reluAffine : geluAffine;
  return map(x, params[`${name}/kernel`]!, params[`${name}/bias`]!);
}

/** The tensor as float32; itself if it is that already, which spares a copy. */
export function asFloat<T extends Tensor>(x: T): T {
  return x.dtype === "float32" ? x : tf.cast(x, "float32");
}
