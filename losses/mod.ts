/**
 * Losses over representation matrices.
 *
 * A loss is a function of one matrix `[examples, dim]` per input, made by a factory with options.
 *
 * ```ts
 * import { infoNCE, learnableTemperature, symmetric } from "@gradfold/gradfold/losses";
 * import { useBackend } from "@gradfold/gradfold/core";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const loss = symmetric(infoNCE({ temperature: learnableTemperature({ initial: 0.07 }) }));
 * ```
 *
 * @module
 */
export * from "./info_nce.ts";
export * from "./symmetric.ts";
export * from "./temperature.ts";
