import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals, assertLessOrEqual, assertThrows } from "@std/assert";
import {
  cachedStep,
  type Encoder,
  fullStep,
  key,
  type Loss,
  measurePeakSync,
  type StepResult,
} from "../../core/mod.ts";
import { infoNCE } from "../../losses/info_nce.ts";
import { supCon } from "../../losses/sup_con.ts";
import {
  assertClose,
  assertNewTensors,
  coupling,
  engineTest,
  free,
  randomMatrix,
  tinyEncoder,
} from "../support/mod.ts";

const EXAMPLES = 40;
const SHARES = [0.1, 0.25, 0.5, 0.9, 0.95, 0.98, 0.999, 1, 1.5];

const make = (seed: number, hidden = 300) => tinyEncoder({ seed, hidden, inputs: 3, dim: 2, dropout: 0.3 });
const cases: Record<string, () => Encoder<tf.Tensor2D>[]> = {
  "one input": () => [make(1)],
  "one encoder for two inputs": () => Array<Encoder<tf.Tensor2D>>(2).fill(make(1)),
  "two encoders": () => [make(1), make(2, 500)],
  "a frozen encoder": () => [make(1), { ...make(2), frozen: true }],
  "parameters that outweigh the batch": () => Array<Encoder<tf.Tensor2D>>(2).fill(make(1, 40_000)),
  "three inputs of two encoders": () => {
    const passage = make(2);
    return [make(1), passage, passage];
  },
};

const labels = () => tf.tensor1d(Array.from({ length: EXAMPLES }, (_, i) => i % 5), "int32");

/** A row loss of one matrix, or of several. */
function lossFor({ length }: { length: number }): Loss {
  return length === 1 ? supCon({ temperature: 0.5 }) : infoNCE({ temperature: 0.5 });
}

/** The least budget by the message that a tiny one gets. */
function least(
  encoders: readonly Encoder<tf.Tensor2D>[],
  loss: Loss,
  inputs: tf.Tensor2D[],
  targets: tf.Tensor,
): number {
  const take = () => cachedStep({ encoders, loss, memory: 1 })(inputs, key(0), targets);
  return Number(/at least (\d+) B/.exec(assertThrows(take, RangeError).message)![1]);
}

/** Runs a step and gives what it took by a measurement from outside. */
function metered(run: () => StepResult): { result: StepResult; peakBytes: number } {
  return measurePeakSync(run);
}

for (const [name, encodersOf] of Object.entries(cases)) {
  engineTest(`cachedStep() with a budget agrees with the whole batch and keeps to it: ${name}`, () => {
    const encoders = encodersOf();
    const loss = lossFor(encoders);
    const inputs = encoders.map((_, i) => randomMatrix(3 + i, EXAMPLES, 3));
    const targets = labels();
    const full = fullStep({ encoders, loss });
    const expected = [0, 1, 2].map((step) => full(inputs, key(step), targets));
    const { result, peakBytes } = metered(() => full(inputs, key(0), targets));
    free(result);
    const boundary = least(encoders, loss, inputs, targets);
    assertLessOrEqual(boundary, peakBytes);
    for (const share of SHARES) {
      const memory = Math.floor(share * peakBytes);
      const step = cachedStep({ encoders, loss, memory });
      if (boundary > memory) {
        assertThrows(() => step(inputs, key(0), targets), RangeError, "expected at least");
        continue;
      }
      expected.forEach((wanted, i) => {
        const count = 1 + Object.keys(step.params).length;
        const { result, peakBytes: taken } = assertNewTensors(
          count,
          () => metered(() => step(inputs, key(i), targets)),
        );
        const what = `at ${share}, step ${i}`;
        const plan = result.memory!;
        assertLessOrEqual(taken, memory, what);
        assertEquals([plan.budgetBytes, plan.corrected], [memory, false]);
        assertEquals(plan.peakBytes, taken);
        assertClose(result.loss, wanted.loss, 1e-6, what);
        for (const [name, gradient] of Object.entries(wanted.gradients)) {
          assertClose(result.gradients[name]!, gradient, 1e-6, `${name} ${what}`);
        }
        assertEquals(result.plan.map(({ kept }) => kept), plan.inputs.map(({ kept }) => kept));
        assertEquals(result.plan.map(({ chunkSize }) => chunkSize), plan.inputs.map(({ chunkSize }) => chunkSize));
        if (i === 0) assertEquals(plan.inputs.map(({ kept }) => kept), encoders.map(() => 0));
        const shared = new Set(encoders).size < encoders.length;
        if (i > 0 && share >= (shared ? 1.5 : 1)) assertEquals(result.plan, wanted.plan);
        if (share < 0.5) assert(result.plan[0]!.chunks > 1, what);
        free(result);
      });
    }
    free(...expected);
    tf.dispose([inputs, targets, encoders.map(({ params }) => Object.values(params))]);
  });
}

engineTest("cachedStep() names the least budget, which then does, at the first step and after", () => {
  for (const encodersOf of Object.values(cases)) {
    const encoders = encodersOf();
    const loss = lossFor(encoders);
    const inputs = encoders.map((_, i) => randomMatrix(3 + i, EXAMPLES, 3));
    const targets = labels();
    const error = assertNewTensors(
      0,
      () =>
        assertThrows(
          () => cachedStep({ encoders, loss, memory: 1 })(inputs, key(0), targets),
          RangeError,
          "memory is 1 B",
        ),
    );
    const [, least] = /at least (\d+ B)/.exec(error.message)!;
    const step = cachedStep({ encoders, loss, memory: least! });
    for (let i = 0; i < 3; i++) {
      const result = step(inputs, key(i), targets);
      assertLessOrEqual(result.memory!.peakBytes, parseInt(least!));
      free(result);
    }
    tf.dispose([inputs, targets, encoders.map(({ params }) => Object.values(params))]);
  }
});

engineTest(
  "cachedStep() with a budget profiles an encoder once for each shape of its examples, and never the loss",
  () => {
    const inner = make(1);
    let calls = 0;
    const counted: Encoder<tf.Tensor2D> = {
      params: inner.params,
      encode: (batch, context) => {
        calls++;
        return inner.encode(batch, context);
      },
    };
    let evaluations = 0;
    const loss: Loss = (matrices) => {
      evaluations++;
      return coupling(matrices);
    };
    const step = cachedStep({ encoders: [counted, counted], loss, memory: "400 kB" });
    const take = (examples: number) => {
      calls = 0;
      const inputs = [randomMatrix(1, examples, 3), randomMatrix(2, examples, 3)];
      const result = step(inputs, key(0));
      const needed = result.plan.reduce((sum, { kept, replayed, chunks }, i) => {
        // Without a tape chunks are encoded in groups, of which the first may be short.
        const { together = 1 } = result.memory!.inputs[i]!;
        return sum + kept + replayed + Math.ceil(chunks / together) - Math.floor(kept / together);
      }, 0);
      tf.dispose(inputs);
      free(result);
      return calls - needed;
    };
    assert(take(EXAMPLES) > 10);
    for (const examples of [EXAMPLES, EXAMPLES, 7, 1, 3 * EXAMPLES]) assertEquals(take(examples), 0);
    assertEquals(evaluations, 6);
  },
);

/** A loss that takes as many more numbers as it is told. */
function hungry(): { loss: Loss; extra: number } {
  const made = {
    extra: 0,
    loss: (matrices: readonly tf.Tensor2D[]) =>
      tf.tidy(() => {
        tf.zeros([made.extra]);
        return coupling(matrices);
      }),
  };
  return made;
}

engineTest("cachedStep() with a budget goes on after steps that took more than was thought, and recovers", () => {
  const inputs = [randomMatrix(1, EXAMPLES, 3)];
  const told = hungry();
  const memory = 200_000;
  const step = cachedStep({ encoders: [make(1)], loss: told.loss, memory });
  const take = (extra: number) => {
    told.extra = extra;
    const { result, peakBytes } = metered(() => step(inputs, key(0)));
    free(result);
    return { ...result.memory!, peakBytes, kept: result.plan[0]!.kept };
  };
  const [, before] = [take(0), take(0)];
  assert(before.kept > 0);
  // As a memory of earlier batches would, the loss takes more all of a sudden.
  const above = take(30_000);
  assert(above.peakBytes > memory);
  assertEquals(above.corrected, false);
  for (let i = 0; i < 3; i++) {
    const { corrected, peakBytes } = take(30_000);
    assertEquals(corrected, true);
    assertLessOrEqual(peakBytes, memory);
  }
  // No plan does with it, but steps go on.
  for (let i = 0; i < 3; i++) assert(take(60_000).peakBytes > memory);
  const after = Array.from({ length: 6 }, () => take(0));
  for (const { peakBytes } of after) assertLessOrEqual(peakBytes, memory);
  assertEquals(after.at(-1)!.relativeTime, before.relativeTime);
  // A shape that is new is refused as the first one would be.
  told.extra = 0;
  const many = [randomMatrix(1, 400 * EXAMPLES, 3)];
  assertThrows(() => step(many, key(0)), RangeError, "expected at least");
});

engineTest("cachedStep() with a budget follows a loss that grows", () => {
  const inputs = [randomMatrix(1, EXAMPLES, 3)];
  const told = hungry();
  const memory = 300_000;
  const step = cachedStep({ encoders: [make(1)], loss: told.loss, memory });
  let above = 0;
  for (let i = 0; i < 24; i++) {
    told.extra = Math.min(40_000, 2500 * i);
    const { result, peakBytes } = metered(() => step(inputs, key(i)));
    if (peakBytes > memory) above++;
    if (i === 2) assert(result.plan[0]!.kept > 0);
    if (i === 23) assertLessOrEqual(peakBytes, memory);
    free(result);
  }
  assertLessOrEqual(above, 1);
});
