import { assertEquals, assertThrows } from "@std/assert";
import { decodeExact, encodeExact } from "../../core/exact_json.ts";
import { fc } from "../support/properties.ts";

Deno.test("decodeExact() gives back what encodeExact() was given, NaN, the infinities and -0 too", () => {
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      fc.double(),
      fc.string(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie("value")),
      fc.dictionary(fc.string(), tie("value"), { noNullPrototype: true }),
    ),
  }));
  fc.assert(fc.property(value, (value) => {
    const back = decodeExact(encodeExact(value, "value"));
    assertEquals(fc.stringify(back), fc.stringify(value));
  }));
  assertEquals(Object.is(decodeExact(encodeExact(-0, "value")), -0), true);
});

Deno.test("encodeExact() leaves out what is undefined in a record, and says where it finds what is no plain data", () => {
  assertEquals(encodeExact({ a: 1, b: undefined }, "value"), '{"a":1}');
  const itself: unknown[] = [];
  itself.push({ of: itself });
  for (
    const [value, message] of [
      [undefined, "state as JSON: it is undefined, expected plain data"],
      [{ a: [1, () => 2] }, "state.a[1] as JSON: it is a function"],
      [[undefined], "state[0] as JSON: it is undefined"],
      [{ losses: new Float32Array(2) }, "state.losses as JSON: it is a Float32Array"],
      [{ at: new Date(0) }, "state.at as JSON: it is a Date"],
      [{ n: 3n }, "state.n as JSON: it is a bigint"],
      [{ x: { $number: "1" } }, "state.x as JSON: the name $number is taken"],
      [itself, "state[0].of as JSON: it contains itself"],
    ] as const
  ) {
    assertThrows(() => encodeExact(value, "state"), TypeError, `Cannot write ${message}`);
  }
});
