import { assertEquals } from "@std/assert";
import { checkParameters, compare, describeSides, formatRows, type Run } from "../../../bench/peers/rows.ts";
import { point } from "../_point.ts";

type Ours = Partial<Extract<Run, { side: "gradfold" }>>;
type Theirs = Partial<Exclude<Run, { side: "gradfold" }>>;

function ours(fields: Ours): Run {
  return { round: 1, side: "gradfold", ...point({ method: "full", batch: 512 }), peakBytes: 4e6, ...fields };
}

function theirs(fields: Theirs): Run {
  return {
    round: 1,
    side: "PyTorch",
    encoder: "transformer",
    method: "full",
    batch: 512,
    chunk: 512,
    parameters: 10,
    rssAboveBase: 0,
    ms: 1,
    torch: "2.9",
    threads: navigator.hardwareConcurrency,
    mkl: true,
    ...fields,
  };
}

Deno.test("compare() takes medians over rounds for each side and step", () => {
  const rows = compare([
    ...[30, 10, 20].map((ms, i) => ours({ round: i + 1, ms, rssAboveBase: ms * 1e6 })),
    ...[5, 50, 40].map((ms, i) => theirs({ round: i + 1, ms, rssAboveBase: ms * 1e6 })),
  ]);
  assertEquals(rows, [{
    encoder: "transformer",
    batch: 512,
    step: "full batch",
    ours: { ms: 20, rssAboveBase: 20e6, peakBytes: 4e6 },
    theirs: { ms: 40, rssAboveBase: 40e6 },
  }]);
});

Deno.test("compare() sets planned steps beside their chunks, and leaves out what one side has not", () => {
  const runs = [
    ours({ method: "planned", ms: 8 }),
    ours({ method: "cached", ms: 9 }),
    theirs({ method: "cached", ms: 10 }),
    theirs({ method: "cached", ms: 12, side: "sentence-transformers" }),
    theirs({ method: "full", ms: 7 }),
    ours({ encoder: "mlp" }),
  ];
  assertEquals(compare(runs).map(({ step, ours, theirs }) => [step, ours.ms, theirs.ms]), [
    ["chunks", 9, 10],
    ["planned, their chunks", 8, 10],
    ["chunks, sentence-transformers", 9, 12],
  ]);
});

Deno.test("formatRows() shows ratios of ours to theirs", () => {
  const text = formatRows(compare([
    ours({ ms: 20, rssAboveBase: 3e6 }),
    theirs({ ms: 40, rssAboveBase: 4e6 }),
    ours({ encoder: "mlp" }),
    theirs({ encoder: "mlp" }),
  ]));
  assertEquals(text.split("\n").slice(1).map((line) => line.split(/ {2,}/).slice(3)), [
    ["20.0", "40.0", "0.50", "3.0", "4.0", "0.75", "4.0"],
    // Nothing above the base has no ratio.
    ["100.0", "1.0", "100.00", "0.0", "0.0", "-", "4.0"],
  ]);
});

Deno.test("checkParameters() wants as many on both sides, except of sentence-transformers", () => {
  const third = theirs({ side: "sentence-transformers", parameters: 12 });
  assertEquals(checkParameters([ours({}), theirs({}), third]).map(({ holds }) => holds), [true]);
  const [wrong] = checkParameters([theirs({ parameters: 11 }), ours({}), third]);
  assertEquals(wrong, { claim: "transformer: 10 parameters, in PyTorch 11", holds: false, required: true });
  assertEquals(checkParameters([ours({}), third]), []);
});

Deno.test("describeSides() says once what runs, and what is not as it should be", () => {
  const cores = navigator.hardwareConcurrency;
  assertEquals(
    describeSides([ours({}), theirs({}), theirs({ round: 2 }), theirs({ threads: cores + 1, mkl: false })]),
    [
      "gradfold: wasm engine",
      `PyTorch: torch 2.9, ${cores} threads, with MKL`,
      `PyTorch: torch 2.9, ${cores + 1} threads, though there are ${cores} cores, without MKL`,
    ],
  );
});
