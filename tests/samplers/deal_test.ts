import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { fc } from "../support/properties.ts";
import { key } from "../../core/mod.ts";
import { cycle } from "../../samplers/_cycle.ts";
import { deal } from "../../samplers/_deal.ts";
import { fingerprint } from "../../samplers/_fingerprint.ts";
import { mostBatches } from "../../samplers/_groups.ts";
import { assertEven, spread, tally } from "./_contract.ts";

const counts = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 8 });
const spell = (list: readonly number[]) => list.flatMap((count, group) => new Array<number>(count).fill(group));

Deno.test("deal() spreads each group evenly and fills all batches that can be filled", () => {
  const sizes = fc.integer({ min: 1, max: 6 });
  fc.assert(fc.property(counts, sizes, sizes, fc.nat(), (list, batches, size, seed) => {
    const groups = spell(list);
    const dealt = deal({ key: key(seed), groups, batches, size });
    const items = dealt.flat();
    assertEquals(new Set(items).size, items.length);
    assertEquals(items.length, Math.min(groups.length, batches * size));
    assert(spread(dealt.map((batch) => batch.length)) <= 1);
    for (const batch of dealt) {
      tally(batch.map((item) => groups[item]!), list.length).forEach((held, group) =>
        assertLessOrEqual(held, Math.ceil(list[group]! / batches))
      );
    }
  }));
});

Deno.test("deal() lets items of different rounds meet equally often", () => {
  const groups = spell([4, 4, 4]);
  const deals = 4000;
  const met = new Array<number>(144).fill(0);
  for (let seed = 0; seed < deals; seed++) {
    for (const batch of deal({ key: key(seed), groups, batches: 4, size: 3 })) {
      for (const a of batch) for (const b of batch) met[a * 12 + b]!++;
    }
  }
  const apart = met.filter((_, pair) => groups[Math.floor(pair / 12)]! < groups[pair % 12]!);
  assertEquals(apart.length, 48);
  assertEven(apart, deals);
});

Deno.test("deal() offers an item 16 seats at most, and those it was refused to the next", () => {
  let asked = 0;
  const groups = spell(new Array(100).fill(3));
  const refuse = () => asked++ < 0;
  assertEquals(deal({ key: key(0), groups, batches: 50, size: 6, take: refuse }).flat(), []);
  assertEquals(asked, 16 * groups.length);
  const odd = deal({ key: key(0), groups, batches: 50, size: 3, take: (item) => item % 2 === 1 });
  assertEquals(odd.map((batch) => batch.length), new Array(50).fill(3));
});

Deno.test("deal() is not held up by seats that nobody may take", () => {
  const dealt = deal({ key: key(0), groups: [...Array(100).keys()], batches: 50, size: 2, take: (_, b) => b < 20 });
  assertEquals(dealt.map((batch) => batch.length), Array.from({ length: 50 }, (_, batch) => batch < 20 ? 2 : 0));
});

Deno.test("mostBatches() is the largest number of batches that groups can fill", () => {
  const small = fc.integer({ min: 1, max: 4 });
  fc.assert(fc.property(counts, small, small, (list, perBatch, size) => {
    const fills = Array.from(
      { length: 100 },
      (_, batches) => list.reduce((sum, count) => sum + Math.min(count, batches * perBatch), 0) >= batches * size,
    );
    assertEquals(mostBatches(list, perBatch, size), fills.lastIndexOf(true));
  }));
  assertEquals(mostBatches([], 1, 2), 0);
});

Deno.test("cycle() gives each block different members, and all members equally often", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), fc.nat(), (size, take, seed) => {
      const members = Array.from({ length: size }, (_, i) => 10 + i);
      const at = cycle(key(seed), members, take);
      const draws = Array.from({ length: 12 * take }, (_, draw) => at(draw));
      const fresh = cycle(key(seed), members, take);
      assertEquals(Array.from(draws, (_, i) => fresh(draws.length - 1 - i)).reverse(), draws);
      for (let end = 1; end <= draws.length; end++) {
        assert(spread(tally(draws.slice(0, end).map((member) => member - 10), size)) <= 1);
        if (end % take === 0) assertEquals(new Set(draws.slice(end - take, end)).size, Math.min(take, size));
      }
    }),
  );
});

Deno.test("cycle() changes its order after each pass that ends with a block", () => {
  const at = cycle(key(0), [...Array(10).keys()], 5);
  const passes = Array.from({ length: 6 }, (_, pass) => Array.from({ length: 10 }, (_, i) => at(pass * 10 + i)).join());
  assertEquals(new Set(passes).size, 6);
});

Deno.test("fingerprint() depends on each value, its kind, its list and the order", () => {
  const lists = [
    [],
    [0],
    [0, 0],
    [1],
    [-1],
    [2 ** 32 + 1],
    [0, 1],
    [1, 0],
    ["0"],
    [""],
    ["a", "b"],
    ["b", "a"],
    ["ab"],
    ["ab", ""],
    [["a", "b"]],
    [["a"], ["b"]],
    [["a"], "b"],
    [[], ["a", "b"]],
  ];
  assertEquals(new Set(lists.map(fingerprint)).size, lists.length);
  assertEquals(fingerprint([0, 3]), fingerprint([-0, 3]));
  assertEquals(fingerprint([0, 3]), fingerprint(Int32Array.of(0, 3)));
  fc.assert(fc.property(fc.array(fc.integer(), { minLength: 1 }), fc.nat(), (list, at) => {
    const other = list.map((value, i) => i === at % list.length ? value + 1 : value);
    assert(fingerprint(list) !== fingerprint(other));
  }));
});
