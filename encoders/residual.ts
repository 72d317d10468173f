/**
 * The residual encoder of images.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { type Encoder, fold, type Key, type Params, type Tensor, type Tensor2D, type Tensor4D } from "../core/mod.ts";
import { dropout, groupNormConv, type GroupNormOptions, groupNormRelu, l2Normalize, pipe } from "../core/ops/mod.ts";
import { imagesOf, requireGroups } from "./_images.ts";
import { glorotInit, heInit } from "./init.ts";
import { affineParams, applyAffine, normParams } from "./_layers.ts";
import { requireCounts, requireRate } from "./_options.ts";

/** Options of {@linkcode residual}. */
export interface ResidualOptions {
  /** Rows of an image. */
  readonly height: number;
  /** Columns of an image. */
  readonly width: number;
  /** Channels of an image. */
  readonly channels: number;
  /** Channels of each stage, first to last; each stage but the first halves rows and columns. `[32, 64, 128]` if left out. */
  readonly filters?: readonly number[];
  /** Residual blocks of a stage. 1 if left out. */
  readonly blocks?: number;
  /**
   * Whether the first convolution halves rows and columns (`stride`) or keeps them (`plain`, which takes about four times
   * as long). `stride` if left out.
   */
  readonly stem?: "stride" | "plain";
  /** Groups of channels that are normalised together; a divisor of each of `filters`. 8 if left out. */
  readonly groups?: number;
  /** Width of the representation. 128 if left out. */
  readonly dim?: number;
  /** The probability with which entries before the last map are dropped in training. 0 if left out. */
  readonly dropout?: number;
  /** Whether representations are scaled to length 1. True if left out. */
  readonly normalize?: boolean;
  /** The encoder's name. */
  readonly name?: string;
  /** Where the initial parameters are drawn from. */
  readonly key: Key;
}

/** A residual block: its name, and channels and stride of its first convolution. */
interface Block {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly stride: number;
}

/**
 * Makes a small residual network for images: a 3 × 3 convolution, stages of residual blocks, and an affine map of the mean
 * over all places.
 *
 * A block is x + F(x), with F twice a group norm, a rectifier and a 3 × 3 convolution, in this order, so that x itself is
 * passed on. The first block of each stage but the first moves its first window by two places, and maps x by a 1 × 1
 * convolution that does so too. The mean is taken behind a last norm and rectifier.
 *
 * A batch is `[examples, height, width, channels]`. Group norm keeps examples apart, so that chunks are exact. The tape
 * holds two tensors a block: what norms and rectifiers give is computed again. Parameters are `stem/kernel`; for block j
 * of stage i `stage<i>/block<j>/norm0/scale` and `…/shift`, `…/kernel0`, `…/norm1/…`, `…/kernel1`, and `…/shortcut` where
 * the channels or the places change; then `norm/scale`, `norm/shift`, `output/kernel` and `output/bias`.
 *
 * All norms begin with scale 1. A branch that begins at zero by its last norm's scale is for blocks that end in a norm:
 * here the norm stands before a rectifier, whose gradient would be zero too.
 *
 * He, Zhang, Ren and Sun, "Identity mappings in deep residual networks", 2016; Wu and He, "Group normalization", 2018.
 *
 * @param options Sizes, dropout, and the key.
 * @throws {RangeError} If a size is no positive integer, there are no filters, groups do not divide the filters, the stem
 * is unknown, or the rate is not in [0, 1).
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { residual } from "@gradfold/gradfold/encoders";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const encoder = residual({ height: 8, width: 8, channels: 3, filters: [8, 16], dim: 4, key: key(1) });
 * const context = { training: false, key: key(2), rows: Int32Array.of(0, 1) };
 * assertEquals(encoder.encode(tf.zeros([2, 8, 8, 3]), context).shape, [2, 4]);
 * ```
 */
export function residual(options: ResidualOptions): Encoder<Tensor4D> {
  const { height, width, channels, filters = [32, 64, 128], blocks = 1, stem = "stride", groups = 8 } = options;
  const { dim = 128, dropout: rate = 0, normalize = true, key } = options;
  const maker = "a residual encoder";
  const stages = Object.fromEntries(filters.map((count, i) => [`filters[${i}]`, count]));
  requireCounts(maker, { height, width, channels, "the number of filters": filters.length, ...stages });
  requireCounts(maker, { blocks, groups, dim });
  requireRate(maker, rate);
  requireGroups(maker, groups, filters);
  if (stem !== "stride" && stem !== "plain") {
    throw new RangeError(`Cannot make ${maker}: stem is "${stem}", expected "stride" or "plain"`);
  }
  const body = blocksOf(filters, blocks);
  const last = filters.at(-1)!;
  const params: Params = Object.assign(
    { "stem/kernel": heInit(fold(key, "stem"), [3, 3, channels, filters[0]!]) },
    ...body.map((block) => blockParams(key, block)),
    normParams("norm", last),
    affineParams(key, "output", [last, dim], glorotInit),
  );
  const stemStride = stem === "stride" ? 2 : 1;

  return {
    ...(options.name === undefined ? {} : { name: options.name }),
    params,
    encode: (batch, context) =>
      tf.tidy(() =>
        pipe(imagesOf(batch, [height, width, channels]), [
          (x) => tf.conv2d(x as Tensor4D, params["stem/kernel"] as Tensor as Tensor4D, stemStride, "same"),
          ...body.map((block) => (x: Tensor) => applyBlock(params, block, x as Tensor4D, groups)),
          (x) => groupNormRelu(x, normOf(params, "norm", groups)),
          (x) => tf.mean(x, [1, 2]),
          (x) => dropout(x, rate, context, "features"),
          (x) => applyAffine(params, "output", x),
          (x) => normalize ? l2Normalize(x as Tensor2D) : x,
        ]) as Tensor2D
      ),
  };
}

function blocksOf(filters: readonly number[], blocks: number): Block[] {
  return filters.flatMap((outputs, stage) =>
    Array.from({ length: blocks }, (_, block) => ({
      name: `stage${stage}/block${block}`,
      inputs: block === 0 ? filters[stage - 1] ?? outputs : outputs,
      outputs,
      stride: block === 0 && stage > 0 ? 2 : 1,
    }))
  );
}

function blockParams(key: Key, block: Block): Params {
  const { name, inputs, outputs } = block;
  return {
    ...normParams(`${name}/norm0`, inputs),
    [`${name}/kernel0`]: heInit(fold(key, `${name}/kernel0`), [3, 3, inputs, outputs]),
    ...normParams(`${name}/norm1`, outputs),
    [`${name}/kernel1`]: heInit(fold(key, `${name}/kernel1`), [3, 3, outputs, outputs]),
    ...(isPlain(block) ? {} : {
      [`${name}/shortcut`]: glorotInit(fold(key, `${name}/shortcut`), [1, 1, inputs, outputs]),
    }),
  };
}

/** Whether a block passes on x as it is. */
function isPlain({ inputs, outputs, stride }: Block): boolean {
  return stride === 1 && inputs === outputs;
}

function applyBlock(params: Params, block: Block, x: Tensor4D, groups: number): Tensor4D {
  const { name, stride } = block;
  const shortcut: Tensor = params[`${name}/shortcut`]!;
  const plus = isPlain(block) ? x : tf.conv2d(x, shortcut as Tensor4D, stride, "same");
  return pipe(x, [
    (x) => groupNormConv(x, params[`${name}/kernel0`]!, { ...normOf(params, `${name}/norm0`, groups), stride }),
    (x) => groupNormConv(x, params[`${name}/kernel1`]!, { ...normOf(params, `${name}/norm1`, groups), plus }),
  ]) as Tensor4D;
}

function normOf(params: Params, name: string, groups: number): GroupNormOptions {
  return { scale: params[`${name}/scale`]!, shift: params[`${name}/shift`]!, groups };
}
