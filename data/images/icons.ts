/**
 * Icons of user interfaces as the artists of many sets drew them.
 *
 * @module
 */
import { onePerSet } from "./_concepts.ts";
import { type Collection, loadDrawn } from "./_drawn_sets.ts";
import type { ImageSet } from "./image_set.ts";

/** Which icons are loaded, and how large. */
export interface IconOptions {
  /** Rows and columns of an image; 32 by default. */
  readonly size?: number;
  /** Concepts that fewer sets draw are left out; 5 by default, 17 at most. */
  readonly drawings?: number;
  /** The folder in which the drawn images are kept; `GRADFOLD_CACHE` or gradfold's folder in the user's cache by default. */
  readonly cache?: string;
  /** Is told when something takes long or is left out; nobody by default. */
  readonly log?: (line: string) => void;
}

// The three that go back to Google's Material icons share drawings, so they have one artist.
const icons: Collection = {
  title: "icons",
  revision: 1,
  drawings: 5,
  download: "13 MB",
  sources: [
    { name: "tabler", version: "1.2.41", artist: "tabler" },
    { name: "lucide", version: "1.2.137", artist: "lucide" },
    { name: "mdi", version: "1.2.3", artist: "material" },
    { name: "ph", version: "1.2.2", artist: "ph" },
    { name: "ri", version: "1.2.10", artist: "ri" },
    { name: "bi", version: "1.2.7", artist: "bi" },
    { name: "fa6-solid", version: "1.2.4", artist: "fa6-solid" },
    { name: "ic", version: "1.2.4", artist: "material" },
    { name: "solar", version: "1.2.13", artist: "solar" },
    { name: "uil", version: "1.2.3", artist: "uil" },
    { name: "ion", version: "1.2.7", artist: "ion" },
    { name: "carbon", version: "1.2.29", artist: "carbon" },
    { name: "game-icons", version: "1.2.4", artist: "game-icons" },
    { name: "hugeicons", version: "1.2.35", artist: "hugeicons" },
    { name: "mingcute", version: "1.2.8", artist: "mingcute" },
    { name: "iconoir", version: "1.2.11", artist: "iconoir" },
    { name: "material-symbols", version: "1.2.93", artist: "material" },
  ],
  choose: onePerSet,
};

/**
 * Loads icons of 17 sets by 15 artists: 7,652 images, black on white, of 1,001 concepts such as `calendar`.
 *
 * The class of an image is what its name says without words for styles (`alarm-fill`, `outline-alarm` and `alarm` are
 * one), its origin the artist; the sets that go back to Google's Material icons have one. Each set gives the icon of the
 * shortest name. Names are `<set>/<icon>`. Classes are noisier than those of emoji: sets do not agree on what `blind`
 * means.
 *
 * The drawings come with the packages `npm:@iconify-json/*` (13 MB) and are drawn and kept as those of `loadEmoji`, with
 * the same permissions. Licenses are those of the sets: MIT (tabler, ph, bi, ion, hugeicons, iconoir), ISC (lucide),
 * Apache 2.0 (mdi, ri, ic, uil, carbon, mingcute, material-symbols), CC BY 4.0 (fa6-solid, solar), CC BY 3.0
 * (game-icons).
 *
 * @param options Size, which classes, and where the drawn images are kept.
 * @returns The images, ordered by class in the order of the alphabet, then by set.
 * @throws {RangeError} If `size` or `drawings` is out of range.
 * @throws {Error} If a package cannot be fetched, or no cache folder is given and the environment names none.
 *
 * @example
 * ```ts ignore
 * import { loadIcons } from "@gradfold/gradfold/data";
 *
 * const { examples, classes } = await loadIcons({ size: 24, log: console.log });
 * console.log(`${examples} icons of ${classes.length} concepts`);
 * ```
 */
export async function loadIcons(options: IconOptions = {}): Promise<ImageSet> {
  return await loadDrawn(icons, options);
}
