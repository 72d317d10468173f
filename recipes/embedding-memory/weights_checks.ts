/**
 * What is wrong with a weighting that a config gives.
 *
 * A union of schemas would only say that none of them fits; here the value that is wrong is named, with what its kind
 * expects.
 *
 * @module
 */
import { z } from "zod";
import { expectation, nodeAt, type SchemaNode } from "../runner/keys.ts";
import { suggestion } from "../runner/nearest.ts";
import { isValues, type Values } from "../runner/settings.ts";
import { PLACES, scaleOption, weightKinds } from "./weights_kinds.ts";

/** A value that is wrong. */
export interface Problem {
  /** The names that lead to it. */
  readonly path: readonly string[];
  /** What was expected in its place. */
  readonly message: string;
}

/** The names of all kinds of weights. */
const KINDS: readonly string[] = [...Object.keys(weightKinds), "table"];

/** What is wrong with a weighting; nothing if it is right. */
export function weightingProblems(spec: unknown): Problem[] {
  if (!isValues(spec) || !("positive" in spec || "negative" in spec)) return weightProblems(spec, []);
  const unknown = Object.keys(spec).filter((name) => name !== "positive" && name !== "negative");
  return [
    ...unknown.map((name) => problem([name], "expected only positive and negative here")),
    ...["positive", "negative"].flatMap((side) => weightProblems(spec[side], [side])),
  ];
}

/** What is wrong with the weight of one side, or with a kind for both. */
function weightProblems(spec: unknown, path: readonly string[]): Problem[] {
  if (typeof spec === "string") {
    if (spec === "table") return [problem(path, "expected points, as in { table: { 0.3: 0, 0.8: 1 } }")];
    return KINDS.includes(spec) ? [] : [problem(path, noKind(spec, path))];
  }
  const names = isValues(spec) ? Object.keys(spec) : [];
  const [name, ...others] = names;
  if (name === undefined) {
    return [
      problem(path, `expected a kind of weight, as in linear or { linear: 0.5 }; the kinds are ${KINDS.join(", ")}`),
    ];
  }
  const unknown = names.find((name) => !KINDS.includes(name));
  if (unknown !== undefined) return [problem([...path, unknown], noKind(unknown, path))];
  // The later name is at fault, as it is the one that a setting adds.
  if (others.length > 0) return [problem([...path, others[0]!], `expected no second kind beside ${name}`)];
  const given = (spec as Values)[name];
  const inner = [...path, name];
  return name === "table"
    ? tableProblems(given, inner)
    : optionProblems(name as keyof typeof weightKinds, given, inner);
}

function optionProblems(name: keyof typeof weightKinds, given: unknown, path: readonly string[]): Problem[] {
  const { options, short } = weightKinds[name];
  const schema = options.extend(scaleOption);
  const node = z.toJSONSchema(schema) as SchemaNode;
  if (!isValues(given)) {
    const number = short === undefined ? undefined : expectation(nodeAt(node, [short]));
    const right = short !== undefined && schema.safeParse({ [short]: given }).success && given !== undefined;
    const expected = `expected ${number === undefined ? "" : `${number} or `}a group of options`;
    return right ? [] : [problem(path, `${expected}, which are ${Object.keys(schema.shape).join(", ")}`)];
  }
  const places = PLACES.filter((place) => place in given);
  const doubled = places.length > 1
    ? [problem([...path, places[1]!], `expected no ${places[1]} beside ${places[0]}`)]
    : [];
  const issues = schema.safeParse(given).error?.issues ?? [];
  return [
    ...issues.flatMap((issue): Problem[] => {
      if (issue.code !== "unrecognized_keys") {
        const inner = issue.path.map(String);
        return [problem([...path, ...inner], `expected ${expectation(nodeAt(node, inner))}`)];
      }
      const names = Object.keys(schema.shape);
      return issue.keys.map((key) =>
        problem([...path, key], `expected an option of ${name}${suggestion(key, names, "the options are")}`)
      );
    }),
    ...(issues.length === 0 ? doubled : []),
  ];
}

function tableProblems(table: unknown, path: readonly string[]): Problem[] {
  const names = isValues(table) ? Object.keys(table) : [];
  if (names.length < 2) return [problem(path, "expected at least two points, as in { 0.3: 0, 0.8: 1 }")];
  const wrong = names.flatMap((name): Problem[] => {
    const weight = (table as Values)[name];
    if (name.trim() === "" || !(Math.abs(Number(name)) <= 1)) {
      return [problem([...path, name], "expected as its name a similarity in [-1, 1]")];
    }
    const right = typeof weight === "number" && Number.isFinite(weight) && weight >= 0;
    return right ? [] : [problem([...path, name], "expected a number of at least 0")];
  });
  if (wrong.length > 0) return wrong;
  // The names 0 and 1 come first in any object, wherever they were written; so nothing is said of their order.
  const ordered = names.filter((name) => name !== "0" && name !== "1").map(Number);
  const sorted = names.map(Number).sort((a, b) => a - b);
  const twice = sorted.find((similarity, i) => similarity === sorted[i + 1]);
  if (twice !== undefined) return [problem(path, `expected similarities in ascending order, got ${twice} twice`)];
  const late = ordered.findIndex((similarity, i) => i > 0 && similarity < ordered[i - 1]!);
  if (late < 0) return [];
  return [problem(path, `expected similarities in ascending order, got ${ordered[late]} after ${ordered[late - 1]}`)];
}

function noKind(name: string, path: readonly string[]): string {
  // Where a weight for both sides may stand, there may also be one for each.
  const names = path.length === 0 ? [...KINDS, "positive", "negative"] : KINDS;
  return `expected a kind of weight${suggestion(name, names, "the kinds are")}`;
}

function problem(path: readonly string[], message: string): Problem {
  return { path, message };
}
