/**
 * The file `state.json` of a checkpoint, which tells whether the checkpoint is whole.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { decodeExact, encodeExact } from "./exact_json.ts";

/** What `state.json` says. */
export interface CheckpointRecord {
  readonly step: number;
  /** The SHA-256 of the file of tensors. */
  readonly tensors: string;
  readonly state: unknown;
}

/** The SHA-256 of bytes or of a text, in hexadecimal digits. */
export function sha256(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("hex");
}

/**
 * Writes the file's text: the checksum of the content, then the content, letter by letter as it was summed.
 *
 * @throws {TypeError} If the state is no plain data.
 */
export function writeRecord({ step, tensors, state }: CheckpointRecord): string {
  const content = `{"step":${step},"tensors":"${tensors}","state":${encodeExact(state, "state")}}`;
  return `{"sha256":"${sha256(content)}","content":${content}}\n`;
}

/**
 * Reads the file's text.
 *
 * @throws {Error} If it is not what was written.
 */
export function readRecord(text: string): CheckpointRecord {
  const [, sum, content] = /^\{"sha256":"([0-9a-f]{64})","content":(.*)\}\n$/s.exec(text) ?? [];
  if (content === undefined) throw new Error("state.json is cut off or no state of a checkpoint");
  if (sha256(content) !== sum) throw new Error("state.json is damaged (wrong checksum)");
  return decodeExact(content) as CheckpointRecord;
}
