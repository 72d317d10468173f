import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { rowQueue } from "../../../samplers/memories/_row_queue.ts";
import { assertNewTensors, engineTest } from "../../support/mod.ts";
import { fc } from "../../support/properties.ts";

const DIM = 3;

/** Rows with these numbers in all places. */
function rowsOf(numbers: readonly number[]): tf.Tensor2D {
  return tf.tensor2d(numbers.flatMap((x) => Array(DIM).fill(x)), [numbers.length, DIM]);
}

/** The newest rows by their first numbers. */
function newest(queue: ReturnType<typeof rowQueue>, count = queue.length): number[] {
  return assertNewTensors(0, () => tf.tidy(() => queue.newest(count).arraySync().map(([first]) => first!)));
}

/** Writes rows, which must stay as they are. */
function write(queue: ReturnType<typeof rowQueue>, numbers: readonly number[]): tf.Tensor2D {
  const rows = rowsOf(numbers);
  queue.write(rows);
  return rows;
}

engineTest("rowQueue() is a list of which the newest are kept", () => {
  const action = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ does: fc.constant("write" as const), part: fc.double({ min: 0, max: 1, noNaN: true }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ does: fc.constant("replace" as const), part: fc.double({ min: 0, max: 1, noNaN: true }) }),
    },
    { weight: 1, arbitrary: fc.record({ does: fc.constant("forget" as const), part: fc.constant(0) }) },
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.array(action, { maxLength: 25 }), (size, actions) => {
      const queue = rowQueue(size);
      let list: number[] = [];
      let written = 0;
      const given: [tf.Tensor2D, number[]][] = [];
      for (const { does, part } of actions) {
        const numbers = Array.from({ length: 1 + Math.floor(part * (size - 1)) }, () => written++);
        if (does === "write") given.push([write(queue, numbers), numbers]);
        if (does === "replace") {
          given.push([rowsOf(numbers), numbers]);
          queue.replace(given.at(-1)![0]);
        }
        if (does === "forget") queue.replace(undefined);
        list = does === "write" ? [...list, ...numbers].slice(-size) : does === "replace" ? numbers : [];
        assertEquals([queue.length, queue.dim], [list.length, list.length > 0 ? DIM : undefined]);
        if (list.length === 0) continue;
        assertEquals(newest(queue), list);
        const some = 1 + Math.floor(part * (list.length - 1));
        assertEquals(newest(queue, some), list.slice(-some));
      }
      // What was given is neither taken nor written to.
      for (const [rows, numbers] of given) assertEquals(rows.arraySync().map(([first]) => first), numbers);
      tf.dispose(given.map(([rows]) => rows));
      queue.replace(undefined);
    }),
    { numRuns: 60 },
  );
});

engineTest("rowQueue() goes round many times in writes of any size", () => {
  for (const count of [1, 3, 9, 15, 16]) {
    const queue = rowQueue(16);
    for (let first = 0; first < 200; first += count) {
      const numbers = Array.from({ length: count }, (_, i) => first + i);
      write(queue, numbers).dispose();
      const end = first + count;
      assertEquals(newest(queue), Array.from({ length: Math.min(16, end) }, (_, i) => end - Math.min(16, end) + i));
    }
    queue.replace(undefined);
  }
});

engineTest("rowQueue() holds one tensor, on a tape as well, and is let go of", () => {
  const x = tf.ones<tf.Rank.R2>([2, DIM]);
  const queue = assertNewTensors(0, () => rowQueue(5));
  const written = () =>
    tf.dispose(
      tf.grad((x) => {
        queue.write(tf.mul(x, 2) as tf.Tensor2D);
        // Its rows are constants: the tape takes no copy of the table.
        assertNewTensors(1, () => queue.newest(2));
        return tf.sum(tf.mul(x, queue.newest(2)));
      })(x),
    );
  assertNewTensors(1, written);
  for (let i = 0; i < 8; i++) assertNewTensors(0, written);
  assertEquals(newest(queue), [2, 2, 2, 2, 2]);
  assertNewTensors(-1, () => queue.replace(undefined));
  x.dispose();
});

engineTest("rowQueue() takes up rows of another width once it is empty", () => {
  const queue = rowQueue(4);
  write(queue, [1, 2, 3]).dispose();
  queue.replace(undefined);
  const wide = tf.tensor2d([[1, 2, 3, 4]]);
  queue.write(wide);
  assertEquals([queue.dim, tf.tidy(() => queue.newest(1).arraySync())], [4, [[1, 2, 3, 4]]]);
  queue.replace(undefined);
  wide.dispose();
});
