/**
 * Rows of images as one picture: each row a query and what was found for it, right and wrong ones marked.
 *
 * @module
 */
import { type Canvas, type Color, createCanvas, type Images, type Place } from "./canvas.ts";
import { LETTER_WIDTH, LINE_HEIGHT } from "./pixel_font.ts";
import { encodePng } from "./png.ts";
import { wrap } from "./wrap.ts";

/** An image of a sheet. */
export interface SheetImage {
  /** Which of the images it is. */
  readonly row: number;
  /** What stands below it, in at most three lines. */
  readonly caption?: string;
}

/** A query and what was found for it. */
export interface SheetRow {
  /** The query, on the left. */
  readonly query: SheetImage;
  /** What was found, the best first, and whether it is right. */
  readonly found: readonly (SheetImage & { readonly right: boolean })[];
}

/** Options of {@linkcode contactSheet}. */
export interface ContactSheetOptions {
  /** What the sheet shows. */
  readonly title: string;
  /** A smaller line below the title. */
  readonly subtitle?: string;
  /** The images that the rows refer to. */
  readonly images: Images;
  /** From top to bottom. */
  readonly rows: readonly SheetRow[];
  /** How many pixels wide and high a pixel of an image is drawn; if left out, so many that images are 64 high or more. */
  readonly scale?: number;
}

const MARGIN = 16;
const FRAME = 4;
const GAP = 10;
/** Between the query and what was found. */
const WIDE_GAP = 26;
const CAPTION_LINES = 3;
const INK = "#222222";
const MARKS = {
  right: {
    color: "#009e73",
    drawing: [".........", ".......##", "......##.", "##...##..", ".##.##...", "..###....", "...#....."],
  },
  wrong: {
    color: "#d55e00",
    drawing: ["##.....##", ".##...##.", "..##.##..", "...###...", "..##.##..", ".##...##.", "##.....##"],
  },
} as const;
/** Of the square that a mark stands in. */
const MARK_SIZE = 11;

/**
 * Draws a sheet as PNG.
 *
 * Right ones have a green frame and a tick, wrong ones an orange frame and a cross; the query's frame is thin and grey.
 * Text is drawn in letters of its own, so that the sheet does not depend on the fonts of a machine.
 *
 * @throws {RangeError} If there are no rows, a row names an image that is not there, or the scale is no integer of at
 * least 1.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const images = { height: 2, width: 2, channels: 1, pixels: Uint8Array.of(0, 255, 255, 0, 9, 9, 9, 9) };
 * const png = await contactSheet({
 *   title: "Nearest neighbors",
 *   images,
 *   rows: [{ query: { row: 0, caption: "heart" }, found: [{ row: 1, caption: "star", right: false }] }],
 * });
 * assertEquals([...png.subarray(1, 4)], [80, 78, 71]);
 * ```
 */
export async function contactSheet(options: ContactSheetOptions): Promise<Uint8Array<ArrayBuffer>> {
  const { title, subtitle, images, rows, scale = Math.max(1, Math.ceil(64 / options.images.height)) } = options;
  check(options, scale);
  const [width, height] = [images.width * scale + 2 * FRAME, images.height * scale + 2 * FRAME];
  const columns = Math.floor(width / LETTER_WIDTH);
  const captions = rows.map(({ query, found }) => [
    wrap(query.caption ?? "", columns, CAPTION_LINES),
    ...found.map(({ caption = "" }) => wrap(caption, columns, CAPTION_LINES, 2)),
  ]);
  const captionHeights = captions.map((row) => 5 + Math.max(1, ...row.map((lines) => lines.length)) * LINE_HEIGHT);

  const left = (column: number) => MARGIN + column * (width + GAP) + (column > 0 ? WIDE_GAP - GAP : 0);
  const heads = [title, ...(subtitle === undefined ? [] : [subtitle])];
  const top = MARGIN + (heads.length + 2) * (LINE_HEIGHT + 3) + GAP;
  const most = Math.max(...rows.map(({ found }) => found.length));
  const canvas = createCanvas(
    Math.max(left(most + 1) - GAP, MARGIN + LETTER_WIDTH * Math.max(...heads.map(({ length }) => length), 40)) + MARGIN,
    top + captionHeights.reduce((sum, own) => sum + own + height + GAP, 0) + MARGIN - GAP,
    "#ffffff",
  );

  heads.forEach((text, i) => {
    canvas.text({ x: MARGIN, y: MARGIN + i * (LINE_HEIGHT + 3) }, text, INK, i === 0 ? "bold" : undefined);
  });
  drawLegend(canvas, { x: MARGIN, y: MARGIN + heads.length * (LINE_HEIGHT + 3) });
  for (let column = 0; column <= most; column++) {
    canvas.text({ x: left(column), y: top - LINE_HEIGHT - 2 }, column === 0 ? "query" : String(column), "#666666");
  }
  let y = top;
  rows.forEach(({ query, found }, n) => {
    [query, ...found].forEach((image, column) => {
      const x = left(column);
      const mark = column === 0 ? undefined : found[column - 1]!.right ? MARKS.right : MARKS.wrong;
      drawFrame(canvas, { x, y, width, height }, mark?.color);
      canvas.image({ x: x + FRAME, y: y + FRAME }, images, image.row, scale);
      if (mark) drawMark(canvas, { x, y: y + height + 3 }, mark);
      captions[n]![column]!.forEach((line, i) => {
        const indent = mark && i === 0 ? 2 * LETTER_WIDTH + 2 : 0;
        canvas.text({ x: x + indent, y: y + height + 5 + i * LINE_HEIGHT }, line, INK);
      });
    });
    y += height + captionHeights[n]! + GAP;
  });
  return await encodePng(canvas);
}

function drawLegend(canvas: Canvas, { x, y }: Place): void {
  for (const [mark, text, column] of [[MARKS.right, "right", 0], [MARKS.wrong, "wrong", 9]] as const) {
    const at = { x: x + column * LETTER_WIDTH, y };
    drawMark(canvas, at, mark);
    canvas.text({ x: at.x + MARK_SIZE + 4, y: y + 2 }, text, INK);
  }
}

/** A frame around an image: as wide as there is room in a color, or thin and grey. */
function drawFrame(canvas: Canvas, at: Place & { width: number; height: number }, color: Color | undefined): void {
  const inset = color ? 0 : FRAME - 1;
  const grow = (by: number) => ({ x: at.x + by, y: at.y + by, width: at.width - 2 * by, height: at.height - 2 * by });
  canvas.fill(grow(inset), color ?? "#999999");
  canvas.fill(grow(FRAME), "#ffffff");
}

function drawMark(canvas: Canvas, at: Place, { color, drawing }: { color: Color; drawing: readonly string[] }): void {
  canvas.fill({ ...at, width: MARK_SIZE, height: MARK_SIZE }, color);
  drawing.forEach((line, y) =>
    Array.from(line).forEach((pixel, x) => {
      if (pixel === "#") canvas.fill({ x: at.x + x + 1, y: at.y + y + 2, width: 1, height: 1 }, "#ffffff");
    })
  );
}

function check({ images, rows }: ContactSheetOptions, scale: number): void {
  if (!Number.isSafeInteger(scale) || scale < 1) {
    throw new RangeError(`Cannot draw a sheet: scale is ${scale}, expected an integer of at least 1`);
  }
  if (rows.length === 0) throw new RangeError("Cannot draw a sheet: there are no rows, expected at least one");
  const count = images.pixels.length / (images.height * images.width * images.channels);
  for (const { row } of rows.flatMap(({ query, found }) => [query, ...found])) {
    if (!Number.isInteger(row) || row < 0 || row >= count) {
      throw new RangeError(`Cannot draw a sheet: a row is ${row}, expected one of ${count} images`);
    }
  }
}
