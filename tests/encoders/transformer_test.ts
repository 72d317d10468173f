import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { key } from "../../core/mod.ts";
import { disposeParams, transformer } from "../../encoders/mod.ts";
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
  type Rows,
  shake,
  texts,
  valuesOf,
} from "./checks.ts";

const tokens = [[3, 1, 4, 1], [5], [9, 2, 6], [7, 7]];
const sizes = { vocabulary: 10, maxLength: 6, width: 4, heads: 2, layers: 2, mlp: 6 };

/** The transformer on the tokens of one text, without padding, by loops. */
function transformerLoop(encoder: Owner, text: number[], heads: number, layers: number): number[] {
  const [table, positions] = [valuesOf(encoder, "table"), valuesOf(encoder, "positions")];
  let rows: Rows = text.map((id, place) => plus(table[id]!, positions[place]!));
  for (let layer = 0; layer < layers; layer++) {
    const name = `layer${layer}`;
    const attended = attendLoop(encoder, `${name}/attention`, rows, heads);
    rows = rows.map((row, i) => plus(row, attended[i]!));
    rows = rows.map((row) => {
      const hidden = affineLoop(encoder, `${name}/mlp/hidden`, normLoop(encoder, `${name}/mlp/norm`, row));
      return plus(row, affineLoop(encoder, `${name}/mlp/output`, hidden.map(geluLoop)));
    });
  }
  const normal = rows.map((row) => normLoop(encoder, "norm", row));
  return normal[0]!.map((_, j) => normal.reduce((sum, row) => sum + row[j]!, 0) / normal.length);
}

function attendLoop(encoder: Owner, name: string, rows: Rows, heads: number): Rows {
  const projected = rows.map((row) =>
    affineLoop(encoder, `${name}/projection`, normLoop(encoder, `${name}/norm`, row))
  );
  const width = rows[0]!.length;
  const depth = width / heads;
  return rows.map((_, i) => {
    const joined: number[] = [];
    for (let head = 0; head < heads; head++) {
      const part = (row: number[], which: number) =>
        row.slice(which * width + head * depth, which * width + (head + 1) * depth);
      const scores = projected.map((row) => dot(part(projected[i]!, 0), part(row, 1)) / Math.sqrt(depth));
      const total = scores.reduce((sum, score) => sum + Math.exp(score), 0);
      for (let j = 0; j < depth; j++) {
        joined.push(projected.reduce((sum, row, at) => sum + Math.exp(scores[at]!) / total * part(row, 2)[j]!, 0));
      }
    }
    return affineLoop(encoder, `${name}/output`, joined);
  });
}

function plus(a: number[], b: number[]): number[] {
  return a.map((value, i) => value + b[i]!);
}

engineTest("transformer() agrees with loops over texts, heads and places", () => {
  const encoder = transformer({ ...sizes, normalize: false, key: key(1) });
  shake(encoder);
  tf.tidy(() => {
    const expected = tokens.map((text) => transformerLoop(encoder, text, sizes.heads, sizes.layers));
    assertClose(encoder.encode(texts(tokens, 4), contextOf([0])), expected.flat(), 1e-5);
  });
  disposeParams(encoder.params);
});

engineTest("transformer() projects and scales to length 1", () => {
  const encoder = transformer({ ...sizes, outputs: 3, key: key(1) });
  shake(encoder);
  tf.tidy(() => {
    const expected = tokens.map((text) => {
      const mean = transformerLoop(encoder, text, sizes.heads, sizes.layers);
      const projected = affineLoop(encoder, "output", mean);
      return projected.map((value) => value / Math.sqrt(dot(projected, projected)));
    });
    assertClose(encoder.encode(texts(tokens, 4), contextOf([0])), expected.flat(), 1e-5);
  });
  disposeParams(encoder.params);
});

engineTest("transformer() does not see padding, in training neither", () => {
  const encoder = transformer({ ...sizes, dropout: 0.3, key: key(1) });
  for (const training of [false, true]) {
    tf.tidy(() => {
      const short = encoder.encode(texts(tokens, 4), contextOf([0, 1, 2, 3], training));
      const long = encoder.encode(texts(tokens, 6, 8), contextOf([0, 1, 2, 3], training));
      assertClose(long, short, 1e-6, `training ${training}`);
    });
  }
  disposeParams(encoder.params);
});

engineTest("transformer() sees the order of tokens", () => {
  const encoder = transformer({ ...sizes, key: key(1) });
  tf.tidy(() => {
    const values = encoder.encode(texts([[1, 2, 3], [3, 2, 1]], 3), contextOf([0, 1]));
    const [one, other] = tf.unstack(values);
    assert(tf.max(tf.abs(tf.sub(one!, other!))).dataSync()[0]! > 1e-3);
  });
  disposeParams(encoder.params);
});

engineTest("transformer() gives a text without tokens a finite representation and finite gradients", () => {
  const encoder = transformer({ ...sizes, key: key(1) });
  tf.tidy(() => {
    const batch = texts([[], [1]], 3);
    const values = encoder.encode(batch, contextOf([0, 1]));
    const gradients = tf.grads(() => encoder.encode(batch, contextOf([0, 1])))(Object.values(encoder.params));
    for (const tensor of [values, ...gradients]) assert(tensor.dataSync().every(Number.isFinite));
  });
  disposeParams(encoder.params);
});

engineTest("transformer() treats each example alone and drops by row", () => {
  const encoder = transformer({ ...sizes, width: 8, dropout: 0.3, key: key(1) });
  tf.tidy(() => {
    const batch = texts(tokens, 4);
    assertPerExample(encoder, batch);
    assertDrops(encoder, batch);
  });
  disposeParams(encoder.params);
});

engineTest("transformer() gives every parameter its gradient", () => {
  const encoder = transformer({ ...sizes, outputs: 3, dropout: 0.2, key: key(1) });
  shake(encoder);
  tf.tidy(() => assertGradients(encoder, texts(tokens, 4)));
  disposeParams(encoder.params);
});

engineTest("transformer() needs no more memory for more layers where there is no tape", async () => {
  const peaks = [];
  for (const layers of [1, 4]) {
    const encoder = transformer({ ...sizes, layers, key: key(1) });
    const batch = texts(tokens, 4);
    const before = tf.memory().numBytes;
    const { peakBytes } = await tf.profile(() => encoder.encode(batch, contextOf([0, 1, 2, 3])).dispose());
    peaks.push(peakBytes - before);
    tf.dispose(batch);
    disposeParams(encoder.params);
  }
  assertEquals(peaks[1], peaks[0]);
});

engineTest("transformer() draws its parameters from the key alone, under stable names", () => {
  const make = () => transformer({ ...sizes, layers: 1, key: key(1) });
  const [one, same] = [make(), make()];
  for (const name of Object.keys(one.params)) assertEquals(valuesOf(one, name), valuesOf(same, name));
  assertEquals(Object.keys(one.params), [
    "table",
    "positions",
    "layer0/attention/norm/scale",
    "layer0/attention/norm/shift",
    "layer0/attention/projection/kernel",
    "layer0/attention/projection/bias",
    "layer0/attention/output/kernel",
    "layer0/attention/output/bias",
    "layer0/mlp/norm/scale",
    "layer0/mlp/norm/shift",
    "layer0/mlp/hidden/kernel",
    "layer0/mlp/hidden/bias",
    "layer0/mlp/output/kernel",
    "layer0/mlp/output/bias",
    "norm/scale",
    "norm/shift",
  ]);
  [one, same].forEach(({ params }) => disposeParams(params));
});

engineTest("transformer() names the option that is wrong, before it makes anything", () => {
  const valid = { ...sizes, key: key(1) };
  const table = tf.variable(tf.zeros([9, 4]));
  assertNewTensors(0, () => {
    for (const name of ["vocabulary", "maxLength", "width", "heads", "layers", "mlp", "outputs"]) {
      assertThrows(() => transformer({ ...valid, [name]: 0 }), RangeError, `${name} is 0, expected a positive integer`);
    }
    assertThrows(() => transformer({ ...valid, heads: 3 }), RangeError, "heads is 3, expected a divisor of width 4");
    assertThrows(() => transformer({ ...valid, dropout: 1 }), RangeError, "dropout is 1");
    assertThrows(() => transformer({ ...valid, table }), RangeError, "table has shape [9,4], expected [10,4]");
  });
  table.dispose();
});

engineTest("transformer() refuses texts longer than its positions", () => {
  const encoder = transformer({ ...sizes, key: key(1) });
  tf.tidy(() => {
    const batch = texts(tokens, 7);
    const message = "texts have 7 tokens, expected at most maxLength 6";
    assertNewTensors(0, () => assertThrows(() => encoder.encode(batch, contextOf([0])), RangeError, message));
  });
  disposeParams(encoder.params);
});
