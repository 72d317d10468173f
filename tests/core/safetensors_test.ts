import { assertEquals, assertThrows } from "@std/assert";
import { decodeSafetensors, encodeSafetensors, type NamedArrays, type ShapedArray } from "../../core/mod.ts";
import { fc } from "../support/properties.ts";

const kinds = [Float32Array, Int32Array, Uint8Array] as const;

/** Arrays of any kind and shape, with any bits. */
const anyArray: fc.Arbitrary<ShapedArray> = fc.tuple(
  fc.constantFrom(...kinds),
  fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }),
).chain(([Kind, shape]) => {
  const length = shape.reduce((size, n) => size * n, 1) * Kind.BYTES_PER_ELEMENT;
  return fc.uint8Array({ minLength: length, maxLength: length })
    .map((bytes) => ({ shape, data: new Kind(Uint8Array.from(bytes).buffer) }));
});
const anyArrays: fc.Arbitrary<NamedArrays> = fc.dictionary(fc.string(), anyArray, { maxKeys: 5 });

/** What is compared: kinds, shapes and bits. */
function bitsOf(arrays: NamedArrays): unknown {
  return Object.entries(arrays).map(([name, { shape, data }]) => [
    name,
    data.constructor.name,
    shape,
    [...new Uint8Array(data.buffer, data.byteOffset, data.byteLength)],
  ]).sort();
}

Deno.test("decodeSafetensors() gives back every bit that encodeSafetensors() was given", () => {
  fc.assert(fc.property(anyArrays, fc.dictionary(fc.string(), fc.string()), (arrays, metadata) => {
    const bytes = encodeSafetensors(arrays, metadata);
    const read = decodeSafetensors(bytes);
    assertEquals(bitsOf(read.tensors), bitsOf(arrays));
    assertEquals(Object.entries(read.metadata).sort(), Object.entries(metadata).sort());
    assertEquals(encodeSafetensors(arrays, metadata), bytes);
  }));
});

Deno.test("decodeSafetensors() refuses files that are cut off or too long", () => {
  fc.assert(fc.property(anyArrays, fc.nat(), (arrays, seed) => {
    const bytes = encodeSafetensors(arrays);
    assertThrows(
      () => decodeSafetensors(bytes.subarray(0, seed % bytes.length)),
      RangeError,
      "Cannot read safetensors",
    );
    assertThrows(() => decodeSafetensors(Uint8Array.of(...bytes, 0)), RangeError, "Cannot read safetensors");
  }));
});

Deno.test("decodeSafetensors() throws nothing but a RangeError, whatever the bytes", () => {
  fc.assert(fc.property(anyArrays, fc.nat(), fc.nat({ max: 255 }), (arrays, place, byte) => {
    const bytes = encodeSafetensors(arrays);
    bytes[place % bytes.length] = byte;
    try {
      decodeSafetensors(bytes);
    } catch (error) {
      assertEquals(error instanceof RangeError, true, String(error));
    }
  }));
});

// Made by safetensors.numpy.save of the Python package safetensors.
const PYTHON = "EAEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJieSI6InB5dGhvbiJ9LCJlbXB0eSI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbMCwy" +
  "XSwiZGF0YV9vZmZzZXRzIjpbMCwwXX0sIndlaWdodCI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbMiwyXSwiZGF0YV9vZmZzZXRz" +
  "IjpbMCwxNl19LCJpZHMiOnsiZHR5cGUiOiJJMzIiLCJzaGFwZSI6WzJdLCJkYXRhX29mZnNldHMiOlsxNiwyNF19LCJtYXNrIjp7" +
  "ImR0eXBlIjoiVTgiLCJzaGFwZSI6WzNdLCJkYXRhX29mZnNldHMiOlsyNCwyN119fSAgICAgIAAAAD8AAACAAACAfwAAQEAHAAAA" +
  "/////wEAAQ==";

Deno.test("decodeSafetensors() reads what Python wrote, wherever it lies in a buffer", () => {
  const bytes = Uint8Array.from(atob(PYTHON), (letter) => letter.charCodeAt(0));
  const shifted = new Uint8Array(bytes.length + 3).subarray(3);
  shifted.set(bytes);
  const { tensors, metadata } = decodeSafetensors(shifted);
  assertEquals(metadata, { by: "python" });
  assertEquals(
    bitsOf(tensors),
    bitsOf({
      weight: { shape: [2, 2], data: new Float32Array([0.5, -0, Infinity, 3]) },
      ids: { shape: [2], data: new Int32Array([7, -1]) },
      mask: { shape: [3], data: new Uint8Array([1, 0, 1]) },
      empty: { shape: [0, 2], data: new Float32Array() },
    }),
  );
});

/** A file of a header and so many bytes. */
function file(header: string, bytes: number): Uint8Array {
  const json = new TextEncoder().encode(header);
  const all = new Uint8Array(8 + json.length + bytes);
  new DataView(all.buffer).setBigUint64(0, BigInt(json.length), true);
  all.set(json, 8);
  return all;
}
const place = (dtype: string, shape: unknown, offsets: unknown) =>
  JSON.stringify({ w: { dtype, shape, data_offsets: offsets } });

for (
  const [bytes, message] of [
    [new Uint8Array(3), "it has 3 bytes, expected at least 8"],
    [new Uint8Array(20).fill(255), "its header has 18446744073709551615 bytes, expected at most 12"],
    [file("{", 0), "its header is no JSON"],
    [file("[1]", 0), "its header is [1], expected arrays by name"],
    [file('{"__metadata__":{"a":1}}', 0), '__metadata__ is {"a":1}, expected texts by name'],
    [file('{"w":3}', 0), "w is of type undefined, expected F32, I32, U8"],
    [file(place("F16", [1], [0, 2]), 2), 'w is of type "F16", expected F32, I32, U8'],
    [file(place("toString", [1], [0, 2]), 2), 'w is of type "toString"'],
    [file(place("F32", [-1], [0, 4]), 4), "w: shape is [-1], expected the length of each axis"],
    [file(place("F32", [2 ** 40, 2 ** 40], [0, 4]), 4), "w: shape is [1099511627776,1099511627776]"],
    [file(place("F32", [1], [4, 0]), 4), "data_offsets of w is [4,0]"],
    [file(place("F32", [1], [0, 4, 8]), 4), "data_offsets of w is [0,4,8]"],
    [file(place("F32", [2], [0, 4]), 4), "w has 4 bytes, expected 8 for F32 of shape [2]"],
    [file(place("F32", [1], [4, 8]), 8), "w begins at byte 4, expected 0"],
    [file(place("F32", [2], [0, 8]), 4), "its arrays take 8 bytes, but 4 follow the header"],
  ] as const
) {
  Deno.test(`decodeSafetensors() refuses a file where ${message}`, () => {
    assertThrows(() => decodeSafetensors(bytes), RangeError, `Cannot read safetensors: ${message}`);
  });
}

Deno.test("encodeSafetensors() names an array that cannot be written", () => {
  const data = new Float32Array(3);
  assertThrows(() => encodeSafetensors({ w: { shape: [2], data } }), RangeError, "w: it has 3 values, expected 2");
  assertThrows(() => encodeSafetensors({ w: { shape: [1.5, 2], data } }), RangeError, "w: shape is [1.5,2]");
  assertThrows(() => encodeSafetensors({ __metadata__: { shape: [3], data } }), RangeError, "keeps that name");
  const doubles = new Float64Array(3) as unknown as Float32Array;
  assertThrows(() => encodeSafetensors({ w: { shape: [3], data: doubles } }), TypeError, "Cannot write w: expected a");
});
