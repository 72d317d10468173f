/**
 * Pairs by labels to compare kernels with loops on.
 *
 * @module
 */
import { fold, key, normal, uniform } from "../../core/mod.ts";
import { fc } from "../support/properties.ts";
import type { Group, PairCase } from "./_naive_hinges.ts";

/** Random rows of a few labels; with ids of which some are those of other groups. */
export function group(name: string, rows: number, dim: number, { labels = 3, ids = false } = {}): Group {
  const of = (what: string) => fold(key(5), name, what);
  const values = normal(of("rows"), [0], rows * dim);
  const pick = (what: string, count: number) => Array.from(uniform(of(what), [0], rows), (x) => Math.floor(x * count));
  return {
    rows: Array.from({ length: rows }, (_, i) => [...values.subarray(i * dim, (i + 1) * dim)]),
    labels: pick("labels", labels),
    ...(ids ? { ids: pick("ids", 2 * rows) } : {}),
  };
}

/** Cases by what they are. */
export const cases: { readonly [what: string]: PairCase } = {
  // More than a block of anchors and of references, and no multiple of what a vector holds.
  "a batch with itself": { anchors: group("a", 70, 13) },
  "a batch with itself but for ids": { anchors: group("a", 37, 5, { ids: true }) },
  "others": { anchors: group("a", 9, 16), references: group("b", 130, 16) },
  "wide others of many labels": { anchors: group("a", 33, 70, { labels: 99 }), references: group("b", 99, 70) },
  "others, with ids": { anchors: group("a", 67, 3, { ids: true }), references: group("b", 66, 3, { ids: true }) },
  "others without a gradient": { anchors: group("a", 9, 7), references: group("b", 30, 7), constant: true },
  "a batch and a memory": { anchors: group("a", 20, 9, { ids: true }), appended: group("m", 50, 9, { ids: true }) },
  // More than a part of the references.
  "a detached batch and a long memory": { anchors: group("a", 6, 4), appended: group("m", 2200, 4), constant: true },
  "others and a memory": { anchors: group("a", 8, 6), references: group("b", 9, 6), appended: group("m", 21, 6) },
  "rows of one number": { anchors: group("a", 5, 1), references: group("b", 6, 1) },
};

/** Cases of all shapes. Rows may be close, whose distance has few digits in single precision. */
export const anyCase: fc.Arbitrary<PairCase> = fc.record({
  anchors: fc.integer({ min: 1, max: 20 }),
  references: fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined }),
  appended: fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined }),
  dim: fc.integer({ min: 4, max: 18 }),
  labels: fc.integer({ min: 1, max: 4 }),
  ids: fc.boolean(),
  constant: fc.boolean(),
  seed: fc.nat(99),
}).map(({ anchors, references, appended, dim, constant, seed, ...of }) => ({
  anchors: group(`a${seed}`, anchors, dim, of),
  ...(references ? { references: group(`b${seed}`, references, dim, of) } : {}),
  ...(appended ? { appended: group(`m${seed}`, appended, dim, of) } : {}),
  constant,
}));

const { rows } = group("a", 6, 4);
const copies = [...rows, rows[0]!, rows[1]!.map((x) => 3 * x)];
const zeros = rows.map((row, i) => i % 2 ? row.map(() => 0) : row);
const labels = [0, 1, 0, 1, 2, 2];

/** Cases in which rows are zeros, copies or without pairs. */
export const oddCases: { readonly [what: string]: PairCase } = {
  "zeros": { anchors: { rows: zeros, labels } },
  "zeros in a memory": { anchors: { rows, labels }, appended: { rows: zeros, labels } },
  "all zeros": { anchors: { rows: rows.map((row) => row.map(() => 0)), labels } },
  "copies": { anchors: { rows: copies, labels: [...labels, 0, 0] } },
  "copies in a memory": { anchors: { rows, labels }, appended: { rows: copies, labels: [...labels, 1, 1] } },
  "no positives": { anchors: { rows, labels: [0, 1, 2, 3, 4, 5], ids: [0, 1, 2, 3, 4, 5] } },
  "no negatives": { anchors: { rows, labels: [0, 0, 0, 0, 0, 0] } },
  "no pairs": { anchors: { rows, labels, ids: [0, 0, 0, 0, 0, 0] } },
  "an empty memory": { anchors: { rows, labels }, appended: { rows: [], labels: [] } },
  "a single row": { anchors: { rows: [rows[0]!], labels: [1], ids: [0] } },
};

const broken = { rows: rows.slice(0, 4).map((row, i) => i === 2 ? row.map(() => NaN) : row), labels: [0, 0, 1, 1] };

/** Cases with a row that is no number. */
export const brokenCases: readonly PairCase[] = [
  { anchors: broken },
  { anchors: { rows: rows.slice(0, 4), labels: [0, 1, 2, 3] }, appended: broken },
];
