import { promisify } from "node:util";
import { inflate } from "node:zlib";

/** A value of a MATLAB file: text, numbers in columns, a cell array, or an array of structs. */
export type MatValue = string | readonly number[] | { readonly cells: readonly MatValue[] } | {
  readonly structs: readonly MatStruct[];
};

/** A struct of a MATLAB file: values by field. */
export type MatStruct = { readonly [field: string]: MatValue };

interface Element {
  readonly type: number;
  readonly data: Uint8Array;
}

const MATRIX = 14;
const COMPRESSED = 15;
const UTF8 = 16;

/** How many bytes a number takes, and how it is read, by type. */
const numbers: { readonly [type: number]: [bytes: number, read: (view: DataView, at: number) => number] } = {
  1: [1, (view, at) => view.getInt8(at)],
  2: [1, (view, at) => view.getUint8(at)],
  3: [2, (view, at) => view.getInt16(at, true)],
  4: [2, (view, at) => view.getUint16(at, true)],
  5: [4, (view, at) => view.getInt32(at, true)],
  6: [4, (view, at) => view.getUint32(at, true)],
  7: [4, (view, at) => view.getFloat32(at, true)],
  9: [8, (view, at) => view.getFloat64(at, true)],
  12: [8, (view, at) => Number(view.getBigInt64(at, true))],
  13: [8, (view, at) => Number(view.getBigUint64(at, true))],
  17: [2, (view, at) => view.getUint16(at, true)],
};

// Classes of arrays; 6 to 15 are double, single, and integers of 8 to 64 bits.
const [CELL, STRUCT, CHAR, DOUBLE, UINT64] = [1, 2, 4, 6, 15] as const;

/**
 * Reads some variables of a MATLAB file of level 5 ("MAT-file format", The MathWorks), as MATLAB 5 to 7 write it on
 * little-endian machines: text, real numbers, cells and structs.
 *
 * @throws {SyntaxError} If the file is something else or cut off.
 */
export async function readMat(bytes: Uint8Array, wanted: readonly string[]): Promise<{ [name: string]: MatValue }> {
  const view = viewOf(bytes);
  // The header has 124 bytes of text; the version and the mark of the byte order follow.
  if (bytes.length < 128 || view.getUint16(124, true) !== 0x0100 || view.getUint16(126, true) !== 0x4d49) {
    throw new SyntaxError("it is no MATLAB file of level 5, little-endian");
  }
  const variables: { [name: string]: MatValue } = {};
  for (const element of elements(bytes.subarray(128))) {
    const { type, data } = element.type === COMPRESSED ? next(elements(await inflated(element.data))) : element;
    if (type !== MATRIX) continue;
    const { name, value } = openMatrix(data);
    if (wanted.includes(name)) variables[name] = value();
  }
  return variables;
}

async function inflated(data: Uint8Array): Promise<Uint8Array> {
  try {
    return await promisify(inflate)(data);
  } catch (cause) {
    throw new SyntaxError("a compressed part cannot be read", { cause });
  }
}

/** The elements of a part of the file: a type and data each. */
function* elements(bytes: Uint8Array): Generator<Element, undefined> {
  const view = viewOf(bytes);
  for (let at = 0; at < bytes.length;) {
    if (at + 8 > bytes.length) cutOff();
    const tag = view.getUint32(at, true);
    // Up to four bytes of data stand in the tag itself.
    const small = tag >>> 16;
    const [type, size, from] = small > 0 ? [tag & 0xffff, small, at + 4] : [tag, view.getUint32(at + 4, true), at + 8];
    if (small > 4 || from + size > bytes.length) cutOff();
    yield { type, data: bytes.subarray(from, from + size) };
    at = small > 0 ? at + 8 : from + (type === COMPRESSED ? size : Math.ceil(size / 8) * 8);
  }
}

function next(parts: Generator<Element, undefined>): Element {
  return parts.next().value ?? cutOff();
}

function cutOff(): never {
  throw new SyntaxError("it is cut off or damaged");
}

/** Reads a matrix up to its name; its value is read on demand. */
function openMatrix(data: Uint8Array): { name: string; value: () => MatValue } {
  const parts = elements(data);
  const arrayClass = numbersOf(next(parts))[0]! & 0xff;
  const count = numbersOf(next(parts)).reduce((product, size) => product * size, 1);
  return { name: textOf(next(parts)), value: () => contents(arrayClass, count, parts) };
}

function contents(arrayClass: number, count: number, parts: Generator<Element, undefined>): MatValue {
  if (arrayClass === CHAR) return textOf(next(parts));
  if (arrayClass >= DOUBLE && arrayClass <= UINT64) return numbersOf(next(parts));
  if (arrayClass === CELL) return { cells: Array.from({ length: count }, () => inner(next(parts))) };
  if (arrayClass !== STRUCT) throw new SyntaxError(`it holds an array of class ${arrayClass}, which is not known here`);
  const [width] = numbersOf(next(parts));
  const joined = textOf(next(parts));
  const fields = Array.from(
    { length: joined.length / width! },
    (_, i) => joined.slice(i * width!, (i + 1) * width!).replace(/\0.*/, ""),
  );
  const struct = () => Object.fromEntries(fields.map((field) => [field, inner(next(parts))]));
  return { structs: Array.from({ length: count }, struct) };
}

function inner({ type, data }: Element): MatValue {
  if (type !== MATRIX) cutOff();
  // Nothing at all stands for an empty array.
  return data.length === 0 ? [] : openMatrix(data).value();
}

function numbersOf({ type, data }: Element): number[] {
  const [bytes, read] = numbers[type] ?? cutOff();
  const view = viewOf(data);
  return Array.from({ length: Math.floor(data.length / bytes) }, (_, i) => read(view, i * bytes));
}

function textOf(element: Element): string {
  if (element.type === UTF8) return new TextDecoder().decode(element.data);
  return numbersOf(element).map((unit) => String.fromCharCode(unit)).join("");
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
