import * as tf from "@tensorflow/tfjs";
import { assertEquals } from "@std/assert";
import { dropoutMask, key, stream, type Tensor } from "../../core/mod.ts";
import { dropout } from "../../core/ops/mod.ts";
import { assertClose, assertNewTensors, engineTest } from "../support/mod.ts";
import { random } from "./_ops_support.ts";

engineTest("dropout() scales what it keeps, and its gradient passes where the value does", () => {
  tf.tidy(() => {
    const context = { training: true, key: key(3), rows: Int32Array.of(4, 9) };
    const x = tf.ones([2, 1000]);
    const values = assertNewTensors(1, () => dropout(x, 0.25, context, "a")).dataSync();
    const dropped = values.filter((value) => value === 0).length;
    assertEquals(values.filter((value) => Math.abs(value - 4 / 3) < 1e-6).length, 2000 - dropped);
    assertClose([dropped / 2000], [0.25], 0.1, "share of zeros");
    const gradient = assertNewTensors(1, () => tf.grad((x: Tensor) => dropout(x, 0.25, context, "a"))(x));
    assertEquals(gradient.dataSync(), values);
  });
});

Deno.test("dropoutMask() draws two entries from each number of a row's stream", () => {
  for (const [perRow, rate] of [[1, 0.5], [6, 0.1], [7, 0.9], [3, 0]] as const) {
    const expected = [8, 0, 3].flatMap((row) => {
      const next = stream(key(4), row);
      const halves = Array.from({ length: Math.ceil(perRow / 2) }, next).flatMap((
        bits,
      ) => [bits & 0xffff, bits >>> 16]);
      return halves.slice(0, perRow).map((half) => half < Math.round(rate * 0x10000) ? 0 : Math.fround(1 / (1 - rate)));
    });
    assertEquals([...dropoutMask(key(4), [8, 0, 3], perRow, rate)], expected);
  }
});

engineTest("dropout() draws by row and layer, whatever the chunk and the padding", () => {
  tf.tidy(() => {
    const draw = (rows: number[], length: number, name = "a") =>
      dropout(
        tf.ones([rows.length * length, 6]),
        0.5,
        { training: true, key: key(3), rows: Int32Array.from(rows) },
        name,
      ).dataSync();
    const whole = draw([0, 1, 2, 3], 4);
    assertEquals(draw([2, 3], 4), whole.subarray(48));
    assertEquals([...draw([3, 0], 4)], [...whole.subarray(72), ...whole.subarray(0, 24)]);
    assertEquals(draw([1], 2), whole.subarray(24, 36));
    assertEquals(String(draw([0, 1, 2, 3], 4, "b")) === String(whole), false);
  });
});

engineTest("dropout() changes nothing outside training and at rate 0", () => {
  tf.tidy(() => {
    const x = random("x", [3, 4]);
    for (const [training, rate] of [[false, 0.9], [true, 0]] as const) {
      const context = { training, key: key(3), rows: Int32Array.of(0, 1, 2) };
      assertEquals(assertNewTensors(1, () => dropout(x, rate, context, "a")).dataSync(), x.dataSync());
    }
  });
});
