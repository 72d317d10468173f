/**
 * Optimizers, which change parameters by their gradients, and gradient clipping.
 *
 * ```ts
 * import { adamW, clipByGlobalNorm, useBackend } from "@gradfold/gradfold/core";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const params = { weight: tf.variable(tf.ones([2, 2])) };
 * const optimizer = adamW({ learningRate: 1e-3 });
 * const { gradients, norm } = clipByGlobalNorm({ weight: tf.ones([2, 2]) }, 1);
 * optimizer.update(params, gradients);
 * tf.dispose([gradients, norm]);
 * ```
 *
 * @module
 */
export * from "./adamw.ts";
export * from "./clip.ts";
export * from "./lamb.ts";
export * from "./optimizer.ts";
export * from "./sgd.ts";
