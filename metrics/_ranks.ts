/**
 * The ranks of each query's matches, streamed over blocks.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Tensor2D } from "../core/types.ts";
import type { LeftOutPlaces } from "./_left_out.ts";
import type { Relevance } from "./_relevance.ts";
import { prepareRows, products, type Similarity, withNegativeNorms, withNorms, withSlack } from "./_similarity.ts";

/** Where the matches of a query stand among all references. */
export interface Ranking {
  /** The ranks of the matches, ascending, 1 for the best. */
  readonly ranks: Int32Array;
  /** The gains of the matches in the order of their ranks, where they differ. */
  readonly gains?: Float64Array;
}

/** What {@linkcode rankMatches} works on. */
export interface RankMatchesOptions {
  readonly relevance: Relevance;
  readonly similarity: Similarity;
  readonly block: number;
}

/** The matches of one query, and what has been found out about them. */
interface Matches {
  readonly places: Int32Array;
  readonly leftOut: LeftOutPlaces;
  /** For each match the least and the most that its similarity can be. */
  readonly least: Float32Array;
  readonly most: Float32Array;
  /** For each match, in the order of `least`, how many references are behind it but not behind the one before. */
  readonly behind: Int32Array;
}

/**
 * Visits each query that has a match with the ranks of its matches.
 *
 * The rank of the m-th match is m and the number of other references that are not clearly behind it. So what is needed
 * are the similarities of matches, found in a first pass over the blocks that have any, and counts, found in a second.
 */
export async function rankMatches(
  queries: Tensor2D,
  references: Tensor2D,
  options: RankMatchesOptions,
  visit: (query: number, ranking: Ranking) => void,
): Promise<void> {
  const { relevance, similarity, block } = options;
  for (let first = 0; first < relevance.queries.length; first += block) {
    const own = relevance.queries.subarray(first, first + block);
    const all = Array.from(own, (query) => startMatches(relevance, query));
    const rows = tf.tidy(() => withSlack(prepareRows(gatherRows(queries, own), similarity)));
    try {
      await eachBlock(rows, references, { ...options, all, onlyMatches: true }, readLeast);
      const sorted = all.map(({ least }) => least.toSorted());
      await eachBlock(rows, references, { ...options, all, onlyMatches: false }, (matches, values, at, query) => {
        readMost(matches, values, at);
        tallyBehind(values, sorted[query]!, matches.behind);
      });
    } finally {
      rows.dispose();
    }
    own.forEach((query, i) => {
      const ranks = toRanks(all[i]!, references.shape[0]);
      const gains = relevance.gains?.(query);
      visit(query, gains ? { ranks, gains: sortGains(all[i]!, gains) } : { ranks });
    });
  }
}

function startMatches(relevance: Relevance, query: number): Matches {
  const places = relevance.matches(query);
  return {
    places,
    leftOut: relevance.leftOut(query),
    least: new Float32Array(places.length),
    most: new Float32Array(places.length),
    behind: new Int32Array(places.length),
  };
}

function gatherRows(matrix: Tensor2D, rows: Int32Array): Tensor2D {
  return tf.gather(matrix, tf.tensor1d(rows, "int32")) as Tensor2D;
}

/** Computes similarities block by block: the least they can be for blocks with matches, or the most for all. */
async function eachBlock(
  rows: Tensor2D,
  references: Tensor2D,
  { relevance, similarity, block, all, onlyMatches }: RankMatchesOptions & { all: Matches[]; onlyMatches: boolean },
  visit: (matches: Matches, values: Float32Array, first: number, query: number) => void,
): Promise<void> {
  const withBound = onlyMatches ? withNegativeNorms : withNorms;
  for (let first = 0; first < references.shape[0]; first += block) {
    const own = relevance.references.subarray(first, first + block);
    if (onlyMatches && all.every(({ places }) => placeFrom(places, first) === placeFrom(places, first + block))) {
      continue;
    }
    const values = await products(rows, () => withBound(prepareRows(gatherRows(references, own), similarity)));
    all.forEach((matches, i) => visit(matches, values.subarray(i * own.length, (i + 1) * own.length), first, i));
  }
}

/** The first of ascending places that is `place` or more. */
function placeFrom(places: Int32Array, place: number): number {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (places[middle]! < place) low = middle + 1;
    else high = middle;
  }
  return low;
}

function readLeast({ places, least }: Matches, values: Float32Array, first: number): void {
  const end = placeFrom(places, first + values.length);
  for (let i = placeFrom(places, first); i < end; i++) {
    const value = values[places[i]! - first]!;
    // A match that is not a number comes after everything.
    least[i] = Number.isNaN(value) ? -Infinity : value;
  }
}

/** Reads the matches, and takes them and what is left out away, so that only other references are counted. */
function readMost({ places, leftOut: { single, group }, most }: Matches, values: Float32Array, first: number): void {
  const past = first + values.length;
  const end = placeFrom(places, past);
  for (let i = placeFrom(places, first); i < end; i++) {
    most[i] = values[places[i]! - first]!;
    values[places[i]! - first] = NaN;
  }
  if (single >= first && single < past) values[single - first] = NaN;
  const groupEnd = placeFrom(group, past);
  for (let i = placeFrom(group, first); i < groupEnd; i++) values[group[i]! - first] = NaN;
}

/** Counts each reference at the first match, from the least similar on, that it is clearly behind. */
function tallyBehind(values: Float32Array, sorted: Float32Array, behind: Int32Array): void {
  const last = sorted.length - 1;
  const [lowest, highest] = [sorted[0]!, sorted[last]!];
  let all = 0;
  for (let j = 0; j < values.length; j++) {
    const value = values[j]!;
    if (value < lowest) all++;
    else if (value < highest) {
      let low = 1;
      let high = last;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (sorted[middle]! <= value) low = middle + 1;
        else high = middle;
      }
      behind[low]!++;
    }
  }
  behind[0]! += all;
}

function toRanks({ behind, leftOut: { single, group } }: Matches, references: number): Int32Array {
  const others = references - behind.length - group.length - (single < 0 ? 0 : 1);
  const ranks = new Int32Array(behind.length);
  let sum = 0;
  for (let i = 0; i < behind.length; i++) {
    sum += behind[i]!;
    ranks[behind.length - 1 - i] = behind.length - i + others - sum;
  }
  return ranks;
}

/** The gains from the most similar match to the least; of matches that may tie the smaller gain comes first. */
function sortGains({ least, most }: Matches, gains: Float64Array): Float64Array {
  const order = Array.from(gains.keys()).sort((a, b) => least[b]! - least[a]! || a - b);
  const sorted = new Float64Array(gains.length);
  for (let first = 0; first < order.length;) {
    let end = first + 1;
    while (end < order.length && !(most[order[end]!]! < least[order[end - 1]!]!)) end++;
    sorted.set(Float64Array.from(order.slice(first, end), (i) => gains[i]!).sort(), first);
    first = end;
  }
  return sorted;
}
