/**
 * Norm, rectifier and convolution of images in one op.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { addInto } from "../_fused.ts";
import type { Tensor, Tensor4D } from "../types.ts";
import { alias, withGradient } from "./custom_gradient.ts";
import { checkGroupNorm, type GroupNormOptions } from "./group_norm.ts";
import { groupNormReluStage } from "./group_norm_relu.ts";

/** Options of {@linkcode groupNormConv}. */
export interface GroupNormConvOptions extends GroupNormOptions {
  /** Places that the window moves by, down and across. 1 if left out. */
  readonly stride?: number;
  /** What is added to the result: images of its shape. Nothing if left out. */
  readonly plus?: Tensor;
}

/**
 * A convolution of {@linkcode groupNormRelu}(x), as residual blocks of the kind that normalises first are made of. The
 * window stays on the image's places, with zeros beyond its border: a side of n places becomes ⌈n / stride⌉.
 *
 * The tape holds x and the kernel; norm and rectifier are computed again, and what is added is not kept.
 *
 * @param x Images, `[examples, height, width, channels]`.
 * @param kernel The window's weights, `[rows, columns, channels, outputs]`.
 * @param options The norm's parameters, the stride, and what is added.
 * @returns `[examples, ⌈height / stride⌉, ⌈width / stride⌉, outputs]`.
 * @throws {RangeError} If the groups do not divide the channels, or scale, shift, kernel, stride or what is added does
 * not fit.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { groupNormConv, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const images = tf.tensor4d([1, 3], [1, 1, 2, 1]);
 * const norm = { scale: tf.ones([1]), shift: tf.zeros([1]), groups: 1 };
 * const [low, high] = groupNormConv(images, tf.tensor4d([2], [1, 1, 1, 1]), { ...norm, plus: images }).dataSync();
 * assertAlmostEquals(low!, 1, 1e-4);
 * assertAlmostEquals(high!, 5, 1e-4);
 * ```
 */
export function groupNormConv(x: Tensor, kernel: Tensor, options: GroupNormConvOptions): Tensor4D {
  const { scale, shift, groups, epsilon = 1e-5, stride = 1, plus } = options;
  checkGroupNorm(x, { scale, shift }, groups);
  checkConvolution(x, kernel, stride, plus);
  const attributes = { strides: [stride, stride], dilations: [1, 1], pad: "same", dataFormat: "NHWC" };
  return withGradient([x, scale, shift, kernel, ...plus ? [plus] : []], (save) => {
    save(() => [x, scale, shift, kernel]);
    const image = groupNormReluStage(scale, shift, groups, epsilon).apply(x);
    const convolved = tf.conv2d(image as Tensor4D, kernel as Tensor4D, stride, "same");
    image.dispose();
    return {
      value: plus ? addInto(convolved, plus) : convolved,
      pullBack(dy, [x, scale, shift, kernel]) {
        const dimage = backprop("Input", { dy, filter: kernel! }, { ...attributes, inputShape: x!.shape });
        const stage = groupNormReluStage(scale!, shift!, groups, epsilon);
        const { image, dx, own } = stage.pullBack(x!, dimage, { image: true });
        dimage.dispose();
        const dkernel = backprop("Filter", { x: image!, dy }, { ...attributes, filterShape: kernel!.shape });
        return [dx, ...own, dkernel, ...plus ? [alias(dy)] : []];
      },
    };
  }) as Tensor4D;
}

function backprop(
  to: "Input" | "Filter",
  inputs: Readonly<Record<string, Tensor>>,
  attributes: Readonly<Record<string, unknown>>,
): Tensor {
  return tf.engine().runKernel(
    `Conv2DBackprop${to}`,
    inputs as tf.NamedTensorMap,
    attributes as unknown as tf.NamedAttrMap,
  ) as Tensor;
}

function checkConvolution(x: Tensor, kernel: Tensor, stride: number, plus: Tensor | undefined): void {
  const [examples, height, width, channels] = x.shape as [number, number, number, number];
  if (kernel.rank !== 4 || kernel.shape[2] !== channels) {
    throw new RangeError(
      `Cannot convolve: the kernel has shape [${kernel.shape}], expected [rows,columns,${channels},outputs]`,
    );
  }
  if (!Number.isSafeInteger(stride) || stride < 1) {
    throw new RangeError(`Cannot convolve: stride is ${stride}, expected a positive integer`);
  }
  const shape = [examples, Math.ceil(height / stride), Math.ceil(width / stride), kernel.shape[3]];
  if (plus && plus.shape.join() !== shape.join()) {
    throw new RangeError(`Cannot convolve: what is added has shape [${plus.shape}], expected [${shape}]`);
  }
}
