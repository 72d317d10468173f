/**
 * Checkpoints: all that a training needs to go on, in a folder that outlives a crash at any moment.
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { codeOf, draftOf, listCheckpoints, nextName, removeDrafts } from "./_checkpoint_places.ts";
import { readRecord, sha256, writeRecord } from "./_checkpoint_state.ts";
import { makeFolder, removeFolder, writeFolder } from "./_durable.ts";
import { decodeSafetensors, encodeSafetensors, type NamedArrays } from "./safetensors.ts";

/** What a checkpoint holds. */
export interface Checkpoint {
  /** How far the training was, an integer of at least 0. */
  readonly step: number;
  /** Arrays by name, such as parameters and the optimizer's slots. */
  readonly tensors: NamedArrays;
  /** The rest, as plain data: texts, truth values, null, numbers of any kind, lists and records. */
  readonly state: unknown;
}

/** Options of {@linkcode saveCheckpoint}. */
export interface SaveCheckpointOptions {
  /** How many checkpoints stay, the newest ones. 2 if left out. */
  readonly keep?: number;
}

/** Options of {@linkcode loadCheckpoint}. */
export interface LoadCheckpointOptions {
  /** Is told of each checkpoint that cannot be used, and why. The error stream if left out. */
  readonly log?: (line: string) => void;
}

const TENSORS = "tensors.safetensors";
const STATE = "state.json";

/**
 * Saves a checkpoint as `step-<number>` in a folder: `tensors.safetensors`, which other frameworks read too, and
 * `state.json` with the checksums of both.
 *
 * It is written under another name, flushed to the disk and renamed, and only then are older ones removed: whenever the
 * process is killed, all checkpoints that stood before are whole, or this one is. A step that was saved before is saved
 * beside the earlier one, as `step-<number>-2`, which then is removed. Checkpoints of later steps are those of a training
 * that was wound back, and are removed as well. One process writes to a folder at a time, one checkpoint after another.
 *
 * @param folder Where checkpoints stand; it is made if need be, and holds nothing else.
 * @param checkpoint What to save.
 * @param options How many checkpoints stay.
 * @throws {RangeError} If `step` or `keep` is out of range, or an array does not have its shape's size.
 * @throws {TypeError} If `state` is no plain data; the message says where.
 *
 * @example
 * ```ts
 * import { loadCheckpoint, saveCheckpoint } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 *
 * const folder = await Deno.makeTempDir();
 * const tensors = { weight: { shape: [2], data: new Float32Array([0.5, 2]) } };
 * for (const step of [10, 20, 30]) await saveCheckpoint(folder, { step, tensors, state: { loss: 1 / step } });
 * assertEquals(await loadCheckpoint(folder), { step: 30, tensors, state: { loss: 1 / 30 } });
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function saveCheckpoint(
  folder: string,
  { step, tensors, state }: Checkpoint,
  { keep = 2 }: SaveCheckpointOptions = {},
): Promise<void> {
  requireInteger("step", step, 0);
  requireInteger("keep", keep, 1);
  const bytes = encodeSafetensors(tensors);
  const files = { [TENSORS]: bytes, [STATE]: writeRecord({ step, tensors: sha256(bytes), state }) };
  await makeFolder(folder);
  await removeDrafts(folder);
  const before = await listCheckpoints(folder);
  const name = nextName(step, before);
  await writeFolder({ parent: folder, name, draft: draftOf(name), files });
  const older = before.filter((place) => place.step < step);
  const surplus = [...before.filter((place) => place.step >= step), ...older.slice(keep - 1)];
  for (const { name } of surplus) await removeFolder(folder, name, draftOf(name));
}

/**
 * Loads the newest checkpoint of a folder that is whole. One that was cut off, altered or robbed of a file is told by its
 * checksums, reported, and passed over.
 *
 * @param folder Where {@linkcode saveCheckpoint} put them.
 * @param options Where reports go.
 * @returns The checkpoint; undefined if there is none that can be used, or no such folder.
 *
 * @example
 * ```ts
 * import { loadCheckpoint, saveCheckpoint } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 *
 * const folder = await Deno.makeTempDir();
 * for (const step of [1, 2]) await saveCheckpoint(folder, { step, tensors: {}, state: null });
 * await Deno.truncate(`${folder}/step-000000002/state.json`, 10);
 * const said: string[] = [];
 * const checkpoint = await loadCheckpoint(folder, { log: (line) => said.push(line) });
 * assertEquals([checkpoint?.step, said.length], [1, 1]);
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function loadCheckpoint(
  folder: string,
  { log = console.error }: LoadCheckpointOptions = {},
): Promise<Checkpoint | undefined> {
  const places = await listCheckpoints(folder);
  for (const { name, step } of places) {
    const path = join(folder, name);
    try {
      return await read(path, step);
    } catch (error) {
      log(`Cannot use the checkpoint ${path}: ${messageOf(error)}`);
    }
  }
  if (places.length > 0) log(`None of the checkpoints in ${folder} can be used`);
  return undefined;
}

async function read(path: string, expected: number): Promise<Checkpoint> {
  const { step, tensors, state } = readRecord(await readPart(path, STATE, "utf8"));
  if (step !== expected) throw new Error(`it is of step ${step}, expected ${expected}`);
  const bytes = await readPart(path, TENSORS);
  if (sha256(bytes) !== tensors) throw new Error(`${TENSORS} is cut off or damaged (wrong checksum)`);
  return { step, tensors: decodeSafetensors(bytes).tensors, state };
}

function readPart(path: string, file: string): Promise<Uint8Array>;
function readPart(path: string, file: string, encoding: "utf8"): Promise<string>;
function readPart(path: string, file: string, encoding?: "utf8"): Promise<Uint8Array | string> {
  return readFile(join(path, file), encoding).catch((error) => {
    throw codeOf(error) === "ENOENT" ? new Error(`${file} is missing`) : error;
  });
}

function requireInteger(name: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new RangeError(`Cannot save a checkpoint: ${name} is ${value}, expected an integer of at least ${least}`);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
