/**
 * What the readers of published image sets take.
 *
 * @module
 */

/** Where a published image set is, which part is read, and how its images are brought to one size. */
export interface PublishedOptions<Split extends string = "train" | "test"> {
  /** The folder that the published archive was unpacked to. */
  readonly folder: string;
  /** Which part is read; classes of different parts are different. */
  readonly split: Split;
  /** Rows and columns that all images get; 32 by default. */
  readonly size?: number;
  /**
   * How an image becomes a square: `crop` brings its shorter side to `size` and keeps the middle, `squeeze` brings each
   * side to `size`; `crop` by default.
   */
  readonly fit?: "crop" | "squeeze";
}
