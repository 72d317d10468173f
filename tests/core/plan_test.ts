import { assert, assertAlmostEquals, assertEquals, assertLess, assertLessOrEqual, assertThrows } from "@std/assert";
import {
  type ChunkShape,
  type EncodingCost,
  type PlanInput,
  type PlannedInput,
  type PlanRequest,
  planStep,
} from "../../core/mod.ts";
import { fc } from "../support/properties.ts";

/** An encoder whose bytes and times grow on lines. */
interface Lines {
  readonly examples: number;
  readonly rowBytes: number;
  readonly perExample: number;
  readonly gradients: number;
  readonly overheadMs: number;
  readonly perExampleMs: number;
  /** Work that grows faster than the examples, so that small chunks are faster. */
  readonly slowerMs: number;
  /** What remembering takes, as a share of the tape; it saves a third of the encoding. Nothing if left out. */
  readonly dear?: number;
  readonly trained: boolean;
  /** Whether it is cut by the lengths of its examples, which bytes and times grow with. */
  readonly byTokens: boolean;
}

function inputOf(lines: Lines, index: number): PlanInput {
  const { examples, rowBytes, perExample, gradients, overheadMs, perExampleMs, slowerMs, trained, byTokens, dear = 0 } =
    lines;
  const cost = ({ examples: n, length }: ChunkShape): EncodingCost => {
    const inferenceMs = overheadMs + perExampleMs * n * length + slowerMs * n ** 2;
    const tapeBytes = n * (rowBytes + perExample * length);
    return {
      inferenceBytes: n * (rowBytes + perExample * length / 3),
      inferenceMs,
      tapeBytes,
      forwardBytes: 1.1 * tapeBytes,
      backwardBytes: 1.2 * tapeBytes + n * rowBytes + gradients,
      replayBytes: 1.2 * tapeBytes + n * rowBytes + 2 * gradients,
      trainingMs: 3 * inferenceMs,
      rememberedBytes: dear * tapeBytes,
      rememberedMs: dear > 0 ? inferenceMs / 3 : 0,
    };
  };
  return {
    name: `input ${index}`,
    examples,
    rowBytes,
    trained,
    encoder: index,
    sumBytes: gradients,
    addBytes: gradients,
    measured: examples,
    cost,
    ...(byTokens ? { lengths: Int32Array.from({ length: examples }, (_, i) => 1 + Math.floor(i / 6)) } : {}),
  };
}

function requestOf(lines: readonly Lines[], more: Partial<PlanRequest> = {}): PlanRequest {
  const inputs = lines.map(inputOf);
  const rows = inputs.reduce((sum, { examples, rowBytes }) => sum + examples * rowBytes, 0);
  return {
    budgetBytes: Infinity,
    inputs,
    gradientBytes: lines.reduce((sum, { gradients, trained }) => sum + (trained ? gradients : 0), 0),
    lossGradientBytes: 4,
    coupling: { fixedBytes: 6 * rows, tileBytes: 1e5, leastTileBytes: 1e3, measured: [], tiled: true },
    keep: true,
    ...more,
  };
}

const lines = fc.record({
  examples: fc.integer({ min: 1, max: 70 }),
  rowBytes: fc.integer({ min: 4, max: 600 }),
  perExample: fc.integer({ min: 0, max: 20_000 }),
  gradients: fc.integer({ min: 4, max: 100_000 }),
  overheadMs: fc.double({ min: 0, max: 5, noNaN: true }),
  perExampleMs: fc.double({ min: 0.01, max: 5, noNaN: true }),
  slowerMs: fc.constantFrom(0, 0.01),
  dear: fc.constantFrom(0, 0.1, 0.8),
  trained: fc.boolean(),
  byTokens: fc.boolean(),
});
const requests = fc.record({
  inputs: fc.array(lines, { minLength: 1, maxLength: 3 }),
  keep: fc.boolean(),
  measured: fc.array(
    fc.record({
      tileBytes: fc.integer({ min: 1000, max: 100_000 }),
      forwardBytes: fc.integer({ min: 4, max: 500_000 }),
      backwardBytes: fc.integer({ min: 4, max: 500_000 }),
    }),
    { maxLength: 2 },
  ),
}).map(({ inputs, keep, measured }) => {
  const request = requestOf(inputs, { keep });
  return { ...request, coupling: { ...request.coupling, measured } };
});

/** The least budget by the message that a tiny one gets. */
function least(request: PlanRequest): number {
  const error = assertThrows(() => planStep({ ...request, budgetBytes: 1 }), RangeError, "expected at least");
  return Number(/at least (\d+) B/.exec(error.message)![1]);
}

Deno.test("planStep() finds plans within the budget, down to the least that it names and not below", () => {
  fc.assert(
    fc.property(requests, fc.double({ min: 0, max: 3, noNaN: true }), (request, share) => {
      const boundary = least(request);
      for (const budgetBytes of [boundary, Math.floor(boundary * (1 + share))]) {
        const plan = planStep({ ...request, budgetBytes });
        assertLessOrEqual(plan.predictedBytes, budgetBytes);
        assertLessOrEqual(Math.max(...Object.values(plan.peaks)), budgetBytes);
      }
      assertThrows(() => planStep({ ...request, budgetBytes: boundary - 1 }), RangeError, `at least ${boundary} B`);
    }),
    { numRuns: 30 },
  );
});

Deno.test("planStep() never predicts more time for more memory", () => {
  const factors = fc.array(fc.double({ min: 1, max: 40, noNaN: true }), { minLength: 2, maxLength: 5 });
  fc.assert(
    fc.property(requests, factors, (request, factors) => {
      const boundary = least(request);
      const times = factors.toSorted((a, b) => a - b).map((factor) =>
        planStep({ ...request, budgetBytes: Math.floor(factor * boundary) }).relativeTime
      );
      assertEquals(times, times.toSorted((a, b) => b - a));
    }),
    { numRuns: 30 },
  );
});

Deno.test("planStep() plans the whole batch where it fits to the byte", () => {
  fc.assert(
    fc.property(requests, (request) => {
      const inputs = request.inputs.map(({ lengths: _, ...input }) => input);
      const { coupling } = request;
      // What was measured with the largest tiles is all that is known.
      const known = {
        ...request,
        inputs,
        keep: true,
        coupling: {
          ...coupling,
          measured: coupling.measured.slice(0, 1).map((cost) => ({ ...cost, tileBytes: coupling.tileBytes })),
        },
      };
      const whole = planStep({ ...known, budgetBytes: 1e12 });
      const expected = inputs.map(({ trained }) => ({ chunks: 1, kept: trained ? 1 : 0 }));
      const cuts = (plan: typeof whole) => plan.inputs.map(({ chunks, kept }) => ({ chunks, kept }));
      assertEquals(cuts(whole), expected);
      assertEquals([whole.relativeTime, whole.tileBytes], [1, coupling.tileBytes]);
      const exact = planStep({ ...known, budgetBytes: whole.predictedBytes });
      assertEquals(cuts(exact), expected);
      assertEquals(exact.relativeTime, 1);
      assertEquals(whole.predictedBytes, Math.ceil(Math.max(...Object.values(whole.peaks))));
    }),
    { numRuns: 30 },
  );
});

Deno.test("planStep() keeps the chunks first that save the most time for their bytes", () => {
  const same = { examples: 32, rowBytes: 8, gradients: 40, overheadMs: 0, slowerMs: 0, trained: true, byTokens: false };
  const [heavy, light] = [{ ...same, perExample: 4000, perExampleMs: 1 }, {
    ...same,
    perExample: 1000,
    perExampleMs: 1,
  }];
  const { inputs: [first, second] } = planStep(requestOf([heavy, light], { budgetBytes: 80_000 }));
  assertEquals([first!.kept, second!.kept], [first!.kept, second!.chunks]);
  assert(first!.kept < first!.chunks);
});

Deno.test("planStep() gives the loss smaller tiles if memory is short, and trusts what was measured", () => {
  const one = {
    examples: 16,
    rowBytes: 8,
    perExample: 100,
    gradients: 40,
    overheadMs: 0,
    perExampleMs: 1,
    slowerMs: 0,
    trained: true,
    byTokens: false,
  };
  const request = requestOf([one]);
  assertEquals(planStep(request).tileBytes, 1e5);
  const short = planStep({ ...request, budgetBytes: 20_000 });
  assert(short.tileBytes < 20_000 && short.tileBytes > 10_000, `${short.tileBytes}`);
  const measured = [{ tileBytes: 1e5, forwardBytes: 10_000, backwardBytes: 10_000 }];
  const lean = { ...request, budgetBytes: 20_000, coupling: { ...request.coupling, measured } };
  assertEquals(planStep(lean).tileBytes, 1e5);
  const dense = { ...lean, coupling: { ...lean.coupling, tiled: false } };
  assertEquals(planStep({ ...dense, budgetBytes: 12_000 }).tileBytes, 1e5);
  assertThrows(() => planStep({ ...dense, budgetBytes: 10_000 }), RangeError, "expected at least");
  assert(planStep({ ...lean, scale: { loss: 2.5 } }).tileBytes < short.tileBytes);
  assertThrows(() => planStep({ ...lean, scale: { loss: 25 } }), RangeError, "expected at least");
});

Deno.test("planStep() by tokens cuts texts of different length and is faster than the whole batch then", () => {
  const lines = {
    examples: 24,
    rowBytes: 8,
    perExample: 100,
    gradients: 40,
    overheadMs: 0.1,
    perExampleMs: 1,
    slowerMs: 0,
    trained: true,
    byTokens: true,
  };
  const { inputs: [cut], relativeTime } = planStep(requestOf([lines]));
  assert(cut!.chunks > 1 && cut!.kept === cut!.chunks);
  // Four lengths, six texts each: padded to the longest there are 96 tokens in place of 60.
  assertLess(relativeTime, 0.7);
  const { inputs: [whole] } = planStep(requestOf([{ ...lines, overheadMs: 100 }]));
  assertEquals([whole!.chunks, whole!.chunkTokens], [1, 96]);
});

Deno.test("planStep() names the time relative to the whole batch", () => {
  const one = {
    examples: 8,
    rowBytes: 8,
    perExample: 1e6,
    gradients: 4,
    overheadMs: 0,
    perExampleMs: 1,
    slowerMs: 0,
    trained: true,
    byTokens: false,
  };
  const plan = planStep(requestOf([one], { budgetBytes: 3e6 }));
  const [{ kept, chunkSize }] = plan.inputs as [PlannedInput];
  assert(kept > 0);
  assertAlmostEquals(plan.relativeTime, (3 * 8 + 8 - kept * chunkSize) / (3 * 8), 1e-9);
});

Deno.test("planStep() remembers what is dear for its size, and no more where the tape has room for all", () => {
  const one = {
    examples: 64,
    rowBytes: 8,
    perExample: 1e6,
    gradients: 40,
    overheadMs: 0,
    perExampleMs: 1,
    slowerMs: 0,
    dear: 0.1,
    trained: true,
    byTokens: false,
  };
  const plan = (budgetBytes: number, more = {}) => planStep(requestOf([{ ...one, ...more }], { budgetBytes }));
  const [cheap, dear] = [plan(30e6, { dear: 0 }), plan(30e6)];
  assertEquals([cheap.inputs[0]!.remember, dear.inputs[0]!.remember], [undefined, true]);
  assertLess(dear.relativeTime, cheap.relativeTime);
  const { kept, chunkSize } = dear.inputs[0]!;
  const replayed = 64 - kept * chunkSize;
  assertAlmostEquals(dear.relativeTime, (3 * 64 + replayed - replayed / 3) / (3 * 64), 1e-9);
  assertEquals(plan(1e9).inputs[0], { name: "input 0", chunkSize: 64, chunks: 1, kept: 1 });
  // What takes more than the tape itself is not worth it.
  assertEquals(plan(30e6, { dear: 1.5 }).inputs[0]!.remember, undefined);
});
