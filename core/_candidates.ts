/**
 * The ways to run a step that a plan chooses from. They do not depend on the budget, so that more memory is never
 * worse.
 *
 * @module
 */
import { chunksOf, evenCounts, tokenChunks } from "./_chunking.ts";
import { type Layout, layout, type LayoutOptions } from "./_layout.ts";
import { type Cut, type LosslessPeaks, peaksOf } from "./_peaks.ts";
import type { PlanInput, PlanRequest } from "./plan.ts";

/** One way to cut all inputs, with some chunks kept. */
export interface Candidate {
  readonly cuts: readonly (Cut & Described)[];
  /** Time of encoding. */
  readonly ms: number;
  /** Whether it is the whole batch on one tape, and was measured. */
  readonly exact: boolean;
  readonly peaks: LosslessPeaks;
}

interface Described {
  readonly name: string;
  /** Examples of the largest chunk. */
  readonly largest: number;
  readonly byTokens: boolean;
  /** Examples, or tokens with their padding. */
  readonly work: number;
}

/** How many chunks are encoded at once without a tape, beside one. */
const TOGETHER = [2, 4, 8];

/** At most so many ways to cut the inputs are looked at, and with kept chunks so many candidates. */
const MOST_CUTS = 900;
const MOST = 8000;

/** All candidates, the fastest first, and the time of the whole batch on one tape. */
export function candidatesOf(
  request: PlanRequest,
): { readonly candidates: readonly Candidate[]; readonly wholeMs: number } {
  const { inputs, keep, limits } = request;
  // Inputs that are alike are cut alike.
  const likes = inputs.map((input) => inputs.findIndex((other) => alike(input, other)));
  const first = [...new Set(likes)];
  const most = Math.max(2, Math.floor(MOST_CUTS ** (1 / first.length)));
  const ways = new Map(first.map((index) => [index, waysToCut(inputs[index]!, limits?.[index])]));
  const candidates: Candidate[] = [];
  const chosenWays = [...combinations(first.map((index) => thin(ways.get(index)!.ways, most)))];
  const mostKept = Math.ceil(MOST / (chosenWays.length * inputs.length));
  for (const chosen of chosenWays) {
    const cut = inputs.map((input, i) => ({ ...input, ...chosen[first.indexOf(likes[i]!)]! }));
    for (const kept of keptChunks(cut, keep ? mostKept : 0)) {
      const cuts = cut.map((input, i) => ({ ...input, kept: input.layout.keep(kept[i]!) }));
      candidates.push({
        cuts,
        ms: cuts.reduce((sum, { kept }) => sum + kept.ms, 0),
        exact: cuts.every((cut) =>
          cut.layout.chunks === 1 && cut.kept.kept === (cut.trained ? 1 : 0) && cut.examples <= cut.measured &&
          (!cut.lengths || cut.lengths[cut.examples - 1] === cut.measuredLength)
        ),
        peaks: peaksOf(cuts, request),
      });
    }
  }
  return {
    // Of two that are equally fast the one of fewer chunks comes first.
    candidates: candidates.sort((a, b) => a.ms - b.ms || chunksIn(a) - chunksIn(b)),
    wholeMs: likes.reduce((sum, index) => sum + ways.get(index)!.wholeMs, 0),
  };
}

interface Way extends Omit<Described, "name"> {
  readonly layout: Layout;
}

interface Ways {
  readonly ways: readonly Way[];
  /** Time of the whole on one tape. */
  readonly wholeMs: number;
}

/** The ways to cut an input evenly, the whole first, or the one with a limit. */
function waysToCut({ examples, lengths, cost, rowBytes, trained }: PlanInput, settled: number | undefined): Ways {
  const byTokens = lengths !== undefined;
  const cut = (
    limit: number,
    { wholeMs, ...how }: Pick<LayoutOptions, "together" | "remember" | "wholeMs"> = {},
  ): Way => {
    const chunks = byTokens ? tokenChunks(lengths, limit) : chunksOf(examples, limit);
    const options = { limit, ...how, rowBytes, trained, sorted: byTokens && chunks.length > 1, cost };
    return {
      layout: layout(chunks, wholeMs === undefined ? options : { ...options, wholeMs }),
      largest: chunks.reduce((most, chunk) => Math.max(most, chunk.examples), 0),
      byTokens,
      work: chunks.reduce((sum, chunk) => sum + chunk.examples * chunk.length, 0),
    };
  };
  const work = byTokens ? examples * lengths[examples - 1]! : examples;
  const even = [...new Set(evenCounts(work).map((count) => Math.ceil(work / count)))].map((limit) => cut(limit));
  // Small chunks may be faster for the same work, but nothing shall stand in the way of the whole batch.
  const wholeMs = Math.min(
    ...even.map(({ layout, work: done }) => layout.keep(trained ? layout.chunks : 0).ms * (work / done)),
  );
  const ways = (settled === undefined ? even : [cut(settled)]).flatMap((way) => {
    // What is not trained is cut for encoding alone.
    const most = trained ? way.layout.chunks : 1;
    const groups = TOGETHER.filter((together) => together <= most);
    const { limit, chunks } = way.layout;
    const dear = trained && chunks > 1 && cost({ examples: 1, length: 1 }).rememberedBytes > 0;
    return [
      way,
      ...groups.map((together) => cut(limit, { together })),
      ...dear ? [cut(limit, { remember: true })] : [],
    ];
  });
  return { ways: ways.map((way) => way.layout.chunks === 1 ? cut(way.layout.limit, { wholeMs }) : way), wholeMs };
}

/** Numbers of kept chunks for each input: those are filled up first that save the most time for their bytes. */
function* keptChunks(
  inputs: readonly { readonly layout: Layout; readonly trained: boolean }[],
  most: number,
): Generator<readonly number[]> {
  const full = inputs.map(() => 0);
  yield full;
  if (most === 0) return;
  const worth = inputs.flatMap(({ layout, trained }, index) => {
    if (!trained) return [];
    const [none, all] = [layout.keep(0), layout.keep(layout.chunks)];
    return [{ index, chunks: layout.chunks, density: (none.ms - all.ms) / Math.max(1, all.tapeBytes) }];
  });
  for (const { index, chunks } of worth.sort((a, b) => b.density - a.density)) {
    const steps = Math.min(chunks, most);
    for (let i = 1; i <= steps; i++) yield full.with(index, Math.ceil(chunks * i / steps));
    full[index] = chunks;
  }
}

function alike(a: PlanInput, b: PlanInput): boolean {
  return a.encoder === b.encoder && a.cost === b.cost && a.examples === b.examples && a.lengths === b.lengths;
}

function* combinations<T>([first, ...rest]: readonly (readonly T[])[]): Generator<readonly T[]> {
  if (!first) return yield [];
  for (const item of first) for (const others of combinations(rest)) yield [item, ...others];
}

/** At most so many of a list, among them the first and the last. */
function thin<T>(list: readonly T[], most: number): readonly T[] {
  if (list.length <= most) return list;
  return Array.from({ length: most }, (_, i) => list[Math.round(i * (list.length - 1) / (most - 1))]!);
}

function chunksIn({ cuts }: Candidate): number {
  return cuts.reduce((sum, { layout }) => sum + layout.chunks, 0);
}
