import { assertEquals, assertRejects } from "@std/assert";
import { loadTask, onePerFamily, probeOf } from "../../recipes/images/task.ts";
import { UsageError } from "../../recipes/runner/usage_error.ts";
import { withFolder } from "../data/images/_folders.ts";
import { colorImages } from "./_color_images.ts";
import { birds, CLASSES } from "./_tiny_images.ts";

const config = { data: "cub", size: 8, trainClasses: null, testClasses: null } as const;
const silent = () => {};

Deno.test("loadTask() splits by class, and takes as many classes as it is told", () =>
  withFolder(birds(), async (folder) => {
    const classesOf = ({ labels }: { labels: Int32Array }) => new Set(labels).size;
    const whole = await loadTask({ ...config, folder }, silent);
    assertEquals([classesOf(whole.train), classesOf(whole.test), whole.gallery], [CLASSES, CLASSES, undefined]);
    assertEquals([whole.train.examples, whole.train.height, whole.train.width], [4 * CLASSES, 8, 8]);
    const namesOf = ({ names }: { names: readonly string[] }) => new Set(names);
    assertEquals(namesOf(whole.train).isDisjointFrom(namesOf(whole.test)), true);
    const cut = await loadTask({ ...config, folder, trainClasses: 2, testClasses: 3 }, silent);
    assertEquals([classesOf(cut.train), cut.train.examples, classesOf(cut.test), cut.test.examples], [2, 8, 3, 12]);
    assertEquals(cut.train.names, whole.train.names.slice(0, 8));
    const more = await loadTask({ ...config, folder, trainClasses: 99 }, silent);
    assertEquals(more.train.names, whole.train.names);
  }));

Deno.test("loadTask() asks for the folder of a published set", async () => {
  await assertRejects(
    () => loadTask({ ...config, folder: null }, silent),
    UsageError,
    "Cannot load cub: folder is null, expected that of the unpacked archive",
  );
});

Deno.test("onePerFamily() keeps of each family the class with the most drawings, the first of equal ones", () => {
  const classes = ["man-pilot", "ant", "woman-pilot", "red-apple", "green-apple"];
  const labels = [0, 1, 2, 2, 3, 4, 2, 0];
  const set = { ...colorImages(labels, labels.map((_, i) => i)), classes };
  const kept = onePerFamily(set);
  assertEquals([...kept.labels].map((label) => classes[label]), [
    "ant",
    "woman-pilot",
    "woman-pilot",
    "red-apple",
    "woman-pilot",
  ]);
  assertEquals(kept.names, [1, 2, 3, 4, 6].map((row) => `image ${row}`));
});

Deno.test("probeOf() takes images evenly from the whole set, all if there are few", () => {
  const labels = Array.from({ length: 10 }, (_, i) => i);
  const set = colorImages(labels, labels.map(() => 0));
  assertEquals([...probeOf(set, 4).labels], [0, 2, 5, 7]);
  assertEquals([...probeOf(set).labels], labels);
});
