/**
 * The folders of checkpoints.
 *
 * @module
 */
import { randomUUID } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";

/** One checkpoint of a folder. */
export interface Place {
  readonly name: string;
  readonly step: number;
  /** 1 for the first of its step, 2 for one that was saved beside it. */
  readonly edition: number;
}

/** The checkpoints of a folder, the newest first. */
export async function listCheckpoints(folder: string): Promise<Place[]> {
  return (await namesIn(folder)).flatMap((name): Place[] => {
    const [, step, edition = "1"] = /^step-(\d{9,})(?:-(\d+))?$/.exec(name) ?? [];
    return step === undefined ? [] : [{ name, step: Number(step), edition: Number(edition) }];
  }).sort((a, b) => b.step - a.step || b.edition - a.edition);
}

/** The name of a new checkpoint beside those there are. */
export function nextName(step: number, places: readonly Place[]): string {
  const editions = places.filter((place) => place.step === step).map(({ edition }) => edition);
  const edition = Math.max(0, ...editions) + 1;
  return `step-${String(step).padStart(9, "0")}${edition > 1 ? `-${edition}` : ""}`;
}

/** Removes what a process that was killed had not finished. */
export async function removeDrafts(folder: string): Promise<void> {
  for (const name of await namesIn(folder)) {
    if (/^\.step-.*\.part$/.test(name)) await rm(join(folder, name), { recursive: true, force: true });
  }
}

/** The name of a checkpoint while it is written or removed. */
export function draftOf(name: string): string {
  return `.${name}.${randomUUID()}.part`;
}

function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error) => {
    if (codeOf(error) === "ENOENT") return [];
    throw error;
  });
}

/** The code of a system error, such as ENOENT. */
export function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
