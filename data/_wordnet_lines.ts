import type { PartOfSpeech, Synset } from "./wordnet.ts";

/** The endings of WordNet's data files, in the order they are read. */
export const fileEndings = ["noun", "verb", "adj", "adv"] as const;

type FileEnding = typeof fileEndings[number];

const partsOfSpeech: Record<FileEnding, PartOfSpeech> = {
  noun: "noun",
  verb: "verb",
  adj: "adjective",
  adv: "adverb",
};
const kinds: Record<FileEnding, string> = { noun: "n", verb: "v", adj: "as", adv: "r" };
const targetFiles: Record<string, FileEnding> = { n: "noun", v: "verb", a: "adj", s: "adj", r: "adv" };

/** The lexicographer files by number, as in `man lexnames`. */
const lexicographerFiles = [
  ...["adj.all", "adj.pert", "adv.all"],
  ...["Tops", "act", "animal", "artifact", "attribute", "body", "cognition", "communication", "event", "feeling"]
    .map((name) => `noun.${name}`),
  ...["food", "group", "location", "motive", "object", "person", "phenomenon", "plant", "possession", "process"]
    .map((name) => `noun.${name}`),
  ...["quantity", "relation", "shape", "state", "substance", "time"].map((name) => `noun.${name}`),
  ...["body", "change", "cognition", "communication", "competition", "consumption", "contact", "creation", "emotion"]
    .map((name) => `verb.${name}`),
  ...["motion", "perception", "possession", "social", "stative", "weather"].map((name) => `verb.${name}`),
  "adj.ppl",
];

/**
 * Parses one data file, appends its synsets and notes the last synset that its pointers lead to in each file.
 *
 * @returns The offset of the file's last synset.
 */
export function parseSynsets(
  ending: FileEnding,
  path: string,
  text: string,
  synsets: Synset[],
  lastTargets: Map<string, number>,
): number {
  let last = -1;
  let number = 0;
  for (let start = 0; start < text.length;) {
    number++;
    const end = text.indexOf("\n", start);
    const at = `${path}:${number}`;
    if (end < 0) fail(at, `the file ends inside the line "${excerpt(text.slice(start))}"`, "a line break at its end");
    // The licence stands first, on lines that begin with two spaces.
    if (!text.startsWith("  ", start)) {
      synsets.push(parseLine(text.slice(start, end), start, ending, at, lastTargets));
      last = start;
    }
    start = end + 1;
  }
  if (last < 0) fail(`${path}:${number}`, "the file has no synset", "at least one");
  return last;
}

// offset lex_filenum ss_type w_cnt (word lex_id)... p_cnt (symbol offset pos source/target)... [frames...] | gloss
function parseLine(
  line: string,
  start: number,
  ending: FileEnding,
  at: string,
  lastTargets: Map<string, number>,
): Synset {
  const bar = line.indexOf(" | ");
  if (bar < 0) fail(at, `the line "${excerpt(line)}" has no " | "`, "fields, a bar and a gloss");
  const fields = line.slice(0, bar).split(" ");
  const field = (index: number, what: string, pattern: RegExp, expected: string): string => {
    const value = fields[index];
    if (value === undefined || !pattern.test(value)) {
      fail(at, `${what} is ${value === undefined ? "missing" : `"${excerpt(value)}"`}`, expected);
    }
    return value;
  };

  const offset = field(0, "the offset", /^\d{8}$/, "eight digits");
  if (Number(offset) !== start) fail(at, `the offset is ${offset}, but the line starts at byte ${start}`, "the same");
  const lexicographerFile = lexicographerFiles[Number(field(1, "the lexicographer file", /^\d\d$/, "two digits"))];
  if (lexicographerFile === undefined) fail(at, `the lexicographer file is ${fields[1]}`, "a number from 00 to 44");
  const kind = field(2, "the synset type", /^[nvasr]$/, "one of n, v, a, s, r");
  if (!kinds[ending].includes(kind)) fail(at, `the synset type is "${kind}"`, `one of "${kinds[ending]}"`);
  const words = parseInt(field(3, "the number of words", /^[0-9a-f]{2}$/i, "two hexadecimal digits"), 16);
  if (words === 0) fail(at, "the number of words is 0", "at least 1");
  const lemmas = Array.from(
    { length: words },
    // Adjectives may carry a marker of where they stand: (p), (a) or (ip).
    (_, i) => field(4 + 2 * i, `word ${i + 1}`, /./, "a word").replace(/\((?:p|a|ip)\)$/, ""),
  );

  const first = 5 + 2 * words;
  const pointers = Number(field(first - 1, "the number of pointers", /^\d{3}$/, "three digits"));
  for (let i = first; i < first + 4 * pointers; i += 4) {
    const target = Number(field(i + 1, "a pointer's offset", /^\d{8}$/, "eight digits"));
    const file = targetFiles[field(i + 2, "a pointer's part of speech", /^[nvasr]$/, "one of n, v, a, s, r")]!;
    field(i + 3, "a pointer's source and target", /^[0-9a-f]{4}$/i, "four hexadecimal digits");
    if (target > (lastTargets.get(file) ?? -1)) lastTargets.set(file, target);
  }
  const frames = first + 4 * pointers;
  const expected = ending === "verb"
    ? frames + 1 + 3 * Number(field(frames, "the number of frames", /^\d\d$/, "two digits"))
    : frames;
  if (fields.length !== expected) fail(at, `the line has ${fields.length} fields before the bar`, `${expected}`);

  const { gloss, examples } = splitGloss(line.slice(bar + 3).trim());
  if (gloss === "") fail(at, "the gloss is empty", "a definition");
  return { id: `${offset}-${kind}`, partOfSpeech: partsOfSpeech[ending], lemmas, gloss, examples, lexicographerFile };
}

/** Cuts a gloss at its first quoted example; quotes inside the definition itself stay. */
function splitGloss(text: string): { gloss: string; examples: string[] } {
  // Most glosses have no example, and the search takes long to find that out.
  if (!text.includes('"')) return { gloss: text, examples: [] };
  const cut = text.search(/\s*[;:,]?(?:\s*e\.g\.|(?<=[;:]))\s*"/);
  if (cut < 0) return { gloss: text, examples: [] };
  const examples = Array.from(text.slice(cut).matchAll(/"([^"]*)"/g), (match) => match[1]!);
  return { gloss: text.slice(0, cut), examples };
}

function excerpt(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function fail(at: string, found: string, expected: string): never {
  throw new SyntaxError(`Cannot read WordNet: ${at}: ${found}, expected ${expected}`);
}
