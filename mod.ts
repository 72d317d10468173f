/**
 * gradfold: training encoders with losses that couple the whole batch, at any batch size, in the memory there is.
 *
 * Everything is also to be had by part: `./core`, `./losses`, `./encoders`, `./samplers`, `./metrics`, `./data`.
 *
 * @module
 */
export * from "./core/mod.ts";
export * from "./losses/mod.ts";
export * from "./encoders/mod.ts";
export * from "./samplers/mod.ts";
export * from "./metrics/mod.ts";
export * from "./data/mod.ts";
