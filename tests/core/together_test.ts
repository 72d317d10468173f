import * as tf from "@tensorflow/tfjs";
import { assertEquals } from "@std/assert";
import { type ChunkSource, chunkSource } from "../../core/_chunks.ts";
import type { ChunkShape } from "../../core/_chunking.ts";
import { NO_COST } from "../../core/_costs.ts";
import { layout } from "../../core/_layout.ts";
import { tokenSource } from "../../core/_sequences.ts";
import type { TokenBatch } from "../../core/mod.ts";
import { embeddingBag } from "../../encoders/mod.ts";
import { key } from "../../core/key.ts";
import { engineTest } from "../support/mod.ts";
import { fc } from "../support/properties.ts";

/** The rows that a source brings, read from a chunk on in groups that begin at multiples of their size. */
function rowsIn(source: ChunkSource, keep: number, together: number): number[][] {
  const cursor = source.open();
  cursor.skip(keep);
  const found: number[][] = [];
  for (let group = together - keep % together;; group = together) {
    const chunk = cursor.next(group);
    if (!chunk) return found;
    found.push(Array.from({ length: chunk.count }, (_, i) => chunk.rows?.[i] ?? chunk.first + i));
  }
}

engineTest("chunks read together are the same rows in the same order", () => {
  tf.tidy(() => {
    const whole = chunkSource(tf.zeros([11, 2]), 2, "rows");
    assertEquals(rowsIn(whole, 0, 1), [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9], [10]]);
    assertEquals(rowsIn(whole, 0, 4), [[0, 1, 2, 3, 4, 5, 6, 7], [8, 9, 10]]);
    assertEquals(rowsIn(whole, 3, 2), [[6, 7], [8, 9, 10]]);
    assertEquals(rowsIn(whole, 6, 4), []);

    const lengths = [3, 1, 2, 3, 1];
    const mask = tf.tensor2d(lengths.map((length) => [0, 1, 2].map((place) => place < length ? 1 : 0)));
    const batch: TokenBatch = { ids: tf.zeros([5, 3], "int32"), mask };
    const { sequences } = embeddingBag({ vocabulary: 4, dim: 2, hidden: 2, key: key(0) });
    const texts = tokenSource(batch, sequences! as never, 3, "texts");
    assertEquals(rowsIn(texts, 0, 1), [[1, 4], [2], [0], [3]]);
    assertEquals(rowsIn(texts, 1, 2), [[2], [0, 3]]);
    const cursor = texts.open();
    // As long as the longest of them.
    assertEquals((cursor.next(2)!.batch as TokenBatch).ids.shape, [3, 2]);
  });
});

Deno.test("a layout adds up groups of chunks as they are read", () => {
  const cost = ({ examples }: ChunkShape) => ({
    ...NO_COST,
    inferenceMs: 10 + examples,
    inferenceBytes: 100 * examples + 7,
    trainingMs: 3 * examples,
  });
  fc.assert(fc.property(
    fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 12 }),
    fc.integer({ min: 1, max: 5 }),
    (sizes, together) => {
      const shapes = sizes.map((examples) => ({ examples, length: 1 }));
      const made = layout(shapes, { limit: 9, together, rowBytes: 4, trained: true, sorted: false, cost });
      for (let kept = 0; kept <= sizes.length; kept++) {
        let [ms, bytes, rows, groups] = [0, 0, 0, 0];
        for (let from = kept; from < sizes.length;) {
          const to = Math.min(sizes.length, from + together - from % together);
          const examples = sizes.slice(from, to).reduce((sum, size) => sum + size, 0);
          ms += 10 + examples;
          bytes = Math.max(bytes, 4 * rows + 100 * examples + 7);
          rows += examples;
          groups++;
          from = to;
        }
        const training = 3 * sizes.reduce((sum, size) => sum + size, 0);
        const found = made.keep(kept);
        assertEquals([found.ms, found.representBytes], [
          training + ms,
          Math.max(bytes, groups > 1 ? 8 * rows : 0),
        ]);
      }
    },
  ));
});
