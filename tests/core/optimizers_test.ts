import { assert, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { adamW, clipByGlobalNorm, lamb, type LambOptions, sgd } from "../../core/optimizers/mod.ts";
import { linearDecay } from "../../core/schedules.ts";
import { assertClose, assertNewTensors, engineTest } from "../support/mod.ts";
import {
  adamOracle,
  compare,
  decays,
  draw,
  schedule,
  sgdOracle,
  shapes,
  size,
  tensors,
  variables,
} from "./_optimizer_oracles.ts";

for (
  const options of [
    {},
    { momentum: 0.9 },
    { momentum: 0.9, nesterov: true, weightDecay: 0.3 },
    { weightDecay: 0.3, decay: (name: string) => name === "tower/bias" },
  ]
) {
  engineTest(`sgd() agrees with a naive loop under ${JSON.stringify(options)}`, () => {
    compare(sgd({ learningRate: schedule, ...options }), sgdOracle(options));
  });
}

for (
  const options of [
    {},
    { weightDecay: 0, beta1: 0, beta2: 0.5, epsilon: 0.1 },
    { weightDecay: 0.5, decay: (name: string) => name !== "tower/kernel" },
  ]
) {
  engineTest(`adamW() agrees with a naive loop under ${JSON.stringify(options)}`, () => {
    compare(adamW({ learningRate: schedule, ...options }), adamOracle(options));
  });
}

for (
  const options of [
    { weightDecay: 0.1 },
    { weightDecay: 0.1, clamp: 0.5, maxNorm: 0.7 },
    { weightDecay: 0.1, adapt: () => true },
  ] as Partial<LambOptions>[]
) {
  engineTest(`lamb() agrees with a naive loop under ${JSON.stringify(options)}`, () => {
    const { clamp = 0, maxNorm = Infinity, adapt = decays } = options;
    const oracle = adamOracle({ epsilon: 1e-6, ...options }, (name, theta, r) => {
      if (!adapt(name, undefined as never) || size(theta) === 0 || size(r) === 0) return 1;
      return Math.min(Math.max(Math.min(size(theta), maxNorm) / size(r), clamp), 1 / clamp);
    });
    compare(lamb({ learningRate: schedule, ...options }), oracle);
  });
}

engineTest("lamb() keeps the trust ratio between 0.01 and 100 when clamped", () => {
  // The first update's direction has entries of ±1, so its norm is 2 and the ratio is ‖θ‖ / 2.
  for (
    const [entry, maxNorm, trust] of [[1e-4, 1e9, 0.01], [1, 1e9, 1], [30, 1e9, 30], [1e3, 1e9, 100], [30, 10, 5], [
      0,
      1e9,
      1,
    ]] as const
  ) {
    const weight = tf.variable(tf.fill([2, 2], entry));
    const gradient = tf.tensor2d([[1, -1], [2, -3]]);
    const optimizer = lamb({ learningRate: 1, weightDecay: 0, epsilon: 1e-12, clamp: 0.01, maxNorm });
    optimizer.update({ weight }, { weight: gradient });
    const signs = [1, -1, 1, -1];
    assertClose(weight, signs.map((sign) => entry - trust * sign), 1e-5, `‖θ‖ = ${2 * entry}`);
  }
});

engineTest("lamb() without bounds scales the step by any ratio, and by 1 for a zero gradient", () => {
  const weight = tf.variable(tf.fill([2, 2], 1e3));
  const optimizer = lamb({ learningRate: 0.5, weightDecay: 0, epsilon: 1e-12 });
  optimizer.update({ weight }, { weight: tf.zeros([2, 2]) });
  assertEquals([...weight.dataSync()], [1e3, 1e3, 1e3, 1e3]);
  const other = tf.variable(tf.fill([2, 2], 1e3));
  lamb({ learningRate: 0.5, weightDecay: 0 }).update({ other }, { other: tf.ones([2, 2]) });
  assertClose(other, [500, 500, 500, 500], 1e-5);
});

for (
  const [name, make, start] of [
    ["sgd", () => sgd({ learningRate: 0.05, momentum: 0.8 }), 4],
    ["adamW", () => adamW({ learningRate: linearDecay({ peak: 0.3, warmup: 5, total: 150 }), weightDecay: 0 }), 4],
    ["lamb", () => lamb({ learningRate: linearDecay({ peak: 0.2, warmup: 5, total: 150 }), weightDecay: 0 }), 4],
  ] as const
) {
  engineTest(`${name}() descends a quadratic to its minimum`, () => {
    // ½ Σ c (x - 1)² with curvatures from 0.5 to 5.
    const curvature = tf.tensor2d([[0.5, 1], [2, 5]]);
    const x = tf.variable(tf.fill([2, 2], start));
    const optimizer = make();
    for (let step = 0; step < 150; step++) {
      const gradient = tf.tidy(() => tf.mul(curvature, tf.sub(x, 1)));
      optimizer.update({ x }, { x: gradient });
      gradient.dispose();
    }
    assertClose(x, [1, 1, 1, 1], 0.02);
  });

  engineTest(`${name}() keeps the gradients and adds nothing but its slots`, () => {
    const params = variables(draw(1));
    const gradients = tensors(draw(2));
    const optimizer = make();
    const slots = name === "sgd" ? 3 : 6;
    assertNewTensors(slots, () => optimizer.update(params, gradients));
    assertNewTensors(0, () => optimizer.update(params, gradients));
    assertEquals(Object.keys(optimizer.slots).length, slots);
    for (const gradient of Object.values(gradients)) assert(!gradient.isDisposed);
    assertNewTensors(-slots, () => optimizer.dispose());
    assertEquals([optimizer.steps, Object.keys(optimizer.slots).length], [0, 0]);
  });

  engineTest(`${name}() continues from a restored state as if it had not stopped`, () => {
    const values = draw(1);
    const [once, twice] = [variables(values), variables(values)];
    const straight = make();
    const first = make();
    const second = make();
    for (let step = 0; step < 3; step++) {
      const gradients = tensors(draw(2 + step));
      straight.update(once, gradients);
      (step < 2 ? first : second).update(twice, gradients);
      if (step === 1) {
        second.restore(first.steps, first.slots);
        first.dispose();
      }
    }
    assertEquals(second.steps, 3);
    for (const key of Object.keys(shapes)) assertEquals(once[key]!.dataSync(), twice[key]!.dataSync());
  });
}

engineTest("update() checks everything before it changes anything", () => {
  const optimizer = adamW({ learningRate: (step) => step === 1 ? NaN : 0.1 });
  const params = variables(draw(1));
  const gradients = tensors(draw(2));
  const { temperature: _, ...fewer } = gradients;
  const gone = tf.scalar(1);
  gone.dispose();
  const attempts = [
    [fewer, TypeError, "there is no gradient for temperature"],
    [{ ...gradients, other: tf.scalar(1) }, TypeError, "there is a gradient for other, which is no parameter"],
    [{ ...gradients, temperature: tf.ones([2]) }, RangeError, "temperature has shape [2], expected []"],
    [{ ...gradients, temperature: gone }, TypeError, "the gradient for temperature was disposed"],
  ] as const;
  for (const [given, kind, message] of attempts) {
    assertThrows(() => optimizer.update(params, given), kind, message);
    assertEquals([optimizer.steps, Object.keys(optimizer.slots).length], [0, 0]);
    assertClose(params["tower/kernel"]!, draw(1)["tower/kernel"]!, 1e-7);
  }
  optimizer.update(params, gradients);
  const before = params["tower/kernel"]!.dataSync();
  assertThrows(() => optimizer.update(params, gradients), RangeError, "learningRate is NaN");
  assertEquals([optimizer.steps, params["tower/kernel"]!.dataSync()], [1, before]);
});

engineTest("update() refuses parameters that the state does not belong to", () => {
  const optimizer = sgd({ learningRate: 0.1, momentum: 0.9 });
  const [a, b] = [tf.variable(tf.ones([2])), tf.variable(tf.ones([2]))];
  optimizer.update({ a }, { a: tf.ones([2]) });
  const both = { a: tf.ones([2]), b: tf.ones([2]) };
  assertThrows(() => optimizer.update({ a, b }, both), RangeError, "there is no velocity for b after 1 updates");
  const wide = tf.variable(tf.ones([3]));
  assertThrows(
    () => optimizer.update({ a: wide }, { a: tf.ones([3]) }),
    RangeError,
    "the velocity of a has shape [2], expected [3]",
  );
  assertThrows(() => optimizer.restore(1, { "momentum/a": a }), RangeError, "momentum/a is none of its slots");
  assertThrows(() => optimizer.restore(-1, {}), RangeError, "steps is -1");
});

Deno.test("the optimizers refuse impossible options", () => {
  const learningRate = 0.1;
  for (
    const [make, message] of [
      [() => sgd({ learningRate: -1 }), "learningRate is -1"],
      [() => sgd({ learningRate, momentum: 1 }), "momentum is 1, expected a number in [0, 1)"],
      [() => sgd({ learningRate, nesterov: true }), "nesterov is set but momentum is 0"],
      [() => adamW({ learningRate: NaN }), "learningRate is NaN"],
      [() => adamW({ learningRate, beta1: -0.1 }), "beta1 is -0.1"],
      [() => adamW({ learningRate, beta2: NaN }), "beta2 is NaN"],
      [() => adamW({ learningRate, epsilon: 0 }), "epsilon is 0"],
      [() => adamW({ learningRate, weightDecay: Infinity }), "weightDecay is Infinity"],
      [() => lamb({ learningRate, clamp: 0 }), "clamp is 0, expected a number in (0, 1]"],
      [() => lamb({ learningRate, clamp: 2 }), "clamp is 2"],
      [() => lamb({ learningRate, maxNorm: 0 }), "maxNorm is 0"],
      [() => clipByGlobalNorm({}, 0), "maxNorm is 0"],
    ] as const
  ) {
    assertThrows(make, RangeError, message);
  }
});
