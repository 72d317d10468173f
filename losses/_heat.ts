/**
 * Row losses with a temperature.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { scale } from "../core/ops/scale.ts";
import type { Block, RowLossOptions } from "../core/row_loss.ts";
import type { Tensor } from "../core/types.ts";
import { checkTemperature } from "./_checks.ts";
import type { Temperature } from "./temperature.ts";

/** A temperature, fixed or learnt. */
export type Heat = number | Temperature;

/** What a temperature adds to a row loss: nothing, or its parameter and the factor 1/τ for all blocks. */
export function heated(temperature: Heat): Pick<RowLossOptions, "params" | "shared"> {
  if (typeof temperature !== "number") return { params: temperature.params, shared: () => [temperature.scale()] };
  checkTemperature("temperature", temperature);
  return {};
}

/** Similarities over the temperature of a row loss that was {@linkcode heated}. */
export function scaled<T extends Tensor>(similarity: T, temperature: Heat, { shared }: Pick<Block, "shared">): T {
  return typeof temperature === "number" ? scale(similarity, 1 / temperature) : tf.mul(similarity, shared[0]!) as T;
}
