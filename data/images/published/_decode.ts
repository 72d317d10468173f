import { readData } from "./_text.ts";

/** Images that are decoded at a time: only so many stand whole in memory. */
const LANES = 4;

/** Decodes image files to squares of red, green and blue bytes, one behind the other. */
export async function decodeImages(
  title: string,
  paths: readonly string[],
  size: number,
  fit: "crop" | "squeeze",
): Promise<Uint8Array<ArrayBuffer>> {
  // Whoever reads no images does not load the package.
  const { createCanvas, loadImage } = await import("@napi-rs/canvas");
  const pixels = new Uint8Array(paths.length * size * size * 3);
  let next = 0;
  let failed = false;
  const lane = async () => {
    while (next < paths.length && !failed) {
      const i = next++;
      const bytes = await readData(title, paths[i]!);
      const image = await loadImage(bytes).catch((error: unknown) => {
        throw new Error(`Cannot read ${title}: ${paths[i]} cannot be decoded, expected an image`, { cause: error });
      });
      const { width, height } = image;
      const side = Math.min(width, height);
      const [wide, tall] = fit === "crop" ? [side, side] : [width, height];
      // Bilinear reading sees all pixels down to half the size; what is left to shrink are means of whole blocks.
      const across = Math.max(Math.floor(wide / size), 1);
      const down = Math.max(Math.floor(tall / size), 1);
      const canvas = createCanvas(size * across, size * down);
      const context = canvas.getContext("2d");
      context.fillStyle = "white";
      context.fillRect(0, 0, canvas.width, canvas.height);
      context.imageSmoothingQuality = "low";
      const from = [(width - wide) / 2, (height - tall) / 2, wide, tall] as const;
      context.drawImage(image, ...from, 0, 0, canvas.width, canvas.height);
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
      blockMeans(data, across, down, pixels.subarray(i * size * size * 3, (i + 1) * size * size * 3), size);
    }
  };
  const lanes = Array.from({ length: LANES }, () =>
    lane().catch((error) => {
      failed = true;
      throw error;
    }));
  // The others end their image before the error goes up.
  for (const result of await Promise.allSettled(lanes)) if (result.status === "rejected") throw result.reason;
  return pixels;
}

/** Writes the mean color of each block of `across` × `down` pixels of four channels. */
function blockMeans(data: Uint8ClampedArray, across: number, down: number, means: Uint8Array, size: number): void {
  const count = across * down;
  for (let block = 0; block < size * size; block++) {
    const [column, row] = [block % size * across, Math.floor(block / size) * down];
    let [red, green, blue] = [0, 0, 0];
    for (let y = row; y < row + down; y++) {
      let at = (y * size * across + column) * 4;
      for (let x = 0; x < across; x++, at += 4) {
        red += data[at]!;
        green += data[at + 1]!;
        blue += data[at + 2]!;
      }
    }
    means[block * 3] = Math.round(red / count);
    means[block * 3 + 1] = Math.round(green / count);
    means[block * 3 + 2] = Math.round(blue / count);
  }
}
