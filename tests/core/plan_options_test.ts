import { assertEquals, assertThrows } from "@std/assert";
import { accumulate, cachedStep, describePlan, fullStep, key, readyChunks, type StepOptions } from "../../core/mod.ts";
import { readBudget } from "../../core/_planner.ts";
import { formatBytes } from "../../core/bytes.ts";
import { coupling, engineTest, free, randomMatrix, tinyEncoder } from "../support/mod.ts";

Deno.test("cachedStep() reads budgets as bytes or with decimal and binary units", () => {
  const amounts: [number | string, number][] = [
    [1, 1],
    [12345.9, 12345],
    ["512MB", 512e6],
    ["1.5 GB", 1.5e9],
    [" 20 kB ", 20_000],
    ["7B", 7],
    ["2KiB", 2048],
    ["3 MiB", 3 * 2 ** 20],
    ["0.5GiB", 2 ** 29],
  ];
  for (const [memory, bytes] of amounts) assertEquals(readBudget(memory), bytes);
});

engineTest("cachedStep() refuses budgets that are none, and what does not go with one", () => {
  const encoders = [tinyEncoder()];
  const options: StepOptions = { encoders, loss: coupling };
  for (
    const memory of ["", "512", "MB", "512 mb", "-1MB", "1e3MB", "1 toString", 0, -5, 0.5, NaN, Infinity, null, {}]
  ) {
    const shown = typeof memory === "string" ? `memory is "${memory}"` : `memory is ${memory}`;
    assertThrows(() => cachedStep({ ...options, memory: memory as string }), RangeError, shown);
  }
  const both = "memory is 1MB and chunkSize is 3";
  assertThrows(() => cachedStep({ ...options, memory: "1MB", chunkSize: 3 }), TypeError, both);
  assertThrows(() => cachedStep({ ...options, memory: "1MB", keep: 0 }), TypeError, "and keep is 0");
  assertThrows(() => cachedStep({ ...options, memory: "1MB", remember: true }), TypeError, "and remember is true");
  assertThrows(
    () => cachedStep({ ...options, chunkSize: 2, remember: 1 as unknown as boolean }),
    TypeError,
    "remember is 1, expected true or false",
  );
  for (const make of [cachedStep, accumulate]) {
    assertThrows(() => make(options), TypeError, "neither chunkSize, chunkTokens nor memory is given");
  }
  assertThrows(() => accumulate({ ...options, memory: "1MB" }), TypeError, "Cannot accumulate: memory is 1MB");
  assertThrows(() => accumulate({ ...options, chunkTokens: 8 }), TypeError, "Cannot accumulate: chunkTokens is 8");
  assertThrows(() => cachedStep({ ...options, chunkTokens: 8 }), TypeError, "encoder encoder0 has no sequences");
  const chunks = readyChunks([randomMatrix(1, 4, 4)]);
  assertThrows(
    () => cachedStep({ ...options, memory: "1MB" })([chunks], key(0)),
    TypeError,
    "Cannot plan input 0 (encoder0): it comes in ready chunks",
  );
});

engineTest("cachedStep() refuses plans that would change what an encoder mixes", () => {
  const encoders = [{ ...tinyEncoder(), crossExample: true }];
  const options: StepOptions = { encoders, loss: coupling, crossExample: "perChunk" };
  assertThrows(() => cachedStep({ ...options, memory: "1MB" }), TypeError, "and memory is 1MB, which leaves open");
  assertThrows(() => cachedStep({ ...options, chunkSize: 2, chunkTokens: 8 }), TypeError, "and chunkTokens is 8");
  cachedStep({ ...options, chunkSize: 2 });
  cachedStep({ ...options, crossExample: "frozen", memory: "1MB" });
});

engineTest("fullStep() takes no notice of chunk sizes and budgets", () => {
  const batch = randomMatrix(1, 4, 4);
  for (const more of [{}, { memory: 1 }, { chunkSize: 2, keep: 1 }]) {
    const result = fullStep({ encoders: [tinyEncoder()], loss: coupling, ...more })([batch], key(0));
    assertEquals(result.plan, [{ examples: 4, chunkSize: 4, chunks: 1, kept: 1, replayed: 0 }]);
    assertEquals(result.memory, undefined);
    free(result);
  }
});

engineTest("cachedStep() with a budget makes the checks of any step before it plans", () => {
  let calls = 0;
  const inner = tinyEncoder();
  const encoder = {
    ...inner,
    encode: (...given: Parameters<typeof inner.encode>) => {
      calls++;
      return inner.encode(...given);
    },
  };
  const step = cachedStep({ encoders: [encoder, encoder], loss: coupling, memory: "1MB" });
  const [four, five] = [randomMatrix(1, 4, 4), randomMatrix(1, 5, 4)];
  assertThrows(() => step([four, five], key(0)), RangeError, "has 5 examples");
  assertThrows(() => step([four], key(0)), TypeError, "got 1 inputs");
  assertThrows(() => step([four, four], key(0), five), RangeError, "targets have 5 examples");
  assertEquals(calls, 0);
});

Deno.test("describePlan() writes amounts with three digits", () => {
  const texts = [0, 999, 1000, 12_345, 999_999, 32e6, 471.4e6, 1.5e9].map(formatBytes);
  assertEquals(texts, ["0 B", "999 B", "1.00 kB", "12.3 kB", "1000 kB", "32.0 MB", "471 MB", "1.50 GB"]);
});

Deno.test("describePlan() says all inputs at once if they are alike, and else one by one", () => {
  const plan = {
    budgetBytes: 512e6,
    predictedBytes: 480e6,
    peakBytes: 471e6,
    tileBytes: 32e6,
    relativeTime: 1.119,
    inputs: [
      { name: "input 0 (query)", chunkSize: 64, chunks: 8, kept: 3 },
      { name: "input 1 (passage)", chunkSize: 64, chunks: 8, kept: 3 },
    ],
    corrected: false,
  };
  assertEquals(
    describePlan(plan),
    "8 chunks of 64, 3 on the tape, tiles of 32.0 MB: 471 MB of 512 MB, about 1.12x of the full batch",
  );
  const [query] = plan.inputs;
  const mixed = { ...plan, inputs: [query!, { name: "input 1 (passage)", chunkSize: 9, chunks: 1, kept: 1 }] };
  assertEquals(
    describePlan({ ...mixed, corrected: true }),
    "input 0 (query): 8 chunks of 64, 3 on the tape; input 1 (passage): 1 chunk of 9, all on the tape, " +
      "tiles of 32.0 MB: 471 MB of 512 MB, about 1.12x of the full batch, corrected",
  );
});
