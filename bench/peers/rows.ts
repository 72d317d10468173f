/**
 * Compares what both sides took.
 *
 * @module
 */
import { formatTable } from "../../recipes/runner/table.ts";
import type { EncoderName } from "../cases.ts";
import type { Claim } from "../claims.ts";
import { median } from "../median.ts";
import type { Point } from "../point.ts";
import type { PeerPoint } from "./python.ts";

/** Who took a step. */
export type Side = "gradfold" | "PyTorch" | "sentence-transformers";

/** One process of one side. */
export type Run =
  & { readonly round: number }
  & (
    | ({ readonly side: "gradfold" } & Point)
    | ({ readonly side: Exclude<Side, "gradfold"> } & PeerPoint)
  );

/** Medians over rounds, ours and theirs. */
export interface Row {
  readonly encoder: EncoderName;
  readonly batch: number;
  /** What is compared. */
  readonly step: string;
  readonly ours: Taken;
  readonly theirs: Taken;
}

/** Medians over rounds. */
export interface Taken {
  readonly ms: number;
  readonly rssAboveBase: number;
  /** Peak tensor bytes, which only our side counts. */
  readonly peakBytes?: number;
}

type Method = Run["method"];

/** What is compared with what. */
const COMPARISONS: readonly { step: string; ours: Method; side: Side; theirs: Method }[] = [
  { step: "full batch", ours: "full", side: "PyTorch", theirs: "full" },
  { step: "chunks", ours: "cached", side: "PyTorch", theirs: "cached" },
  { step: "planned, their chunks", ours: "planned", side: "PyTorch", theirs: "cached" },
  { step: "chunks, sentence-transformers", ours: "cached", side: "sentence-transformers", theirs: "cached" },
];

/** The rows of each encoder, as far as both sides were measured. */
export function compare(runs: readonly Run[]): Row[] {
  return [...Map.groupBy(runs, ({ encoder }) => encoder)].flatMap(([encoder, own]) =>
    COMPARISONS.flatMap(({ step, ours, side, theirs }) => {
      const [mine, other] = [medians(own, "gradfold", ours), medians(own, side, theirs)];
      return mine && other ? [{ encoder, batch: own[0]!.batch, step, ours: mine, theirs: other }] : [];
    })
  );
}

function medians(runs: readonly Run[], side: Side, method: Method): Taken | undefined {
  const own = runs.filter((run) => run.side === side && run.method === method);
  if (own.length === 0) return undefined;
  const peaks = own.flatMap((run) => run.side === "gradfold" ? run.peakBytes : []);
  return {
    ms: median(own.map(({ ms }) => ms)),
    rssAboveBase: median(own.map(({ rssAboveBase }) => rssAboveBase)),
    ...(peaks.length > 0 ? { peakBytes: median(peaks) } : {}),
  };
}

/** Checks that an encoder has as many parameters on both sides; sentence-transformers only has the nearest. */
export function checkParameters(runs: readonly Run[]): Claim[] {
  return [...Map.groupBy(runs, ({ encoder }) => encoder)].flatMap(([encoder, own]) => {
    const [ours, theirs] = (["gradfold", "PyTorch"] as const).map((side) => own.find((run) => run.side === side));
    return ours && theirs
      ? [{
        claim: `${encoder}: ${ours.parameters} parameters, in PyTorch ${theirs.parameters}`,
        holds: ours.parameters === theirs.parameters,
        required: true,
      }]
      : [];
  });
}

/** The engines and libraries behind the numbers, and what of them is not as it should be. */
export function describeSides(runs: readonly Run[]): string[] {
  const cores = navigator.hardwareConcurrency;
  const lines = runs.map((run) => {
    if (run.side === "gradfold") return `gradfold: ${run.engine} engine`;
    const threads = run.threads === cores ? "" : `, though there are ${cores} cores`;
    return `${run.side}: torch ${run.torch}, ${run.threads} threads${threads}, ${run.mkl ? "with" : "without"} MKL` +
      (run.side === "PyTorch" ? "" : `; BERT of the same sizes, ${run.parameters} parameters`);
  });
  return [...new Set(lines)];
}

/** A table of rows; ratios are ours to theirs, so that below 1 ours takes less. */
export function formatRows(rows: readonly Row[]): string {
  const head = ["encoder", "batch", "step", "ms", "their ms", "ratio", "RSS MB", "their RSS MB", "ratio", "tensors MB"];
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
  return formatTable(
    head,
    rows.map(({ encoder, batch, step, ours, theirs }) => [
      encoder,
      batch,
      step,
      ours.ms.toFixed(1),
      theirs.ms.toFixed(1),
      (ours.ms / theirs.ms).toFixed(2),
      megabytes(ours.rssAboveBase),
      megabytes(theirs.rssAboveBase),
      theirs.rssAboveBase > 0 ? (ours.rssAboveBase / theirs.rssAboveBase).toFixed(2) : "-",
      megabytes(ours.peakBytes!),
    ]),
  );
}
