import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { createProgress, type ProgressDisplay } from "../../recipes/runner/progress.ts";
import { barLine, formatRate, formatSeconds, plainLine } from "../../recipes/runner/progress_line.ts";
import { type Recorder, recorder } from "./support.ts";

const CLEAR = "\r\x1b[2K";

/** A progress display with a clock that the test moves. */
function makeProgress(columns?: number, pause = () => Promise.resolve()): [ProgressDisplay, Recorder, { ms: number }] {
  const terminal = recorder(columns);
  const clock = { ms: 0 };
  return [createProgress({ ...terminal, pause, now: () => clock.ms }), terminal, clock];
}

Deno.test("progress on a terminal redraws one line and clears it at the end", () => {
  const [progress, { written }, clock] = makeProgress(64);
  progress.begin("train", 100);
  clock.ms = 50;
  progress.advance();
  assertEquals(written.length, 1, "a bar drawn less than a tenth of a second ago is not drawn again");
  clock.ms = 10_000;
  progress.advance(49, "loss 2.5");
  progress.end();
  assertEquals(written, [
    `${CLEAR}train ${"─".repeat(30)}   0 %  0/100`,
    `${CLEAR}train ${"━".repeat(6)}${"─".repeat(5)}  50 %  50/100  5 steps/s  0:10 left  loss 2.5`,
    CLEAR,
  ]);
});

Deno.test("progress elsewhere writes a plain line every ten seconds, and the last", () => {
  const [progress, { written }, clock] = makeProgress();
  progress.begin("train", 40, { unit: "batch" });
  for (let i = 0; i < 40; i++) {
    clock.ms += 1000;
    progress.advance(1, `loss ${i}`);
  }
  progress.end();
  assertEquals(written.map((line) => line.split(" (")[0]), [10, 20, 30, 40, 40].map((n) => `train ${n}/40 batches`));
});

Deno.test("log() and warn() print above the bar and puts the bar back", () => {
  const [progress, { written, printed, errors }] = makeProgress(60);
  progress.log("before");
  assertEquals(written, []);
  progress.begin("train", 10);
  progress.log("evaluated");
  progress.warn("stopping");
  assertEquals([printed, errors], [["before", "evaluated"], ["stopping"]]);
  const bar = written[0]!;
  assertEquals(written, [bar, CLEAR, bar, CLEAR, bar]);
});

Deno.test("barLine() never is wider than the terminal, and keeps the count longest", () => {
  const state = { label: "train", done: 420, total: 1000, unit: "step", rate: 31.24, seconds: 13, note: "loss 3.21" };
  for (let columns = 1; columns < 120; columns++) assert(barLine(state, columns).length <= columns);
  assertEquals(
    barLine(state, 200),
    `train ${"━".repeat(13)}${"─".repeat(17)}  42 %  420/1000  31.2 steps/s  0:19 left  loss 3.21`,
  );
  assertEquals(barLine(state, 40), `train ${"━".repeat(8)}${"─".repeat(10)}  42 %  420/1000`);
  assertEquals(barLine(state, 16), "train  42 %");
});

Deno.test("formatSeconds() and formatRate() choose the readable unit", () => {
  assertEquals([0, 59.6, 754, 3723].map(formatSeconds), ["0:00", "1:00", "12:34", "1:02:03"]);
  assertEquals([0, 1234.5, 31.24, 0.3125].map((rate) => formatRate(rate, "step")), [
    "",
    "1235 steps/s",
    "31.2 steps/s",
    "3.2 s/step",
  ]);
});

Deno.test("plainLine() at the end says how long it took", () => {
  const state = { label: "train", done: 10, total: 10, unit: "step", rate: 2, seconds: 65, note: "" };
  assertEquals(plainLine(state), "train 10/10 steps (100 %), 2 steps/s, 1:05");
});

Deno.test("steps() counts a loop and ends the count however it is left", async () => {
  const [progress, { written }] = makeProgress(60);
  const seen: number[] = [];
  for await (const step of progress.steps("train", 3)) seen.push(step);
  assertEquals(seen, [0, 1, 2]);
  assertEquals(written.at(-1), CLEAR);
  for await (const _ of progress.steps("train", 3)) break;
  assertEquals(written.at(-1), CLEAR);
  const before = written.length;
  progress.advance();
  assertEquals(written.length, before, "no count is running");
});

Deno.test("steps() stops between steps when the run is interrupted", async () => {
  let pauses = 0;
  const pause = () => ++pauses > 2 ? Promise.reject(new Error("Interrupted")) : Promise.resolve();
  const [progress] = makeProgress(60, pause);
  const seen: number[] = [];
  await assertRejects(
    async () => {
      for await (const step of progress.steps("train", 9)) seen.push(step);
    },
    Error,
    "Interrupted",
  );
  assertEquals(seen, [0, 1]);
});

Deno.test("steps() goes on from where a resumed run is, and measures the rate from there", async () => {
  const [progress, { written }, clock] = makeProgress();
  const seen: number[] = [];
  for await (const step of progress.steps("train", 60, { from: 50 })) {
    seen.push(step);
    clock.ms += 1000;
  }
  assertEquals([seen[0], seen.length], [50, 10]);
  assertEquals(written.at(-1), "train 60/60 steps (100 %), 1 steps/s, 0:10\n");
  for (const from of [-1, 0.5, 61]) assertThrows(() => progress.begin("train", 60, { from }), RangeError, `${from}`);
});

Deno.test("begin() refuses totals that cannot be counted to", () => {
  const [progress] = makeProgress();
  for (const total of [-1, 1.5, NaN]) {
    assertThrows(() => progress.begin("train", total), RangeError, `Cannot count to ${total}`);
  }
});
