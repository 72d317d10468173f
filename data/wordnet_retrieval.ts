/**
 * Finding the gloss of a word: a retrieval task made from WordNet.
 *
 * @module
 */
import { fold, type Key } from "../core/key.ts";
import { permutation } from "../core/stream.ts";
import type { Synset } from "./wordnet.ts";

/** A query and the one passage that answers it. */
export interface QueryPassage {
  /** What is searched for. */
  readonly query: string;
  /** What should be found. */
  readonly passage: string;
}

/** Pairs to train on and pairs to test with. */
export interface RetrievalSplit {
  /** Pairs for training, in the order of the synsets. */
  readonly train: readonly QueryPassage[];
  /** Held-out pairs, in the order drawn; passage i answers query i and no other. */
  readonly test: readonly QueryPassage[];
}

/** How the held-out synsets are drawn. */
export interface WordNetRetrievalOptions {
  /** How many synsets are held out; 2,000 by default. */
  readonly heldOut?: number;
  /** Randomness of the draw. */
  readonly key: Key;
}

/**
 * Makes a retrieval task of WordNet: the query is a synset's first word form, the passage its gloss without the examples.
 *
 * The held-out synsets are drawn at random, passing over any whose query or gloss (but for case) was drawn before, so that
 * each test query has exactly one right passage. What is left for training shares no word form and no gloss with
 * them: of the 117,791 synsets of WordNet 3.1 about 110,000 remain beside 2,000 held out.
 *
 * @param synsets All synsets.
 * @param options How many synsets to hold out, and the key that draws them.
 * @returns The two parts; the same key always gives the same.
 * @throws {RangeError} If `heldOut` is not an integer from 1 up, or the synsets do not suffice for it.
 *
 * @example
 * ```ts
 * import { key } from "@gradfold/gradfold/core";
 * import { loadWordNet, wordNetRetrieval } from "@gradfold/gradfold/data";
 * import { assertEquals } from "@std/assert";
 *
 * const { train, test } = wordNetRetrieval(await loadWordNet(), { heldOut: 500, key: key(0) });
 * assertEquals(test.length, 500);
 * const queries = new Set(test.map(({ query }) => query));
 * assertEquals(train.some(({ query }) => queries.has(query)), false);
 * ```
 */
export function wordNetRetrieval(synsets: readonly Synset[], options: WordNetRetrievalOptions): RetrievalSplit {
  const { heldOut = 2000, key } = options;
  if (!Number.isInteger(heldOut) || heldOut < 1) {
    throw new RangeError(`Cannot split the synsets: heldOut is ${heldOut}, expected an integer of at least 1`);
  }
  const test: QueryPassage[] = [];
  const forms = new Set<string>();
  const queries = new Set<string>();
  const glosses = new Set<string>();
  for (const index of permutation(fold(key, "held-out synsets"), synsets.length)) {
    if (test.length === heldOut) break;
    const synset = synsets[index]!;
    const query = synset.lemmas[0]!.toLowerCase();
    const gloss = synset.gloss.toLowerCase();
    if (queries.has(query) || glosses.has(gloss)) continue;
    queries.add(query);
    glosses.add(gloss);
    for (const lemma of synset.lemmas) forms.add(lemma.toLowerCase());
    test.push(pair(synset));
  }
  if (test.length < heldOut) {
    throw new RangeError(
      `Cannot split the synsets: heldOut is ${heldOut}, but only ${test.length} of ${synsets.length} synsets differ in ` +
        "query and gloss; expected fewer",
    );
  }
  const train = synsets.filter(({ lemmas, gloss }) =>
    !glosses.has(gloss.toLowerCase()) && !lemmas.some((lemma) => forms.has(lemma.toLowerCase()))
  ).map(pair);
  if (train.length === 0) {
    throw new RangeError(
      `Cannot split the synsets: heldOut is ${heldOut} of ${synsets.length}, which leaves none to train on; expected fewer`,
    );
  }
  return { train, test };
}

function pair({ lemmas, gloss }: Synset): QueryPassage {
  return { query: lemmas[0]!.replaceAll("_", " "), passage: gloss };
}
