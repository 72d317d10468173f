/**
 * Arrays by name as the bytes of a safetensors file, which other frameworks read and write.
 *
 * @module
 */
import { type Dtype, dtypeOf, DTYPES, readHeader, writeHeader } from "./_safetensors_header.ts";

/** Numbers with a shape, on the host. */
export interface ShapedArray {
  /** Length of each axis; empty for a single number. */
  readonly shape: readonly number[];
  /** The numbers, row after row. */
  readonly data: Float32Array | Int32Array | Uint8Array;
}

/** Arrays by name, such as the parameters of an encoder. */
export type NamedArrays = { readonly [name: string]: ShapedArray };

/** What a safetensors file holds. */
export interface Safetensors {
  /** The arrays, as copies, in the order in which they lie in the file. */
  readonly tensors: NamedArrays;
  /** Texts by name, as whoever wrote the file left them. */
  readonly metadata: { readonly [name: string]: string };
}

/**
 * Writes arrays as the bytes of a safetensors file.
 *
 * Float32Array becomes `F32`, Int32Array `I32` and Uint8Array `U8`; every bit is kept. The same arrays in the same order
 * give the same bytes.
 *
 * @param tensors The arrays.
 * @param metadata Texts that go with them, by name.
 * @returns The bytes of the file.
 * @throws {RangeError} If an array has another number of values than its shape says, or a name is `__metadata__`.
 * @throws {TypeError} If a value is none of the three kinds of arrays.
 *
 * @example A trained encoder for other programs
 * ```ts
 * import { decodeSafetensors, encodeSafetensors, key, readParams, useBackend } from "@gradfold/gradfold/core";
 * import { mlp } from "@gradfold/gradfold/encoders";
 * import { assertEquals } from "@std/assert";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const encoder = mlp({ inputs: 4, hidden: [8], outputs: 2, key: key(0) });
 * const bytes = encodeSafetensors(await readParams(encoder.params), { trainedOn: "nothing yet" });
 * // await Deno.writeFile("encoder.safetensors", bytes); in Python: safetensors.numpy.load_file("encoder.safetensors")
 * assertEquals(Object.keys(decodeSafetensors(bytes).tensors), Object.keys(encoder.params));
 * ```
 */
export function encodeSafetensors(
  tensors: NamedArrays,
  metadata: { readonly [name: string]: string } = {},
): Uint8Array<ArrayBuffer> {
  // Bytes last, so that all numbers of four bytes lie at multiples of four.
  const sized = Object.entries(tensors).map(([name, array]) => ({ name, array, dtype: dtypeOf(name, array) }))
    .sort((a, b) => DTYPES[b.dtype].BYTES_PER_ELEMENT - DTYPES[a.dtype].BYTES_PER_ELEMENT);
  let end = 0;
  const places = sized.map(({ name, array, dtype }) => {
    const begin = end;
    end += array.data.byteLength;
    return { name, dtype, shape: array.shape, begin, end };
  });
  const header = writeHeader(places, metadata);
  const file = new Uint8Array(header.length + end);
  file.set(header);
  sized.forEach(({ array: { data } }, i) => {
    // As bytes: numbers that pass through the language may lose the bits of a NaN.
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), header.length + places[i]!.begin);
  });
  return file;
}

/**
 * Reads the bytes of a safetensors file.
 *
 * @param bytes The whole file.
 * @returns Its arrays and its metadata.
 * @throws {RangeError} If the file is malformed: its header is cut off, too long or no JSON, or its arrays overlap, leave
 * gaps, reach beyond the file or have another size than their shapes say; or if an array has a type other than `F32`,
 * `I32` or `U8`. The message names the array.
 *
 * @example
 * ```ts
 * import { decodeSafetensors, encodeSafetensors } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = encodeSafetensors({ weight: { shape: [2, 1], data: new Float32Array([0.5, -0]) } });
 * const { weight } = decodeSafetensors(bytes).tensors;
 * assertEquals([weight!.shape, [...weight!.data]], [[2, 1], [0.5, -0]]);
 * ```
 */
export function decodeSafetensors(bytes: Uint8Array): Safetensors {
  const { places, metadata, dataStart } = readHeader(bytes);
  const read = (dtype: Dtype, begin: number, end: number): ShapedArray["data"] => {
    const own = new Uint8Array(end - begin);
    own.set(bytes.subarray(dataStart + begin, dataStart + end));
    return new DTYPES[dtype](own.buffer);
  };
  const tensors = Object.fromEntries(
    places.map(({ name, dtype, shape, begin, end }) => [name, { shape, data: read(dtype, begin, end) }]),
  );
  return { tensors, metadata };
}
