import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { key } from "../../core/mod.ts";
import { countParameters, disposeParams, embeddingBag } from "../../encoders/mod.ts";
import { assertClose, assertNewTensors, engineTest } from "../support/mod.ts";
import {
  affineLoop,
  assertDrops,
  assertGradients,
  assertPerExample,
  contextOf,
  dot,
  geluLoop,
  normLoop,
  type Owner,
  shake,
  texts,
  valuesOf,
} from "./checks.ts";

const tokens = [[3, 1, 4, 1], [5], [9, 2, 6], [7, 7]];

function bagLoop(bag: Owner, text: number[], outputs: boolean, normalize: boolean): number[] {
  const table = valuesOf(bag, "table");
  const sum = table[0]!.map((_, j) => text.reduce((total, id) => total + table[id]![j]!, 0));
  const mean = normLoop(bag, "norm", sum.map((value) => value / Math.max(text.length, 1)));
  const added = affineLoop(bag, "residual", affineLoop(bag, "hidden", mean).map(geluLoop));
  const joined = mean.map((value, i) => value + added[i]!);
  const result = outputs ? affineLoop(bag, "output", joined) : joined;
  return normalize ? result.map((value) => value / Math.sqrt(dot(result, result))) : result;
}

engineTest("embeddingBag() agrees with loops over tokens", () => {
  for (const [outputs, normalize] of [[undefined, true], [3, true], [5, false]] as const) {
    const encoder = embeddingBag({
      vocabulary: 10,
      dim: 4,
      hidden: 6,
      normalize,
      key: key(1),
      ...(outputs && { outputs }),
    });
    shake(encoder);
    tf.tidy(() => {
      const expected = [...tokens, []].map((text) => bagLoop(encoder, text, !!outputs, normalize));
      const actual = encoder.encode(texts([...tokens, []], 4), contextOf([0]));
      assertClose(actual, expected.flat(), 1e-5);
    });
    disposeParams(encoder.params);
  }
});

engineTest("embeddingBag() does not see padding, in training neither", () => {
  const encoder = embeddingBag({ vocabulary: 10, dim: 8, dropout: 0.3, key: key(1) });
  for (const training of [false, true]) {
    tf.tidy(() => {
      const short = encoder.encode(texts(tokens, 4), contextOf([0, 1, 2, 3], training));
      const long = encoder.encode(texts(tokens, 9, 8), contextOf([0, 1, 2, 3], training));
      assertClose(long, short, 1e-6);
    });
  }
  disposeParams(encoder.params);
});

engineTest("embeddingBag() gives a text without tokens a finite representation and finite gradients", () => {
  const encoder = embeddingBag({ vocabulary: 10, dim: 8, key: key(1) });
  tf.tidy(() => {
    const batch = texts([[], []], 3);
    const values = encoder.encode(batch, contextOf([0, 1]));
    const gradients = tf.grads(() => encoder.encode(batch, contextOf([0, 1])))(Object.values(encoder.params));
    for (const tensor of [values, ...gradients]) assert(tensor.dataSync().every(Number.isFinite));
  });
  disposeParams(encoder.params);
});

engineTest("embeddingBag() takes the mask for weights", () => {
  const encoder = embeddingBag({ vocabulary: 10, dim: 8, key: key(1) });
  tf.tidy(() => {
    const ids = tf.tensor2d([[3, 4, 0]], [1, 3], "int32");
    const twice = encoder.encode(texts([[3, 4, 3]], 3), contextOf([0]));
    assertClose(encoder.encode({ ids, mask: tf.tensor2d([[0.5, 0.25, 0]]) }, contextOf([0])), twice, 1e-6);
  });
  disposeParams(encoder.params);
});

engineTest("embeddingBag() treats each example alone and drops by row", () => {
  const encoder = embeddingBag({ vocabulary: 10, dim: 8, dropout: 0.3, key: key(1) });
  tf.tidy(() => {
    const batch = texts(tokens, 4);
    assertPerExample(encoder, batch);
    assertDrops(encoder, batch);
  });
  disposeParams(encoder.params);
});

engineTest("embeddingBag() gives every parameter its gradient", () => {
  const encoder = embeddingBag({ vocabulary: 10, dim: 6, hidden: 7, outputs: 5, dropout: 0.2, key: key(1) });
  shake(encoder);
  tf.tidy(() => assertGradients(encoder, texts(tokens, 4)));
  disposeParams(encoder.params);
});

engineTest("embeddingBag() shares a table that it is given", () => {
  const first = embeddingBag({ vocabulary: 10, dim: 4, key: key(1) });
  const second = embeddingBag({ vocabulary: 10, dim: 4, table: first.params.table!, key: key(2) });
  assert(second.params.table === first.params.table);
  assertEquals(countParameters({ ...first.params, again: first.params.table! }), countParameters(first.params));
  assertEquals(
    String(valuesOf(first, "hidden/kernel")) === String(valuesOf(second, "hidden/kernel")),
    false,
  );
  disposeParams({ ...first.params });
  const { table: _, ...rest } = second.params;
  disposeParams(rest);
});

engineTest("embeddingBag() draws its parameters from the key alone", () => {
  const make = () => embeddingBag({ vocabulary: 10, dim: 4, key: key(1) });
  const [one, same] = [make(), make()];
  for (const name of Object.keys(one.params)) assertEquals(valuesOf(one, name), valuesOf(same, name));
  [one, same].forEach(({ params }) => disposeParams(params));
});

engineTest("embeddingBag() names the option that is wrong, before it makes anything", () => {
  const valid = { vocabulary: 10, dim: 4, key: key(1) };
  const table = tf.variable(tf.zeros([10, 5]));
  assertNewTensors(0, () => {
    assertThrows(() => embeddingBag({ ...valid, vocabulary: 0 }), RangeError, "vocabulary is 0");
    assertThrows(() => embeddingBag({ ...valid, dim: 1.5 }), RangeError, "dim is 1.5");
    assertThrows(() => embeddingBag({ ...valid, hidden: -1 }), RangeError, "hidden is -1");
    assertThrows(() => embeddingBag({ ...valid, outputs: 0 }), RangeError, "outputs is 0");
    assertThrows(() => embeddingBag({ ...valid, dropout: NaN }), RangeError, "dropout is NaN");
    assertThrows(() => embeddingBag({ ...valid, table }), RangeError, "table has shape [10,5], expected [10,4]");
  });
  table.dispose();
});

engineTest("embeddingBag() refuses batches that are not tokens and a mask", () => {
  const encoder = embeddingBag({ vocabulary: 10, dim: 4, key: key(1) });
  tf.tidy(() => {
    const { ids, mask } = texts(tokens, 4);
    const shorter = tf.ones<tf.Rank.R2>([4, 3]);
    assertNewTensors(0, () => {
      assertThrows(() => encoder.encode({ ids } as never, contextOf([0])), TypeError, "no ids or no mask");
      assertThrows(() => encoder.encode({ ids, mask: shorter }, contextOf([0])), RangeError, "the mask [4,3]");
      assertThrows(() => encoder.encode({ ids: mask, mask }, contextOf([0])), TypeError, "int32");
    });
  });
  disposeParams(encoder.params);
});
