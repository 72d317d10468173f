/**
 * Cloning that shares the memory, as on the other engines; this engine's own copies.
 *
 * @module
 */
import type { Kernel } from "./heap.ts";

/** The kernel: the same data under another tensor. */
export const identity: Kernel = ({ inputs, backend }) => {
  const { dataId, shape, dtype } = inputs["x"]!;
  backend.incRef(dataId);
  return { dataId, shape, dtype };
};
