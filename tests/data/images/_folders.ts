import { createCanvas } from "@napi-rs/canvas";
import { dirname, join } from "node:path";

/** Upright stripes of equal width, as colors. */
export interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly stripes: readonly string[];
}

/** A file's text, its bytes, or a drawing that becomes a PNG or JPEG by the file's name. */
export type Content = string | Uint8Array | Drawing;

/** An image of one color. */
export function plain(color: string): Drawing {
  return { width: 6, height: 6, stripes: [color] };
}

/** Runs with a folder that has these files, and removes it. */
export async function withFolder<T>(
  files: { readonly [path: string]: Content },
  run: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [path, content] of Object.entries(files)) {
      await Deno.mkdir(dirname(join(folder, path)), { recursive: true });
      await Deno.writeFile(join(folder, path), await bytesOf(path, content));
    }
    return await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function bytesOf(path: string, content: Content): Promise<Uint8Array> {
  if (typeof content === "string") return new TextEncoder().encode(content);
  if (content instanceof Uint8Array) return content;
  const { width, height, stripes } = content;
  const canvas = createCanvas(width, height);
  const context = canvas.getContext("2d");
  stripes.forEach((color, i) => {
    context.fillStyle = color;
    context.fillRect(i * width / stripes.length, 0, width / stripes.length, height);
  });
  return /\.jpe?g$/i.test(path) ? await canvas.encode("jpeg", 100) : await canvas.encode("png");
}
