import { assertEquals } from "@std/assert";
import { chunksOf, evenCounts, tokenChunks } from "../../core/_chunking.ts";
import { costAt, type CostPoint, NO_COST } from "../../core/_costs.ts";
import { expected, learn, type Lesson, type LossKnown, unknownLoss, unknownShape } from "../../core/_lessons.ts";
import { lossCost } from "../../core/_loss_cost.ts";
import { type Peaks, phases } from "../../core/_peaks.ts";

const point = (examples: number, bytes: number, ms: number): CostPoint => ({
  ...NO_COST,
  examples,
  forwardBytes: bytes,
  backwardBytes: 500,
  trainingMs: ms,
});

Deno.test("planStep() reads costs off lines between measured numbers of examples, and beyond on from the last", () => {
  const points = [point(1, 10, 3), point(5, 90, 7), point(9, 90, 27)];
  const at = (examples: number) => {
    const { forwardBytes, trainingMs } = costAt(points, examples);
    return [forwardBytes, trainingMs];
  };
  assertEquals([1, 2, 5, 7, 9, 18].map(at), [[10, 3], [30, 4], [90, 7], [90, 17], [90, 27], [180, 54]]);
  // Beyond, no more is known than that a peak does not grow faster than the examples.
  assertEquals(costAt(points.slice(0, 1), 3).forwardBytes, 30);
  assertEquals(costAt(points.slice(0, 2), 7).backwardBytes, 700);
});

Deno.test("planStep() cuts evenly, into chunks of examples or of padded tokens", () => {
  assertEquals(evenCounts(1), [1]);
  assertEquals(evenCounts(13), [1, 2, 3, 4, 6, 8, 12, 13]);
  assertEquals(chunksOf(7, 3).map(({ examples }) => examples), [3, 3, 1]);
  const cut = (lengths: number[], tokens: number) =>
    tokenChunks(lengths, tokens).map(({ examples, length }) => [examples, length]);
  assertEquals(cut([1, 1, 2, 2, 5], 4), [[2, 1], [2, 2], [1, 5]]);
  assertEquals(cut([1, 1, 2, 2, 5], 6), [[3, 2], [1, 2], [1, 5]]);
  assertEquals(cut([3, 3], 1), [[1, 3], [1, 3]]);
  assertEquals(cut([1, 4], Infinity), [[2, 4]]);
});

Deno.test("planStep() thinks that a loss takes less with smaller tiles, down to what else it takes", () => {
  const measured = [{ tileBytes: 100, forwardBytes: 90, backwardBytes: 20 }];
  const at = (tileBytes: number, more = {}) =>
    lossCost({ fixedBytes: 30, tileBytes: 400, leastTileBytes: 1, tiled: true, measured, ...more }, tileBytes)
      .forwardBytes;
  assertEquals([10, 50, 100, 130].map((tileBytes) => at(tileBytes)), [40, 80, 90, 120]);
  assertEquals(at(10, { measured: [] }), 40);
  assertEquals(at(10, { tiled: false }), 90);
  // It took 20 more than was thought possible.
  assertEquals(at(10, { measured: [{ ...measured[0]!, forwardBytes: 150 }] }), 60);
});

const all = (bytes: number): Peaks => Object.fromEntries(phases.map((phase) => [phase, bytes])) as unknown as Peaks;

function lesson(loss: LossKnown, peaks: Partial<Peaks>, budgetBytes = 1000): Lesson {
  const peakBytes = Math.max(...Object.values(peaks));
  return {
    plan: {
      inputs: [{ name: "input 0", chunkSize: 1, chunks: 2, kept: 1 }],
      tileBytes: 100,
      predictedBytes: 900,
      peaks: all(500),
      besideLossBytes: 100,
      relativeTime: 1,
    },
    coupling: { fixedBytes: 300, tileBytes: 400, leastTileBytes: 1, tiled: true, measured: [...loss.measured] },
    metered: { result: 0, peakBytes, peaks: { ...all(0), ...peaks }, held: { ...all(0), loss: 100 } },
    budgetBytes,
  };
}

Deno.test("cachedStep() learns what the loss took, and forgets what it took if it takes more", () => {
  const loss: LossKnown = {
    measured: [{ tileBytes: 400, forwardBytes: 350, backwardBytes: 10 }, {
      tileBytes: 100,
      forwardBytes: 200,
      backwardBytes: 10,
    }],
    tiled: true,
    growth: unknownLoss().growth,
  };
  const known = unknownShape();
  const first = lesson(loss, { loss: 290 });
  const settled = { plan: first.plan, measured: loss.measured };
  known.settled = settled;
  learn(known, loss, first);
  assertEquals([known.settled, known.proven, loss.measured.length], [settled, first.plan, 2]);
  learn(known, loss, lesson(loss, { loss: 310 }));
  // With a chunk on the tape the backward pass is thought to grow as the loss does.
  assertEquals(loss.measured, [{ tileBytes: 100, forwardBytes: 210, backwardBytes: 20 }]);
  assertEquals([known.settled, known.corrected], [undefined, false]);
  // It grows, and is thought to go on until it is seen not to.
  assertEquals(expected(loss), [{ tileBytes: 100, forwardBytes: 220, backwardBytes: 30 }]);
  learn(known, loss, lesson(loss, { loss: 310 }));
  assertEquals(expected(loss), [{ tileBytes: 100, forwardBytes: 210, backwardBytes: 20 }]);
  // A jump is no growth.
  learn(known, loss, lesson(loss, { loss: 900 }));
  assertEquals(expected(loss)[0]!.forwardBytes, 800);
});

Deno.test("cachedStep() is careful after a step above its budget, the longer the more there were", () => {
  const loss = { ...unknownLoss(), measured: [{ tileBytes: 100, forwardBytes: 400, backwardBytes: 10 }], tiled: true };
  const known = unknownShape();
  const fine = { replay: 600, keep: 400, loss: 450 };
  learn(known, loss, lesson(loss, fine));
  assertEquals([known.scale, known.corrected, known.careful], [{}, false, 0]);
  for (const patience of [1, 2, 4]) {
    learn(known, loss, lesson(loss, fine, 550));
    assertEquals([known.scale, known.corrected, known.proven], [{ replay: 1.2 }, true, undefined]);
    for (let left = patience; left > 0; left--) {
      assertEquals(known.careful, left);
      learn(known, loss, lesson(loss, fine));
    }
    assertEquals([known.scale, known.careful], [{}, 0]);
  }
  // What the loss took beyond its own prediction needs no factor, and is forgotten after a careful step.
  learn(known, loss, lesson(loss, { loss: 600 }, 550));
  assertEquals([known.scale, loss.measured[0]!.forwardBytes], [{}, 500]);
  for (let i = 0; i < 8; i++) learn(known, loss, lesson(loss, fine));
  assertEquals(loss.measured.map(({ forwardBytes }) => forwardBytes), [350]);
});
