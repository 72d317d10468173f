/**
 * The header of a safetensors file: its length in eight bytes, then JSON that says where each array lies.
 *
 * @module
 */
import type { ShapedArray } from "./safetensors.ts";

/** The types of numbers that are read and written. */
export const DTYPES = { F32: Float32Array, I32: Int32Array, U8: Uint8Array } as const;

/** A type of numbers by its name in the file. */
export type Dtype = keyof typeof DTYPES;

/** Where an array lies, in bytes behind the header. */
export interface Placed {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** A header that was read. */
export interface Header {
  readonly places: readonly Placed[];
  readonly metadata: { readonly [name: string]: string };
  /** Where the arrays begin in the file. */
  readonly dataStart: number;
}

const METADATA = "__metadata__";
const LENGTH = 8;
/** No reader of the format takes more. */
const LONGEST = 100_000_000;

/** The type of an array that can be written; its size must be that of its shape. */
export function dtypeOf(name: string, { shape, data }: ShapedArray): Dtype {
  if (name === METADATA) throw new RangeError(`Cannot write an array named ${METADATA}: the format keeps that name`);
  const dtype = (Object.keys(DTYPES) as Dtype[]).find((dtype) => data instanceof DTYPES[dtype]);
  if (!dtype) {
    throw new TypeError(`Cannot write ${name}: expected a Float32Array, an Int32Array or a Uint8Array as data`);
  }
  checkShape(`Cannot write ${name}`, shape);
  if (sizeOf(shape) !== data.length) {
    throw new RangeError(
      `Cannot write ${name}: it has ${data.length} values, expected ${sizeOf(shape)} of shape [${shape}]`,
    );
  }
  return dtype;
}

/** The header's bytes, its length included; what follows them lies at a multiple of eight. */
export function writeHeader(places: readonly Placed[], metadata: Header["metadata"]): Uint8Array {
  const entries = places.map(({ name, dtype, shape, begin, end }) =>
    [name, { dtype, shape, data_offsets: [begin, end] }] as const
  );
  const kept = Object.keys(metadata).length > 0 ? [[METADATA, metadata] as const] : [];
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries([...kept, ...entries])));
  const length = Math.ceil(json.length / LENGTH) * LENGTH;
  if (length > LONGEST) {
    throw new RangeError(`Cannot write safetensors: the header has ${length} bytes, expected fewer`);
  }
  const bytes = new Uint8Array(LENGTH + length).fill(" ".charCodeAt(0));
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, LENGTH);
  return bytes;
}

/** Reads and checks the header of a file. */
export function readHeader(file: Uint8Array): Header {
  const dataStart = LENGTH + headerLength(file);
  const { [METADATA]: metadata = {}, ...entries } = parseHeader(file.subarray(LENGTH, dataStart));
  if (!isRecord(metadata) || Object.values(metadata).some((value) => typeof value !== "string")) {
    throw malformed(`${METADATA} is ${show(metadata)}, expected texts by name`);
  }
  const places = Object.entries(entries).map(([name, entry]) => readPlace(name, entry))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  let end = 0;
  for (const place of places) {
    if (place.begin !== end) throw malformed(`${place.name} begins at byte ${place.begin}, expected ${end}`);
    end = place.end;
  }
  const there = file.length - dataStart;
  if (end !== there) throw malformed(`its arrays take ${end} bytes, but ${there} follow the header`);
  return { places, metadata: metadata as Header["metadata"], dataStart };
}

function headerLength(file: Uint8Array): number {
  if (file.length < LENGTH) throw malformed(`it has ${file.length} bytes, expected at least ${LENGTH}`);
  const length = new DataView(file.buffer, file.byteOffset).getBigUint64(0, true);
  const most = Math.min(LONGEST, file.length - LENGTH);
  if (length > BigInt(most)) throw malformed(`its header has ${length} bytes, expected at most ${most}`);
  return Number(length);
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw malformed(`its header is no JSON (${error instanceof Error ? error.message : error})`);
  }
  if (!isRecord(header)) throw malformed(`its header is ${show(header)}, expected arrays by name`);
  return header;
}

function readPlace(name: string, entry: unknown): Placed {
  const { dtype, shape, data_offsets: offsets } = isRecord(entry) ? entry : {};
  if (typeof dtype !== "string" || !Object.hasOwn(DTYPES, dtype)) {
    throw new RangeError(
      `Cannot read safetensors: ${name} is of type ${show(dtype)}, expected ${Object.keys(DTYPES).join(", ")}`,
    );
  }
  checkShape(`Cannot read safetensors: ${name}`, shape);
  const [begin, end, more] = Array.isArray(offsets) ? offsets : [];
  if (!isCount(begin) || !isCount(end) || begin > end || more !== undefined) {
    throw malformed(`data_offsets of ${name} is ${show(offsets)}, expected its first byte and the one behind it`);
  }
  const expected = sizeOf(shape) * DTYPES[dtype as Dtype].BYTES_PER_ELEMENT;
  if (end - begin !== expected) {
    throw malformed(`${name} has ${end - begin} bytes, expected ${expected} for ${dtype} of shape [${shape}]`);
  }
  return { name, dtype: dtype as Dtype, shape, begin, end };
}

function checkShape(what: string, shape: unknown): asserts shape is number[] {
  if (!Array.isArray(shape) || !shape.every(isCount) || !Number.isSafeInteger(sizeOf(shape) * 4)) {
    throw new RangeError(`${what}: shape is ${show(shape)}, expected the length of each axis`);
  }
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, length) => size * length, 1);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}

function malformed(what: string): RangeError {
  return new RangeError(`Cannot read safetensors: ${what}`);
}
