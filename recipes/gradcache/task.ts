/**
 * The data of the recipe: WordNet as a retrieval task, in tokens.
 *
 * @module
 */
import { fold, key, type TokenBatch } from "../../core/mod.ts";
import {
  bertTokenizer,
  bm25,
  inverseDocumentFrequency,
  loadWordNet,
  subwordHasher,
  type TokenTable,
  tokenTable,
  wordNetRetrieval,
} from "../../data/mod.ts";
import { type Scores, scoresOfRanks } from "./scores.ts";
import { UsageError } from "../runner/usage_error.ts";
import type { Config } from "./config.ts";

/** Texts of one kind, to be read in batches. */
export interface Texts {
  readonly examples: number;
  readonly vocabularySize: number;
  /** Some of the texts, as tensors that the caller disposes. */
  batch(examples: ArrayLike<number>): TokenBatch;
}

/** Words, and the glosses that they ask for in the same order. */
export interface Pairs {
  readonly queries: Texts;
  readonly passages: Texts;
}

/** What is trained on and tested with. */
export interface Task {
  readonly train: Pairs;
  readonly test: Pairs;
  /** What BM25 reaches on the test queries, over words and over the tokens that the towers read. */
  readonly lexical: { readonly words: Scores; readonly tokens: Scores };
}

/** Loads WordNet and holds synsets out; the split is the same for every seed. */
export async function loadTask(config: Config): Promise<Task> {
  const split = wordNetRetrieval(await loadWordNet(), { heldOut: config.heldOut, key: fold(key(0), "split") });
  const tokenizer = config.tokenizer === "bert" ? await bertTokenizer() : subwordHasher({ rows: config.rows });
  const [train, test] = [split.train, split.test].map((pairs) => ({
    queries: tokenTable(tokenizer, pairs.map(({ query }) => query)),
    passages: tokenTable(tokenizer, pairs.map(({ passage }) => passage)),
  })) as [TokenPairs, TokenPairs];
  // A mean of embeddings gains from weights; attention finds its own.
  const weights = config.encoder === "bag" ? { weights: inverseDocumentFrequency(train.passages) } : {};
  const texts = (table: TokenTable, maxLength: number): Texts => ({
    examples: table.examples,
    vocabularySize: table.vocabularySize,
    batch: (examples) => table.batch(examples, { maxLength, ...weights }),
  });
  const readable = ({ queries, passages }: TokenPairs): Pairs => ({
    queries: texts(queries, config.queryTokens),
    passages: texts(passages, config.passageTokens),
  });

  const relevant = Int32Array.from(split.test.keys());
  const lexicalScores = (terms?: (text: string) => string[]) =>
    scoresOfRanks(
      bm25(split.test.map(({ passage }) => passage), terms ? { terms } : {})
        .ranks(split.test.map(({ query }) => query), relevant),
    );
  const lexical = {
    words: lexicalScores(),
    tokens: lexicalScores((text) => Array.from(tokenizer.encode(text), String)),
  };
  return { train: readable(train), test: readable(test), lexical };
}

/** Checks that a batch does not take more pairs than there are, before anything is trained. */
export function checkBatch({ batch }: Config, { train }: Task): void {
  if (batch > train.queries.examples) {
    throw new UsageError(
      `Cannot train: batch is ${batch}, expected at most the ${train.queries.examples} pairs there are`,
    );
  }
}

interface TokenPairs {
  readonly queries: TokenTable;
  readonly passages: TokenTable;
}
