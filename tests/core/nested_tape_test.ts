import * as tf from "@tensorflow/tfjs";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { pullback, untaped } from "../../core/_autodiff.ts";
import { withGradient } from "../../core/ops/custom_gradient.ts";
import type { Scalar, Tensor } from "../../core/mod.ts";
import { assertClose, assertNewTensors, engineTest, randomMatrix } from "../support/mod.ts";

/** What of the engine a tape changes. */
function engineState() {
  const { activeTape, gradientDepth, kernelDepth, scopeStack } = (tf.engine() as unknown as {
    state: { activeTape: unknown[] | null; gradientDepth: number; kernelDepth: number; scopeStack: unknown[] };
  }).state;
  return { activeTape, gradientDepth, kernelDepth, scopes: scopeStack.length };
}

/** An op of which the gradient is found on a tape of its own, while the value is computed. */
function onOwnTape(f: (x: Tensor) => Scalar, x: Tensor): Scalar {
  return withGradient([x], (save) => {
    const { value, gradients } = pullback(() => f(x), () => [x]);
    save(() => [gradients[0]!]);
    return { value, pullBack: (dy, [gradient]) => [tf.mul(gradient!, dy)] };
  }) as Scalar;
}

const wave = (x: Tensor): Scalar => tf.sum(tf.sin(tf.mul(x, x))) as Scalar;

/** Differentiates by gradfold and by TensorFlow.js, and reads. */
function bothWays(f: (x: Tensor) => Scalar, x: Tensor): [number, number[]][] {
  return tf.tidy(() => {
    const own = pullback(() => f(x), () => [x]);
    const stock = tf.valueAndGrad(f)(x);
    return [[own.value, own.gradients[0]!], [stock.value, stock.grad]].map((
      [value, gradient],
    ) => [value!.dataSync()[0]!, [...gradient!.dataSync()]]);
  });
}

engineTest("pullback() inside an op runs on a tape of its own, and the outer gradient is right", () => {
  const x = randomMatrix(1, 3, 4);
  const outer = (inner: (x: Tensor) => Scalar) => (x: Tensor) =>
    // Taped before the op, on its way, and after it.
    tf.add(tf.mul(inner(tf.tanh(x)), tf.sum(tf.exp(x))), inner(tf.mul(x, 2))) as Scalar;
  const [[value, gradient]] = bothWays(outer(wave), x) as [[number, number[]]];
  for (const [found, slope] of bothWays(outer((z) => onOwnTape(wave, z)), x)) {
    assertAlmostEquals(found, value, 1e-5 * Math.abs(value));
    assertClose(slope, gradient, 1e-5);
  }
  x.dispose();
});

engineTest("pullback() nests to any depth", () => {
  const x = randomMatrix(2, 3, 4);
  const twice = (z: Tensor) => onOwnTape((y) => tf.mul(onOwnTape(wave, tf.tanh(y)), tf.sum(y)), z);
  const thrice = (z: Tensor) => onOwnTape((y) => tf.square(twice(tf.mul(y, 0.5))) as Scalar, z);
  const plain = (z: Tensor) => {
    const y = tf.mul(z, 0.5);
    return tf.square(tf.mul(wave(tf.tanh(y)), tf.sum(y))) as Scalar;
  };
  const [[value, gradient]] = bothWays(plain, x) as [[number, number[]]];
  for (const [found, slope] of bothWays(thrice, x)) {
    assertAlmostEquals(found, value, 1e-5 * Math.abs(value));
    assertClose(slope, gradient, 1e-5);
  }
  x.dispose();
});

engineTest("pullback() records nothing on the tape outside", () => {
  tf.tidy(() => {
    const [x, y] = [randomMatrix(1, 3, 4), randomMatrix(2, 3, 4)];
    const seen: unknown[] = [];
    const { gradients } = pullback(() => {
      const before = tf.mul(x, y);
      const tape = engineState();
      const value = withGradient([before], () => {
        const inside = engineState();
        const length = tape.activeTape!.length;
        const inner = pullback(() => {
          const own = engineState();
          assert(own.activeTape !== tape.activeTape);
          assertEquals([own.gradientDepth, own.kernelDepth], [1, 0]);
          // y gets no gradient of what happens here.
          return tf.sum(tf.mul(before, tf.exp(y)));
        }, () => [before, y]);
        assertEquals(tape.activeTape!.length, length);
        assertEquals(engineState(), inside);
        seen.push(...inner.gradients.map((gradient) => gradient!.shape));
        return { value: inner.value, pullBack: (dy) => [tf.fill([3, 4], 1).mul(dy)] };
      });
      assertEquals(engineState().gradientDepth, tape.gradientDepth);
      assert(engineState().activeTape === tape.activeTape);
      return value;
    }, () => [x, y]);
    assertEquals(seen, [[3, 4], [3, 4]]);
    assertClose(gradients[0]!, y, 1e-6);
    assertClose(gradients[1]!, x, 1e-6);
  });
});

engineTest("pullback() gives the outer tape back when the inner function, its targets or its cotangent throw", () => {
  const x = randomMatrix(1, 3, 4);
  const stop = (): never => {
    throw new RangeError("stop");
  };
  const faults: (() => unknown)[] = [
    () => pullback(() => (tf.tanh(tf.mul(x, x)), stop()), () => [x]),
    () => pullback(() => tf.sum(tf.tanh(x)), stop),
    () => pullback(() => tf.sum(tf.tanh(x)), () => [x], stop),
    // And where an op has no gradient.
    () => pullback(() => tf.sum(tf.cast(tf.greater(x, 0), "float32")), () => [x]),
  ];
  for (const fault of faults) {
    assertNewTensors(0, () => assertThrows(fault, Error));
    const run = (z: Tensor) => {
      const before = tf.square(z);
      const op = withGradient([before], () => {
        const state = engineState();
        assertThrows(fault, Error);
        assertEquals(engineState(), state);
        return { value: tf.sum(before), pullBack: (dy) => [tf.fill([3, 4], 1).mul(dy)] };
      });
      return tf.add(op, tf.sum(z)) as Scalar;
    };
    const idle = engineState();
    const expected = [...tf.tidy(() => tf.add(tf.mul(x, 2), 1)).dataSync()];
    assertNewTensors(0, () => {
      for (const [, gradient] of bothWays(run, x)) assertClose(gradient, expected, 1e-6);
    });
    assertEquals(engineState(), idle);
  }
  x.dispose();
});

engineTest("pullback() leaves nothing when what throws inside goes through to the outside", () => {
  const x = randomMatrix(1, 3, 4);
  const state = engineState();
  const run = () =>
    pullback(() => {
      const before = tf.tanh(tf.square(x));
      return onOwnTape((z) => {
        tf.exp(tf.tanh(z));
        throw new RangeError("stop");
      }, before);
    }, () => [x]);
  assertNewTensors(0, () => assertThrows(run, RangeError, "stop"));
  assertEquals(engineState(), state);
  assertNewTensors(1, () => tf.grad(wave)(x)).dispose();
  x.dispose();
});

engineTest("pullback() inside an op leaves its value and gradients only", () => {
  const x = randomMatrix(1, 3, 4);
  assertNewTensors(1, () => onOwnTape(wave, x)).dispose();
  const { value, gradients } = assertNewTensors(2, () => pullback(() => onOwnTape(wave, tf.tanh(x)), () => [x]));
  tf.dispose([value, gradients[0]!]);
  assertNewTensors(1, () => tf.grad((z) => onOwnTape(wave, tf.tanh(z)))(x)).dispose();
  x.dispose();
});

engineTest("pullback() may be used while an outer gradient is pulled back", () => {
  const x = randomMatrix(1, 3, 4);
  // The value is saved, and differentiated only when it is asked for.
  const late = (z: Tensor) =>
    withGradient([z], (save) => {
      save(() => [z]);
      return {
        value: wave(z),
        pullBack: (dy, [at]) => {
          const { value, gradients } = pullback(() => wave(at!), () => [at!]);
          value.dispose();
          return [tf.mul(gradients[0]!, dy)];
        },
      };
    }) as Scalar;
  const [[, gradient]] = bothWays((z) => tf.mul(wave(tf.tanh(z)), 3) as Scalar, x) as [[number, number[]]];
  const run = () => bothWays((z) => tf.mul(late(tf.tanh(z)), 3) as Scalar, x);
  for (const [, slope] of assertNewTensors(0, run)) assertClose(slope, gradient, 1e-5);
  x.dispose();
});

engineTest("pullback() is refused on a tape that is being recorded, but not in what is untaped", () => {
  const x = randomMatrix(1, 3, 4);
  const nested = () => pullback(() => tf.sum(x), () => [x]).value;
  assertNewTensors(0, () => assertThrows(() => pullback(nested, () => [x]), Error, "steps do not nest"));
  // Off the tape it runs, and what it gives is a constant.
  const { value, gradients } = pullback(() => tf.add(untaped(nested), tf.sum(x)) as Scalar, () => [x]);
  assertEquals([...gradients[0]!.dataSync()], Array(12).fill(1));
  tf.dispose([value, gradients[0]!, x]);
});
