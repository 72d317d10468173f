import { assert, assertEquals, assertRejects } from "@std/assert";
import type { ImageSet } from "../../../data/images/image_set.ts";
import {
  loadCars196,
  loadCub200,
  loadInShop,
  loadStanfordOnlineProducts,
  type PublishedOptions,
} from "../../../data/images/published/mod.ts";
import { type Content, plain, withFolder } from "./_folders.ts";

type Files = { readonly [path: string]: Content };

const products: Files = {
  "Ebay_train.txt":
    "image_id class_id super_class_id path\r\n1 1 1 lamp_final/1_0.JPG\r\n2 1 1 lamp_final/1_1.JPG\r\n" +
    "3 11318 2 sofa_final/9_0.JPG\r\n",
  "Ebay_test.txt": "image_id class_id super_class_id path\n59552 11319 2 sofa_final/7_0.JPG\n",
  "lamp_final/1_0.JPG": plain("#ff0000"),
  "lamp_final/1_1.JPG": plain("#00ff00"),
  "sofa_final/9_0.JPG": plain("#0000ff"),
  "sofa_final/7_0.JPG": plain("#ffffff"),
};
const birds: Files = {
  "images.txt": "1 001.Wug/a.png\n2 101.Blorp/b.png\n3 100.Dax/c.png\n4 001.Wug/d.png\n",
  "image_class_labels.txt": "1 1\n2 101\n3 100\n4 1\n",
  "train_test_split.txt": "1 0\n2 1\n3 0\n4 1\n",
  "images/001.Wug/a.png": plain("#ff0000"),
  "images/101.Blorp/b.png": plain("#ffffff"),
  "images/100.Dax/c.png": plain("#0000ff"),
  "images/001.Wug/d.png": plain("#00ff00"),
};
const cars: Files = {
  "cars_annos.mat": await Deno.readFile(new URL("../../fixtures/images/cars_annos.mat", import.meta.url)),
  "car_ims/000001.png": plain("#ff0000"),
  "car_ims/000002.png": plain("#00ff00"),
  "car_ims/000003.png": plain("#0000ff"),
  "car_ims/000004.png": plain("#ffffff"),
  "car_ims/000005.png": plain("#00ffff"),
};
const clothes: Files = {
  "list_eval_partition.txt": "5\nimage_name item_id evaluation_status\nimg/W/1.jpg id_1   train\n" +
    "img/W/2.jpg id_3   gallery\nimg/W/3.jpg id_2 query\nimg/W/4.jpg id_3 query\nimg/W/5.jpg id_2 gallery\n",
  "img/W/1.jpg": plain("#ff0000"),
  "img/W/2.jpg": plain("#00ff00"),
  "img/W/3.jpg": plain("#0000ff"),
  "img/W/4.jpg": plain("#ffffff"),
  "img/W/5.jpg": plain("#00ffff"),
};

/** Names, class names and the color of the middle pixel of each image. */
function summary({ names, labels, classes, pixels, examples, height, width }: ImageSet): unknown[] {
  assertEquals(pixels.length, examples * height * width * 3);
  const middle = (Math.floor(height / 2) * width + Math.floor(width / 2)) * 3;
  return names.map((name, i) => {
    const color = pixels.subarray(i * height * width * 3 + middle).slice(0, 3);
    return [
      name,
      classes[labels[i]!],
      Array.from(color, (value) => value > 250 ? "f" : value < 5 ? "0" : "?").join(""),
    ];
  });
}

Deno.test("loadStanfordOnlineProducts() reads the published split", () =>
  withFolder(products, async (folder) => {
    const train = await loadStanfordOnlineProducts({ folder, split: "train", size: 4 });
    assertEquals(summary(train), [
      ["lamp_final/1_0.JPG", "lamp/1", "f00"],
      ["lamp_final/1_1.JPG", "lamp/1", "0f0"],
      ["sofa_final/9_0.JPG", "sofa/11318", "00f"],
    ]);
    assertEquals([train.height, train.width, train.channels, [...train.labels]], [4, 4, 3, [0, 0, 1]]);
    assertEquals([[...train.origins], train.sources], [[0, 0, 0], ["unknown"]]);
    const test = await loadStanfordOnlineProducts({ folder, split: "test" });
    assertEquals(summary(test), [["sofa_final/7_0.JPG", "sofa/11319", "fff"]]);
    assertEquals([test.height, test.width], [32, 32]);
  }));

Deno.test("loadCub200() splits by class, not by train_test_split.txt", () =>
  withFolder(birds, async (folder) => {
    const train = await loadCub200({ folder, split: "train", size: 5 });
    assertEquals(summary(train), [
      ["001.Wug/a.png", "001.Wug", "f00"],
      ["100.Dax/c.png", "100.Dax", "00f"],
      ["001.Wug/d.png", "001.Wug", "0f0"],
    ]);
    assertEquals(summary(await loadCub200({ folder, split: "test", size: 5 })), [
      ["101.Blorp/b.png", "101.Blorp", "fff"],
    ]);
  }));

Deno.test("loadCars196() splits by class, not by the field test", () =>
  withFolder(cars, async (folder) => {
    assertEquals(summary(await loadCars196({ folder, split: "train", size: 5 })), [
      ["car_ims/000001.png", "Maker Model 1 Coupé", "f00"],
      ["car_ims/000002.png", "Maker Model 98 Coupé", "0f0"],
      ["car_ims/000005.png", "Maker Model 1 Coupé", "0ff"],
    ]);
    assertEquals(summary(await loadCars196({ folder, split: "test", size: 5 })), [
      ["car_ims/000003.png", "Maker Model 99 Coupé", "00f"],
      ["car_ims/000004.png", "Maker Model 196 Coupé", "fff"],
    ]);
  }));

Deno.test("loadInShop() numbers the classes of query and gallery alike", () =>
  withFolder(clothes, async (folder) => {
    const query = await loadInShop({ folder, split: "query", size: 3 });
    const gallery = await loadInShop({ folder, split: "gallery", size: 3 });
    assertEquals(summary(await loadInShop({ folder, split: "train", size: 3 })), [["img/W/1.jpg", "id_1", "f00"]]);
    assertEquals(summary(query), [["img/W/3.jpg", "id_2", "00f"], ["img/W/4.jpg", "id_3", "fff"]]);
    assertEquals(summary(gallery), [["img/W/2.jpg", "id_3", "0f0"], ["img/W/5.jpg", "id_2", "0ff"]]);
    assertEquals(query.classes, gallery.classes);
  }));

Deno.test("loadInShop() finds the list and the images where the archive's parts may be unpacked", async () => {
  for (const root of ["Img/img", "Img"]) {
    const moved = Object.fromEntries(
      Object.entries(clothes).map((
        [path, content],
      ) => [path.replace(/^img/, root).replace(/^list/, "Eval/list"), content]),
    );
    const set = await withFolder(moved, (folder) => loadInShop({ folder, split: "query", size: 3 }));
    assertEquals(set.names, ["img/W/3.jpg", "img/W/4.jpg"]);
  }
});

const readers: [(options: PublishedOptions) => Promise<ImageSet>, Files][] = [
  [loadStanfordOnlineProducts, products],
  [loadCub200, birds],
  [loadCars196, cars],
  [loadInShop as (options: PublishedOptions) => Promise<ImageSet>, clothes],
];

/** Asserts that a reader refuses a folder whose train images are asked for, some of its files exchanged. */
async function assertRefuses(reader: number, changed: { [path: string]: Content | undefined }, message: string) {
  const [load, files] = readers[reader]!;
  const kept = Object.entries({ ...files, ...changed }).filter((entry): entry is [string, Content] =>
    entry[1] !== undefined
  );
  const run = (folder: string) => assertRejects(() => load({ folder, split: "train", size: 3 }), Error, message);
  const error = await withFolder(Object.fromEntries(kept), run);
  assert(error.message.startsWith("Cannot read "), error.message);
}

Deno.test("readers of published sets name a missing file", async () => {
  await assertRefuses(0, { "Ebay_train.txt": undefined }, "Ebay_train.txt cannot be opened (ENOENT)");
  await assertRefuses(0, { "lamp_final/1_1.JPG": undefined }, "1_1.JPG cannot be opened (ENOENT)");
  await assertRefuses(1, { "images.txt": undefined }, "images.txt cannot be opened");
  await assertRefuses(1, { "image_class_labels.txt": undefined }, "image_class_labels.txt cannot be opened");
  await assertRefuses(2, { "cars_annos.mat": undefined }, "cars_annos.mat cannot be opened");
  await assertRefuses(3, { "list_eval_partition.txt": undefined }, "list_eval_partition.txt cannot be opened");
  await assertRefuses(3, { "img/W/1.jpg": undefined }, "1.jpg cannot be opened");
});

Deno.test("readers of published sets name an image that cannot be decoded", async () => {
  await assertRefuses(0, { "lamp_final/1_1.JPG": "no image" }, "1_1.JPG cannot be decoded, expected an image");
  await assertRefuses(1, { "images/100.Dax/c.png": "" }, "c.png cannot be decoded");
});

Deno.test("readers of published sets name file and line of what is not as published", async () => {
  const head = "image_id class_id super_class_id path\n";
  await assertRefuses(
    0,
    { "Ebay_train.txt": "1 1 1 lamp_final/1_0.JPG\n" },
    `Ebay_train.txt:1: the line is "1 1 1 lamp`,
  );
  await assertRefuses(
    0,
    { "Ebay_train.txt": `${head}1 1 1\n` },
    'Ebay_train.txt:2: the line is "1 1 1", expected 4 fields',
  );
  await assertRefuses(
    0,
    { "Ebay_train.txt": `${head}1 x 1 a/b\n` },
    "Ebay_train.txt:2: class_id is x, expected an integer",
  );
  await assertRefuses(
    0,
    { "Ebay_train.txt": `${head}1 11319 1 a/b\n` },
    "class_id is 11319, expected 1 to 11318 for train",
  );
  await assertRefuses(0, { "Ebay_train.txt": head }, "lists no image for train");
  await assertRefuses(
    1,
    { "image_class_labels.txt": "1 201\n" },
    "txt:1: the class is 201, expected an integer from 1 to 200",
  );
  await assertRefuses(1, { "image_class_labels.txt": "1 1\n" }, "images.txt:2: image 2 has no class");
  await assertRefuses(1, { "images.txt": "1 001.Wug/a.png\n\n3 100.Dax/c.png" }, 'images.txt:2: the line is ""');
  await assertRefuses(2, { "cars_annos.mat": "no MATLAB file" }, "cars_annos.mat: it is no MATLAB file of level 5");
  const list = clothes["list_eval_partition.txt"] as string;
  await assertRefuses(
    3,
    { "list_eval_partition.txt": list.replace("5", "6") },
    "txt:1: the file counts 6 images, but lists 5",
  );
  await assertRefuses(
    3,
    { "list_eval_partition.txt": list.replace("5", "five") },
    'the line is "five", expected a number',
  );
  await assertRefuses(
    3,
    { "list_eval_partition.txt": list.replace("query", "val") },
    "txt:5: evaluation_status is val",
  );
});

Deno.test("readers of published sets refuse options before they read", async () => {
  for (const [load] of readers) {
    const refuses = (options: object, message: string) =>
      assertRejects(() => load({ folder: "nowhere", split: "train", ...options }), RangeError, message);
    await refuses({ split: "val" }, "split is val, expected one of train");
    await refuses({ size: 0 }, "size is 0, expected an integer from 1 to 4096");
    await refuses({ fit: "stretch" }, "fit is stretch, expected crop or squeeze");
  }
});
