import * as tf from "@tensorflow/tfjs";
import { key, uniform } from "../../core/mod.ts";
import { sumOverRows } from "../../core/ops/_sum_rows.ts";
import { assertClose, assertNewTensors, engineTest } from "../support/mod.ts";

engineTest("sumOverRows() agrees with an exact sum for any number of rows, also where it is long", () => {
  for (const rows of [1, 2, 255, 256, 257, 1000, 1024, 32771]) {
    const width = 3;
    const values = uniform(key(rows), [0], rows * width);
    const exact = new Float64Array(width);
    values.forEach((value, i) => exact[i % width]! += value);
    const x = tf.tensor2d(values, [rows, width]);
    const sum = assertNewTensors(1, () => sumOverRows(x));
    assertClose(sum, exact, 3e-7, `sum of ${rows} rows`);
    tf.dispose([x, sum]);
  }
});
