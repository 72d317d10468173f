/**
 * Image sets in single files, for what takes long to make.
 *
 * @module
 */
import { createHash, randomUUID } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { ImageSet } from "./image_set.ts";

// A file is these bytes, the SHA-256 of all that follows, the header's length, the header, the pixels.
const MAGIC = new TextEncoder().encode("gradfold images\n");
const HASH = 32;
const START = MAGIC.length + HASH + 4;

/** A draft older than this was left by a process that was stopped. */
const STALE_MS = 3_600_000;

/** Where an image set is kept, and what it was made from. */
export interface CacheOptions {
  /** The file. */
  readonly path: string;
  /** What the images depend on; a file of anything else is made anew. */
  readonly madeFrom: string;
  /** Is told what is wrong with the file. */
  readonly log: (line: string) => void;
}

/** Reads an image set from its file, or makes it and writes the file. A file that cannot be used is no error. */
export async function cached(options: CacheOptions, make: () => Promise<ImageSet>): Promise<ImageSet> {
  const { path, madeFrom, log } = options;
  try {
    return decode(await readFile(path), madeFrom);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") log(`Cannot use ${path}: ${messageOf(error)}; it is made anew`);
  }
  const set = await make();
  try {
    await replace(path, encode(set, madeFrom));
  } catch (error) {
    log(`Cannot keep the images in ${path}: ${messageOf(error)}; they are made again next time`);
  }
  return set;
}

/** An image set as the bytes of a file. */
export function encode(set: ImageSet, madeFrom: string): Uint8Array {
  const { pixels, ...rest } = set;
  const header = new TextEncoder().encode(
    JSON.stringify({ madeFrom, ...rest, labels: [...set.labels], origins: [...set.origins] }),
  );
  const file = new Uint8Array(START + header.length + pixels.length);
  file.set(MAGIC);
  new DataView(file.buffer).setUint32(MAGIC.length + HASH, header.length, true);
  file.set(header, START);
  file.set(pixels, START + header.length);
  file.set(hash(file), MAGIC.length);
  return file;
}

/** The image set of a file's bytes. */
export function decode(file: Uint8Array, madeFrom: string): ImageSet {
  if (file.length < START || MAGIC.some((byte, i) => file[i] !== byte)) throw new Error("it is no file of images");
  const wanted = hash(file);
  if (wanted.some((byte, i) => file[MAGIC.length + i] !== byte)) throw new Error("it is damaged (wrong checksum)");
  const length = new DataView(file.buffer, file.byteOffset).getUint32(MAGIC.length + HASH, true);
  const header = JSON.parse(new TextDecoder().decode(file.subarray(START, START + length)));
  const { madeFrom: found, ...rest } = header;
  if (found !== madeFrom) throw new Error(`it was made from ${found}, expected ${madeFrom}`);
  return {
    ...rest,
    pixels: Uint8Array.from(file.subarray(START + length)),
    labels: Int32Array.from(rest.labels),
    origins: Int32Array.from(rest.origins),
  };
}

function hash(file: Uint8Array): Uint8Array {
  return createHash("sha256").update(file.subarray(MAGIC.length + HASH)).digest();
}

/** Writes a file so that a reader finds the old one or the new, never a part, however many write. */
async function replace(path: string, content: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await removeStaleDrafts(path);
  const draft = `${path}.${randomUUID()}.part`;
  try {
    const file = await open(draft, "wx");
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

async function removeStaleDrafts(path: string): Promise<void> {
  for (const name of await readdir(dirname(path))) {
    if (!name.startsWith(`${basename(path)}.`) || !name.endsWith(".part")) continue;
    const draft = join(dirname(path), name);
    const { mtimeMs } = await stat(draft).catch(() => ({ mtimeMs: Infinity }));
    if (mtimeMs < Date.now() - STALE_MS) await rm(draft, { force: true });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
