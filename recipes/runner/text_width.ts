/** Widths of the letters of Helvetica and its like, in thousandths of the font size. */
const WIDTHS: readonly (readonly [letters: RegExp, width: number])[] = [
  [/[ijl'|]/, 230],
  [/[fIt .,:;!/\\()[\]`·-]/, 290],
  [/[r"{}*°]/, 350],
  [/[ckJsvxyz]/, 500],
  [/[m]/, 833],
  [/[wCDGHNOQRU&]/, 722],
  [/[ABEKPSVXY]/, 667],
  [/[MW%@—…]/, 920],
];
const USUAL = 570;

/**
 * About how wide a text in a sans-serif font is, in pixels. Without a canvas nothing can measure it, and vega's own guess
 * of 0.8 of the font size per letter leaves gaps.
 */
export function textWidth(text: string, fontSize: number): number {
  let sum = 0;
  for (const letter of text) sum += WIDTHS.find(([letters]) => letters.test(letter))?.[1] ?? USUAL;
  return (sum / 1000) * fontSize;
}
