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

/** What the loss is told; it is told the size of tiles when it asks. */
export function lossContext(
  key: Key,
  training: boolean,
  targets: LossContext["targets"],
  tileBytes?: () => number,
): LossContext {
  const context = { training, key: fold(key, "loss"), ...(targets === undefined ? {} : { targets }) };
  if (!tileBytes) return context;
  return {
    ...context,
    get tileBytes() {
      return tileBytes();
    },
  };
}
