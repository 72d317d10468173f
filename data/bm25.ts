/**
 * Okapi BM25, the lexical baseline of retrieval.
 *
 * @module
 */
import { words } from "./words.ts";

/** Settings of BM25. */
export interface BM25Options {
  /** How slowly repeats of a term within a passage saturate; 1.5 by default, 0 counts presence only. */
  readonly k1?: number;
  /** How far a passage's length discounts its terms, from 0 (not at all) to 1 (in full); 0.75 by default. */
  readonly b?: number;
  /** Splits a text into terms; {@linkcode words} by default, neither stemmed nor filtered. */
  readonly terms?: (text: string) => readonly string[];
}

/** Passages, indexed for search. */
export interface BM25Index {
  /** The score of every passage for a query. */
  scores(query: string): Float64Array;
  /** All passages for a query, best first; those that score the same in index order. */
  rank(query: string): Int32Array;
  /**
   * The rank, from 1, of each query's relevant passage. Passages that score the same stand before the relevant one, so
   * that a query without a known term ranks last.
   */
  ranks(queries: readonly string[], relevant: ArrayLike<number>): Int32Array;
}

/**
 * Indexes passages for BM25 (Robertson and Zaragoza, "The probabilistic relevance framework", 2009).
 *
 * score(q, p) = Σ over the terms t of q of idf(t) · f (k1 + 1) / (f + k1 (1 - b + b · |p| / mean |p|)), where f is how often t
 * stands in p, |p| its number of terms, and idf(t) = ln(1 + (N - n + ½) / (n + ½)) for n of N passages that hold t.
 *
 * @param passages The passages to search.
 * @param options Saturation, length discount and the splitting into terms.
 * @returns The index.
 * @throws {RangeError} If there is no passage, k1 is negative or not finite, or b lies outside [0, 1].
 *
 * @example
 * ```ts
 * import { bm25 } from "@gradfold/gradfold/data";
 * import { assertEquals } from "@std/assert";
 *
 * const index = bm25(["a small cat", "a large dog", "the dog of a neighbour"]);
 * assertEquals([...index.rank("the dog")], [2, 1, 0]);
 * assertEquals([...index.ranks(["dog", "bird"], [1, 0])], [1, 3]);
 * ```
 */
export function bm25(passages: readonly string[], options: BM25Options = {}): BM25Index {
  const { k1 = 1.5, b = 0.75, terms = words } = options;
  if (passages.length === 0) throw new RangeError("Cannot index passages: there are none, expected at least one");
  if (!(k1 >= 0 && k1 < Infinity)) {
    throw new RangeError(`Cannot index passages: k1 is ${k1}, expected a number of at least 0`);
  }
  if (!(b >= 0 && b <= 1)) throw new RangeError(`Cannot index passages: b is ${b}, expected a number in [0, 1]`);
  const postings = invert(passages.map(terms), k1, b);

  const scores = (query: string): Float64Array => {
    const found = new Float64Array(passages.length);
    for (const term of terms(query)) {
      for (const { passage, weight } of postings.get(term) ?? []) found[passage]! += weight;
    }
    return found;
  };
  return {
    scores,
    rank: (query) => {
      const found = scores(query);
      // A typed array sorts numbers as numbers; the sort is stable, so ties keep their order.
      return Int32Array.from(passages.keys()).sort((x, y) => found[y]! - found[x]!);
    },
    ranks: (queries, relevant) => {
      if (queries.length !== relevant.length) {
        throw new RangeError(
          `Cannot rank passages: there are ${queries.length} queries, but ${relevant.length} relevant passages; expected one each`,
        );
      }
      return Int32Array.from(queries, (query, i) => {
        const found = scores(query);
        const own = found[relevant[i]!];
        if (own === undefined) {
          throw new RangeError(
            `Cannot rank passages: relevant[${i}] is ${relevant[i]}, expected an integer from 0 to ${
              passages.length - 1
            }`,
          );
        }
        return found.reduce((rank, score) => rank + (score >= own ? 1 : 0), 0);
      });
    },
  };
}

interface Posting {
  readonly passage: number;
  weight: number;
}

/** For each term the passages that hold it, with what the term adds to their score. */
function invert(passages: readonly (readonly string[])[], k1: number, b: number): Map<string, Posting[]> {
  const mean = passages.reduce((sum, { length }) => sum + length, 0) / passages.length;
  const postings = new Map<string, Posting[]>();
  passages.forEach((list, passage) => {
    for (const term of list) {
      let found = postings.get(term);
      if (!found) postings.set(term, found = []);
      const last = found.at(-1);
      // Weights hold plain counts until all passages are read.
      if (last?.passage === passage) last.weight++;
      else found.push({ passage, weight: 1 });
    }
  });
  for (const found of postings.values()) {
    const idf = Math.log(1 + (passages.length - found.length + 0.5) / (found.length + 0.5));
    for (const posting of found) {
      const f = posting.weight;
      const length = passages[posting.passage]!.length;
      posting.weight = idf * f * (k1 + 1) / (f + k1 * (1 - b + b * length / mean));
    }
  }
  return postings;
}
