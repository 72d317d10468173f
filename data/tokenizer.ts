/**
 * What every tokenizer gives: lists of integers for texts.
 *
 * @module
 */

/** Turns texts into lists of token ids, which are rows of an embedding table. */
export interface Tokenizer {
  /** How many rows the embedding table needs; ids lie below. */
  readonly vocabularySize: number;
  /** The ids of a text's tokens, in order. Id 0 is padding and never among them; a text without words gives none. */
  encode(text: string): number[];
}
