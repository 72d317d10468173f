import { assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { eachPositive, type PositiveSlot } from "../../core/mod.ts";
import { slotsUnread } from "../../core/ops/pairs/positive_slots.ts";
import { assertNewTensors, engineTest } from "../support/mod.ts";
import { fc } from "../support/properties.ts";

const masks = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 6 })).chain(([rows, columns]) =>
  fc.array(fc.array(fc.boolean(), { minLength: columns, maxLength: columns }), { minLength: rows, maxLength: rows })
);

function maskOf(rows: readonly (readonly boolean[])[]): tf.Tensor2D {
  return tf.tensor2d(rows.map((row) => row.map(Number)), [rows.length, rows[0]!.length], "bool");
}

/** The columns that slots name for each row, and how many slots there are. */
function collect(rows: number, visits: (visit: (slot: PositiveSlot) => void) => void) {
  const columns: number[][] = Array.from({ length: rows }, () => []);
  let slots = 0;
  visits(({ index, valid }) => {
    slots++;
    assertEquals([index.dtype, valid.dtype, valid.shape], ["int32", "bool", [rows, 1]]);
    const [at, is] = [index.dataSync(), valid.dataSync()];
    for (let row = 0; row < rows; row++) {
      if (is[row]) columns[row]!.push(at[row]!);
      else assertEquals(at[row], 0);
    }
  });
  return { columns, slots };
}

engineTest("eachPositive() visits every positive of every row once, in order", () => {
  fc.assert(
    fc.property(masks, (mask) => {
      const expected = mask.map((row) => row.flatMap((is, column) => is ? [column] : []));
      const positive = maskOf(mask);
      const { columns, slots } = assertNewTensors(
        0,
        () => collect(mask.length, (visit) => eachPositive(positive, visit)),
      );
      assertEquals(columns, expected);
      assertEquals(slots, Math.max(...expected.map((row) => row.length)));
      const unread = assertNewTensors(0, () =>
        collect(mask.length, (visit) => {
          for (const slot of slotsUnread(positive)) {
            visit(slot);
            tf.dispose([slot.index, slot.valid]);
          }
        }));
      assertEquals(unread, { columns: expected, slots: mask[0]!.length });
      positive.dispose();
    }),
    { numRuns: 25 },
  );
});

engineTest("eachPositive() leaves nothing when a visit throws", () => {
  const positive = maskOf([[true, true], [false, true]]);
  const broken = () =>
    eachPositive(positive, () => {
      throw new RangeError("no");
    });
  assertNewTensors(0, () => assertThrows(broken, RangeError, "no"));
  positive.dispose();
});
