/**
 * Splits text into words.
 *
 * @module
 */

/**
 * The lower-case words of a text: runs of letters, their marks and digits. Everything else separates.
 *
 * @param text Any text.
 * @returns The words, in order.
 *
 * @example
 * ```ts
 * import { words } from "@gradfold/gradfold/data";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(words("Father-in-law, aged 62"), ["father", "in", "law", "aged", "62"]);
 * ```
 */
export function words(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
}
