/**
 * Folders of files that are there as a whole or not at all, even if the power fails.
 *
 * @module
 */
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import process from "node:process";

/** Writes a file and waits until the disk has it. */
async function writeThrough(path: string, content: Uint8Array | string): Promise<void> {
  const file = await open(path, "wx");
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Waits until the disk has the names of a folder's entries. */
async function syncFolder(path: string): Promise<void> {
  // Windows opens no folders, and keeps names in its journal.
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Makes a folder, if need be with those above it, and waits until the disk has them. */
export async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  if (first === undefined) return;
  const top = dirname(resolve(first));
  for (let made = resolve(path); made !== top; made = dirname(made)) await syncFolder(dirname(made));
}

/** What to write, and where. */
export interface FolderOptions {
  /** The folder above. */
  readonly parent: string;
  /** The name under which the folder is seen once it is whole; it must be free. */
  readonly name: string;
  /** The name that it has until then. */
  readonly draft: string;
  /** Its files. */
  readonly files: { readonly [name: string]: Uint8Array | string };
}

/** Writes a folder: under another name, then renamed. */
export async function writeFolder({ parent, name, draft, files }: FolderOptions): Promise<void> {
  await mkdir(join(parent, draft));
  try {
    for (const [file, content] of Object.entries(files)) await writeThrough(join(parent, draft, file), content);
    await syncFolder(join(parent, draft));
    await rename(join(parent, draft), join(parent, name));
  } catch (error) {
    await rm(join(parent, draft), { recursive: true, force: true });
    throw error;
  }
  await syncFolder(parent);
}

/** Takes a folder away: under another name first, so that it is never seen without some of its files. */
export async function removeFolder(parent: string, name: string, draft: string): Promise<void> {
  await rename(join(parent, name), join(parent, draft));
  await rm(join(parent, draft), { recursive: true, force: true });
}
