/** Writes a file so that a reader finds the old content or the new, never a part: into a neighbour, then renamed. */
export function writeWhole(path: string, content: string | Uint8Array): void {
  const draft = `${path}.part`;
  const file = Deno.openSync(draft, { write: true, create: true, truncate: true });
  try {
    writeAll(file, typeof content === "string" ? new TextEncoder().encode(content) : content);
    file.syncSync();
  } finally {
    file.close();
  }
  Deno.renameSync(draft, path);
}

/** Writes all bytes, however many the system takes at a time. */
export function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) written += file.writeSync(bytes.subarray(written));
}
