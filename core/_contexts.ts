/**
 * What a step tells encoders and losses.
 *
 * @module
 */
import { fold, type Key } from "./key.ts";
import type { EncodeContext, LossContext } from "./types.ts";

/** What an input's encoder is told, but for the rows. */
export function encodeContext(
  key: Key,
  input: number,
  training: boolean,
  crossExample: EncodeContext["crossExample"] | false,
): Omit<EncodeContext, "rows"> {
  return {
    training,
    key: fold(key, "input", input),
    ...(crossExample ? { crossExample } : {}),
  };
}

/** What the loss is told. */
export function lossContext(key: Key, training: boolean, targets: LossContext["targets"]): LossContext {
  return {
    training,
    key: fold(key, "loss"),
    ...(targets === undefined ? {} : { targets }),
  };
}
