import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { fc } from "../support/properties.ts";
import { constantRate, cosineDecay, linearDecay } from "../../core/schedules.ts";

const shapes = fc.record({
  peak: fc.double({ min: 0.001, max: 10, noNaN: true }),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  warmup: fc.integer({ min: 0, max: 50 }),
  more: fc.integer({ min: 1, max: 200 }),
});

for (const [name, schedule] of [["linearDecay", linearDecay], ["cosineDecay", cosineDecay]] as const) {
  Deno.test(`${name}() rises, falls, and stays within its floor and peak`, () => {
    fc.assert(fc.property(shapes, ({ peak, share, warmup, more }) => {
      const floor = peak * share;
      const total = warmup + more;
      const rate = schedule({ peak, warmup, total, floor });
      const rates = Array.from({ length: total + 3 }, (_, step) => rate(step));
      for (let step = 1; step < rates.length; step++) {
        const change = rates[step]! - rates[step - 1]!;
        if (step < warmup) assertAlmostEquals(change, peak / warmup, 1e-9);
        if (step >= warmup && change > 1e-12) throw new Error(`rises by ${change} at step ${step}`);
      }
      if (warmup > 0) assertEquals(rates[warmup - 1], peak);
      assertAlmostEquals(rates[warmup]!, peak, 1e-9);
      assertEquals(rates.slice(total), [floor, floor, floor]);
    }));
  });

  Deno.test(`${name}() refuses impossible values`, () => {
    const good = { peak: 1, warmup: 10, total: 100 };
    for (
      const [bad, message] of [
        [{ peak: -1 }, "peak is -1"],
        [{ peak: NaN }, "peak is NaN"],
        [{ floor: 2 }, "floor is 2, expected at most the peak of 1"],
        [{ warmup: 1.5 }, "warmup is 1.5"],
        [{ warmup: 101 }, "warmup is 101, expected at most the total of 100"],
        [{ total: 0, warmup: 0 }, "total is 0"],
      ] as const
    ) {
      assertThrows(() => schedule({ ...good, ...bad }), RangeError, message);
    }
    assertThrows(() => schedule(good)(-1), RangeError, "step is -1");
  });
}

Deno.test("linearDecay() is halfway between peak and floor halfway through the decay", () => {
  assertAlmostEquals(linearDecay({ peak: 3, warmup: 20, total: 120, floor: 1 })(70), 2, 1e-12);
});

Deno.test("cosineDecay() follows half a period", () => {
  const rate = cosineDecay({ peak: 1, warmup: 0, total: 300 });
  assertAlmostEquals(rate(100), 0.75, 1e-12);
  assertAlmostEquals(rate(150), 0.5, 1e-12);
  assertAlmostEquals(rate(200), 0.25, 1e-12);
});

Deno.test("cosineDecay() with a warm-up of all its steps goes from the peak to the floor", () => {
  const rate = cosineDecay({ peak: 1, warmup: 4, total: 4, floor: 0.5 });
  assertEquals([0, 3, 4].map(rate), [0.25, 1, 0.5]);
});

Deno.test("constantRate() stays, and refuses a negative rate", () => {
  assertEquals([0, 7].map(constantRate(0.3)), [0.3, 0.3]);
  assertThrows(() => constantRate(-0.1), RangeError, "rate is -0.1");
});
