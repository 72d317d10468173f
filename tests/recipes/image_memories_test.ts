import { assertAlmostEquals, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { fold, key, type Tensor2D, type Tensor4D, uniform } from "../../core/mod.ts";
import { pairWeighting } from "../../losses/mod.ts";
import { type MemoryChoice, remember } from "../../recipes/images/memories.ts";
import { queriesAgainstKeys } from "../../recipes/images/queries_against_keys.ts";
import { assertClose, assertNewTensors, engineTest } from "../support/mod.ts";
import { dot, linearEncoder, unit } from "./_linear_images.ts";

const PIXELS = 3;
const DIM = 4;
const EXAMPLES = 7;
const WEIGHT = 0.7;
const WARM_UP = 2;
/** The images of the steps; those of the last ones were seen before. */
const batches = [[0, 1, 2, 3], [4, 5, 6, 0], [1, 2, 3, 4], [5, 6, 0, 1], [2, 6, 0, 3]];
const labels = [0, 1, 0, 1, 2, 2, 0];

/** A representation that is compared with others. */
interface Reference {
  readonly id: number;
  readonly row: readonly number[];
}

/** All pairs weigh the same. */
const loss = pairWeighting({ positive: (s) => tf.onesLike(s), negative: (s) => tf.onesLike(s) });

function naive(anchors: readonly Reference[], references: readonly Reference[]): number {
  let total = 0;
  for (const a of anchors) {
    for (const r of references) {
      if (a.id !== r.id) total += dot(a.row, r.row) * (labels[a.id] === labels[r.id] ? -1 : 1);
    }
  }
  return total / anchors.length;
}

/** Takes all steps, with another encoder at each; gives the losses, and those by naive loops. */
async function takeSteps(choice: MemoryChoice) {
  const encoder = linearEncoder(PIXELS, DIM, key(1));
  const before = tf.memory().numTensors;
  const remembering = remember(choice, {
    loss,
    encoder,
    make: (key) => linearEncoder(PIXELS, DIM, key),
    key: key(2),
    examples: EXAMPLES,
    dim: DIM,
    weight: WEIGHT,
    warmUp: WARM_UP,
  });
  const slow = linearEncoder(PIXELS, DIM, key(1));
  const losses: number[] = [];
  const expected: number[] = [];
  const lengths: number[] = [];
  /** What a naive memory holds, the oldest first. */
  let held: Reference[] = [];
  for (const [step, ids] of batches.entries()) {
    const images = ids.map((id) => [...uniform(fold(key(3), "images", step), [id], PIXELS)]);
    const inputs = tf.tensor4d(images.flat(), [ids.length, 1, PIXELS, 1]) as Tensor4D;
    const targets = {
      labels: tf.tensor1d(ids.map((id) => labels[id]!), "int32"),
      ids: tf.tensor1d(ids, "int32"),
    };
    remembering.begin(step);
    const value = tf.tidy(() =>
      remembering.loss(
        remembering.encoders.map((encoder) =>
          encoder.encode(inputs, { training: true, key: key(0), rows: Int32Array.from(ids) }) as Tensor2D
        ),
        { training: true, key: fold(key(4), "step", step), targets },
      )
    );
    losses.push(value.dataSync()[0]!);
    lengths.push((remembering.memory as { length: number } | undefined)?.length ?? 0);
    tf.dispose([inputs, targets, value]);

    const referencesOf = (rows: number[][]) => rows.map((row, i): Reference => ({ id: ids[i]!, row }));
    const anchors = referencesOf(encoder.rows(images));
    const keys = choice.kind === "keys" ? referencesOf(slow.rows(images)) : anchors;
    const warm = choice.kind !== "none" && step >= WARM_UP;
    const seen = choice.kind === "entries"
      ? held.filter(({ id }) => !ids.includes(id))
      : held.slice(held.length - Math.min(held.length, "size" in choice ? choice.size - ids.length : 0));
    expected.push(naive(anchors, keys) + (warm ? WEIGHT * naive(anchors, [...keys, ...seen]) : 0));
    if (warm && choice.kind === "entries") {
      for (const { id, row } of keys) {
        const old = held.find((entry) => entry.id === id);
        const m = choice.momentum;
        const mixed = old ? unit(row.map((x, j) => m * old.row[j]! + (1 - m) * x)) : row;
        held = [...held.filter((entry) => entry.id !== id), { id, row: mixed }];
      }
    } else if (warm) held.push(...keys);

    encoder.draw(fold(key(5), "draw", step));
    remembering.follow();
    if (choice.kind === "keys") {
      const m = choice.momentum;
      const moved = tf.tidy(() => tf.add(tf.mul(slow.params.kernel, m), tf.mul(encoder.params.kernel, 1 - m)));
      slow.params.kernel.assign(moved);
      moved.dispose();
      assertClose(remembering.keys!.kernel!, slow.params.kernel, 1e-6, "the slow encoder");
    }
  }
  const saved = await remembering.memory?.save();
  remembering.dispose();
  slow.params.kernel.dispose();
  assertEquals(tf.memory().numTensors, before);
  encoder.params.kernel.dispose();
  return { losses, expected, lengths, held, saved };
}

const choices: readonly { choice: MemoryChoice; lengths: number[] }[] = [
  { choice: { kind: "none" }, lengths: [0, 0, 0, 0, 0] },
  { choice: { kind: "queue", size: 6 }, lengths: [0, 0, 4, 6, 6] },
  { choice: { kind: "keys", size: 6, momentum: 0.9 }, lengths: [0, 0, 4, 6, 6] },
  { choice: { kind: "entries", momentum: 0.3 }, lengths: [0, 0, 4, 7, 7] },
];
for (const { choice, lengths } of choices) {
  engineTest(`remember() has the losses of naive loops, and begins when warm, with ${choice.kind}`, async () => {
    const taken = await takeSteps(choice);
    taken.losses.forEach((value, step) => assertAlmostEquals(value, taken.expected[step]!, 1e-4, `step ${step}`));
    assertEquals(taken.lengths, lengths);
    if (!taken.saved) return;
    if (choice.kind === "entries") {
      for (const { id, row } of taken.held) {
        assertClose(taken.saved.representations.slice(id * DIM, (id + 1) * DIM), row, 1e-5, `entry ${id}`);
      }
    } else {
      const kept = taken.held.slice(-6);
      assertEquals([...(taken.saved as { ids: Int32Array }).ids], kept.map(({ id }) => id));
      assertEquals([...taken.saved.labels], kept.map(({ id }) => labels[id]!));
      const stored = Array.from(
        { length: 6 },
        (_, i) => unit([...taken.saved!.representations.slice(i * DIM, (i + 1) * DIM)]),
      );
      assertClose(stored.flat(), kept.flatMap(({ row }) => row), 1e-5);
    }
  });
}

engineTest("queriesAgainstKeys() leaves out an image's own key, and keeps labels and ids", () => {
  const [labels, ids] = [[5, 5, 6, 5], [8, 9, 10, 8]];
  assertNewTensors(0, () =>
    tf.tidy(() => {
      const [queries, keys] = [tf.ones([4, 2]) as Tensor2D, tf.zeros([4, 2]) as Tensor2D];
      const targets = { labels: tf.tensor1d(labels, "int32"), ids: tf.tensor1d(ids, "int32") };
      const pairs = queriesAgainstKeys([queries, keys], { training: true, key: key(0), targets });
      for (const [first, rows] of [[0, 4], [1, 2]] as const) {
        const { positive, negative } = pairs.relation.block(first, rows);
        const all = Array.from({ length: 4 * rows }, (_, i) => [first + Math.floor(i / 4), i % 4] as const);
        const same = all.map(([i, j]) => labels[i] === labels[j]);
        assertEquals([...positive.dataSync()].map(Boolean), all.map(([i, j], at) => same[at]! && i !== j));
        assertEquals([...negative.dataSync()].map(Boolean), same.map((is) => !is));
      }
      assertEquals([pairs.anchors === queries, pairs.references === keys], [true, true]);
      for (const side of ["anchors", "references"] as const) {
        assertEquals([[...pairs.labels![side].dataSync()], [...pairs.ids![side].dataSync()]], [labels, ids]);
      }
    }));
});
