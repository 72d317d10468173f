import * as tf from "@tensorflow/tfjs";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { cachedStep, type Encoder, key, type Loss, type Params, sgd, type Tensor2D, tiled } from "../../core/mod.ts";
import { mlp, momentumEncoder } from "../../encoders/mod.ts";
import { infoNCE } from "../../losses/info_nce.ts";
import { crossBatchMemory } from "../../samplers/mod.ts";
import { assertClose, assertNewTensors, engineTest, free, randomMatrix, tinyEncoder } from "../support/mod.ts";

/** An encoder that does nothing, with variables of some values. */
function holding(values: { readonly [name: string]: tf.Tensor }): Encoder<Tensor2D> {
  const params: Params = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, tf.variable(value)]),
  );
  return { params, encode: (batch) => tf.clone(batch) };
}

const read = (encoder: Encoder<Tensor2D>) =>
  Object.fromEntries(Object.entries(encoder.params).map(([name, variable]) => [name, [...variable.dataSync()]]));

const dispose = (...encoders: Encoder<Tensor2D>[]) =>
  tf.dispose(encoders.flatMap(({ params }) => Object.values(params)));

engineTest("momentumEncoder() copies the trained parameters, and follows them by its momentum", () => {
  const [from, to] = [
    holding({ kernel: tf.tensor2d([[1, 2], [3, 4]]), bias: tf.tensor1d([8]) }),
    holding({ kernel: tf.tensor2d([[9, 9], [9, 9]]), bias: tf.tensor1d([-1]) }),
  ];
  const keys = momentumEncoder({ from, to, momentum: 0.75 });
  assertEquals(read(to), { kernel: [1, 2, 3, 4], bias: [8] });
  // θₖ ← 0.75 θₖ + 0.25 θ by hand, for a trained encoder that moves on.
  from.params["kernel"]!.assign(tf.tensor2d([[5, 2], [-1, 0]]));
  from.params["bias"]!.assign(tf.tensor1d([0]));
  assertEquals(read(to), { kernel: [1, 2, 3, 4], bias: [8] });
  keys.update();
  assertEquals(read(to), { kernel: [2, 2, 2, 3], bias: [6] });
  keys.update();
  assertEquals(read(to), { kernel: [2.75, 2, 1.25, 2.25], bias: [4.5] });
  from.params["bias"]!.assign(tf.tensor1d([-3.5]));
  keys.update();
  assertEquals(read(to)["bias"], [2.5]);
  assertEquals(read(from), { kernel: [5, 2, -1, 0], bias: [-3.5] });
  dispose(from, to);
});

engineTest("momentumEncoder() stays at momentum 1, copies at 0, and moves by a thousandth if nothing is said", () => {
  for (const [momentum, expected] of [[1, 2], [0, 4], [undefined, 2.002]] as const) {
    const [from, to] = [holding({ bias: tf.tensor1d([2]) }), holding({ bias: tf.tensor1d([7]) })];
    const keys = momentumEncoder({ from, to, ...(momentum === undefined ? {} : { momentum }) });
    from.params["bias"]!.assign(tf.tensor1d([4]));
    keys.update();
    assertAlmostEquals(read(to)["bias"]![0]!, expected, 1e-6);
    dispose(from, to);
  }
});

engineTest("momentumEncoder() encodes as its parameters are, frozen and without random layers", () => {
  const make = (seed: number) => tinyEncoder({ seed, dropout: 0.5, name: `encoder ${seed}` });
  const [from, to] = [make(1), make(2)];
  const { encoder, update } = momentumEncoder({ from, to, momentum: 0.5 });
  assertEquals([encoder.frozen, encoder.params, encoder.name], [true, {}, "encoder 2"]);
  tf.tidy(() => {
    const x = randomMatrix(3, 5, 4);
    const rows = Int32Array.from({ length: 5 }, (_, i) => i);
    const encode = (encoder: Encoder<Tensor2D>, training: boolean) =>
      encoder.encode(x, { training, key: key(0), rows });
    assertEquals(encode(encoder, true).dataSync(), encode(from, false).dataSync());
    from.params["first"]!.assign(tf.zerosLike(from.params["first"]! as tf.Tensor));
    update();
    assertEquals(encode(encoder, true).dataSync(), encode(to, false).dataSync());
    assert(encode(from, false).abs().max().dataSync()[0] === 0 && encode(encoder, true).abs().max().dataSync()[0]! > 0);
  });
  dispose(from, to);
});

engineTest("momentumEncoder() leaves nothing behind, neither when it is made nor at an update", () => {
  const [from, to] = [tinyEncoder({ seed: 1 }), tinyEncoder({ seed: 2 })];
  const { update } = assertNewTensors(0, () => momentumEncoder({ from, to }));
  for (let i = 0; i < 3; i++) assertNewTensors(0, update);
  dispose(from, to);
});

engineTest("momentumEncoder() names what is wrong, and changes nothing", () => {
  const base = () => holding({ kernel: tf.tensor2d([[1, 2]]), bias: tf.tensor1d([3]) });
  const from = base();
  const shared = { ...base(), params: { ...base().params, bias: from.params["bias"]! } };
  const faults: [Encoder<Tensor2D>, number, string][] = [
    [base(), -0.1, "Cannot follow an encoder: momentum is -0.1, expected a number from 0 to 1"],
    [base(), 1.1, "momentum is 1.1"],
    [base(), NaN, "momentum is NaN"],
    [holding({ kernel: tf.tensor2d([[7, 7]]) }), 0.5, "it has parameters kernel, bias, the other kernel"],
    [holding({ kernel: tf.tensor2d([[7, 7]]), shift: tf.tensor1d([7]) }), 0.5, "the other kernel, shift"],
    [
      holding({ kernel: tf.tensor2d([[7, 7]]), bias: tf.tensor1d([7, 7]) }),
      0.5,
      "Cannot follow an encoder: bias is float32 [1], the other's float32 [2]",
    ],
    [shared, 0.5, "both have the same variable bias"],
  ];
  for (const [to, momentum, message] of faults) {
    const before = read(to);
    assertThrows(() => momentumEncoder({ from, to, momentum }), RangeError, message);
    assertEquals([read(to), read(from)], [before, { kernel: [1, 2], bias: [3] }]);
  }
});

engineTest("momentumEncoder() changes nothing where a variable is of another kind", () => {
  const from = holding({ kernel: tf.tensor2d([[1, 2]]), bias: tf.tensor1d([3]) });
  const to = holding({ kernel: tf.tensor2d([[7, 7]]), bias: tf.tensor1d([7], "int32") });
  assertThrows(() => momentumEncoder({ from, to }), Error);
  assertEquals(read(to), { kernel: [7, 7], bias: [7] });
  dispose(from, to);
});

engineTest("momentumEncoder() gets no gradient in a step beside the trained encoder", () => {
  const make = (seed: number) => mlp({ inputs: 4, outputs: 3, key: key(seed) });
  const [from, to] = [make(1), make(2)];
  const { encoder } = momentumEncoder({ from, to });
  const inputs = [randomMatrix(3, 6, 4), randomMatrix(4, 6, 4)];
  const before = read(to);
  const step = cachedStep({ encoders: [from, encoder], loss: infoNCE({ temperature: 0.2 }), chunkSize: 4 });
  assertEquals(Object.keys(step.params), Object.keys(from.params).map((name) => `encoder0/${name}`));
  const result = step(inputs, key(0));
  assertEquals(Object.keys(result.gradients), Object.keys(step.params));
  // The same gradient as with keys that are constants.
  const keys = tf.tidy(() => encoder.encode(inputs[1]!, { training: true, key: key(0), rows: new Int32Array(6) }));
  const constants: Encoder<Tensor2D> = { params: {}, frozen: true, encode: (batch) => tf.clone(batch) };
  const loss = infoNCE({ temperature: 0.2 });
  const expected = cachedStep({ encoders: [from, constants], loss, chunkSize: 6 })([inputs[0]!, keys], key(0));
  for (const [name, gradient] of Object.entries(expected.gradients)) {
    assertClose(result.gradients[name]!, gradient, 1e-6, name);
  }
  assertEquals(read(to), before);
  free(result, expected);
  dispose(from, to);
  tf.dispose([...inputs, keys]);
});

/** Momentum contrast over some steps: the losses, the queries, the trained parameters, those of the keys, and the queue. */
async function momentumContrast(chunkSize: number, steps: number) {
  const make = (seed: number) => tinyEncoder({ seed, dropout: 0.2 });
  const [query, target] = [make(1), make(2)];
  const keys = momentumEncoder({ from: query, to: target, momentum: 0.9 });
  const memory = crossBatchMemory({ size: 18, convention: "joint" });
  const tiles = tiled(infoNCE({ temperature: 0.2 }), { memory });
  const queries: number[][][] = [];
  const loss: Loss = (matrices, context) => {
    queries.push(matrices[0]!.arraySync());
    return tiles(matrices, context);
  };
  const step = cachedStep({ encoders: [query, keys.encoder], loss, chunkSize });
  const optimizer = sgd({ learningRate: 0.3 });
  const losses: number[] = [];
  for (let s = 0; s < steps; s++) {
    const images = randomMatrix(10 + s, 7, 4);
    const views = tf.tidy(() =>
      [1, 2].map((view) => tf.add(images, tf.mul(randomMatrix(100 * view + s, 7, 4), 0.1)) as Tensor2D)
    );
    const result = step(views, key(s));
    losses.push(result.loss.dataSync()[0]!);
    optimizer.update(step.params, result.gradients);
    keys.update();
    free(result);
    tf.dispose([images, ...views]);
    assertEquals(memory.length, Math.min(18, 7 * (s + 1)));
  }
  const found = { losses, queries, query: read(query), keys: read(target), queue: await memory.save() };
  memory.dispose();
  dispose(query, target);
  return found;
}

engineTest("momentumEncoder() with a queue is momentum contrast, the same in chunks of any size", async () => {
  const before = tf.memory().numTensors;
  const steps = 4;
  const whole = await momentumContrast(7, steps);
  assertEquals(tf.memory().numTensors, before);
  assert(whole.losses.every(Number.isFinite));
  for (const chunkSize of [1, 3]) {
    const chunked = await momentumContrast(chunkSize, steps);
    assertClose(chunked.losses, whole.losses, 1e-6);
    assertClose(chunked.queue.representations, whole.queue.representations, 1e-6);
    for (const name of Object.keys(whole.query)) {
      assertClose(chunked.query[name]!, whole.query[name]!, 1e-6, name);
      assertClose(chunked.keys[name]!, whole.keys[name]!, 1e-6, name);
    }
  }
});

engineTest("momentumEncoder() with a queue contrasts queries with keys of now and of before", async () => {
  const one = await momentumContrast(7, 1);
  const two = await momentumContrast(7, 2);
  assertEquals(two.losses[0], one.losses[0]);
  // The second step's loss by loops: its queries, its keys and those of the first step, which the queue holds in order.
  const stored = [...two.queue.representations];
  assertEquals(stored.slice(0, 21), [...one.queue.representations]);
  const row = (i: number) => stored.slice(3 * i, 3 * i + 3);
  const cosine = (a: readonly number[], b: readonly number[]) =>
    a.reduce((sum, x, j) => sum + x * b[j]!, 0) / (Math.hypot(...a) * Math.hypot(...b));
  const queries = two.queries.at(-1)!;
  const terms = queries.map((query, i) => {
    const exponentials = Array.from({ length: 14 }, (_, j) => Math.exp(cosine(query, row(j)) / 0.2));
    return Math.log(exponentials.reduce((sum, x) => sum + x)) - cosine(query, row(7 + i)) / 0.2;
  });
  assertAlmostEquals(two.losses[1]!, terms.reduce((sum, x) => sum + x) / 7, 1e-5);
});
