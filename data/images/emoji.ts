/**
 * Emoji as seven artists drew them.
 *
 * @module
 */
import { withoutSkinTones } from "./_concepts.ts";
import { type Collection, loadDrawn } from "./_drawn_sets.ts";
import type { ImageSet } from "./image_set.ts";

/** Which emoji are loaded, and how large. */
export interface EmojiOptions {
  /** Rows and columns of an image; 32 by default. */
  readonly size?: number;
  /** Classes with fewer drawings are left out; 6 by default, 10 at most. */
  readonly drawings?: number;
  /** The folder in which the drawn images are kept; `GRADFOLD_CACHE` or gradfold's folder in the user's cache by default. */
  readonly cache?: string;
  /** Is told when something takes long or is left out; nobody by default. */
  readonly log?: (line: string) => void;
}

// Sets that were made from one another have one artist: otherwise the flat and the shaded fluent emoji find each other.
const emoji: Collection = {
  title: "emoji",
  revision: 1,
  drawings: 6,
  download: "30 MB",
  sources: [
    { name: "noto", version: "1.2.9", artist: "noto" },
    { name: "noto-v1", version: "1.2.5", artist: "noto-v1" },
    { name: "twemoji", version: "1.2.5", artist: "twemoji" },
    { name: "openmoji", version: "1.2.29", artist: "openmoji" },
    { name: "fluent-emoji-flat", version: "1.2.6", artist: "fluent-emoji" },
    { name: "fluent-emoji", version: "1.2.7", artist: "fluent-emoji" },
    { name: "fluent-emoji-high-contrast", version: "1.2.6", artist: "fluent-emoji" },
    { name: "emojione", version: "1.2.3", artist: "emojione" },
    { name: "emojione-v1", version: "1.2.3", artist: "emojione-v1" },
    { name: "emojione-monotone", version: "1.2.1", artist: "emojione" },
  ],
  choose: withoutSkinTones,
};

/**
 * Loads emoji of ten sets by seven artists: 13,664 images of 1,588 concepts, such as `red-heart`, without skin tones.
 *
 * The class of an image is its concept, its origin the artist; sets made from one another (fluent emoji in three styles,
 * EmojiOne in two) have one artist. Names are `<set>/<concept>`. So retrieval asks for the same thing drawn by someone
 * else: leave out what has the query's origin, since an artist's styles repeat one drawing. Neighboring classes can be
 * nearly alike; `emojiFamilies` says which.
 *
 * The drawings come with the packages `npm:@iconify-json/*`, which Deno fetches on the first call (30 MB). They are
 * drawn once, on white, and kept in the cache folder with a checksum; a damaged file is made anew. The sets are free
 * under licenses of their own: Noto Emoji (Apache 2.0), Twemoji, EmojiOne and its monotone set (CC BY 4.0), EmojiOne 1
 * and OpenMoji (CC BY-SA 4.0), Fluent Emoji (MIT).
 *
 * Fetching records the packages in the project's lock file, if it has one. Drawing needs `--allow-ffi`, `--allow-env`
 * and `--allow-sys=homedir`, the cache `--allow-read` and `--allow-write`.
 *
 * @param options Size, which classes, and where the drawn images are kept.
 * @returns The images, ordered by class in the order of the alphabet, then by set.
 * @throws {RangeError} If `size` or `drawings` is out of range.
 * @throws {Error} If a package cannot be fetched, or no cache folder is given and the environment names none.
 *
 * @example
 * ```ts ignore
 * import { emojiFamilies, loadEmoji, splitByClass } from "@gradfold/gradfold/data";
 * import { key } from "@gradfold/gradfold/core";
 *
 * const emoji = await loadEmoji({ log: console.log });
 * const { train, test } = splitByClass(emoji, { families: emojiFamilies(emoji.classes), key: key(1) });
 * ```
 */
export async function loadEmoji(options: EmojiOptions = {}): Promise<ImageSet> {
  return await loadDrawn(emoji, options);
}
