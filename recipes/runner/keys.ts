/**
 * Reads from a config's schema what may stand in it.
 *
 * @module
 */
import { z } from "zod";
import type { ConfigSchema } from "./recipe.ts";

/** The parts of a JSON schema that are read here. */
export interface SchemaNode {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly multipleOf?: number;
  readonly minLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: SchemaNode | false;
  readonly prefixItems?: readonly SchemaNode[];
  readonly additionalProperties?: SchemaNode | boolean;
  readonly anyOf?: readonly SchemaNode[];
  readonly properties?: { readonly [name: string]: SchemaNode };
}

/** A key of a config. */
export interface ConfigKey {
  /** Its name, with dots for nested ones. */
  readonly name: string;
  /** What it means, from the schema's `describe`. */
  readonly meaning: string;
  /** What is allowed, as in "an integer of at least 1". */
  readonly expected: string;
  /** Its value where the file leaves it out, if the schema has one. */
  readonly fallback: unknown;
}

/** The JSON schema of a config. */
export function schemaOf(config: ConfigSchema): SchemaNode {
  return z.toJSONSchema(config, { io: "input", unrepresentable: "any" }) as SchemaNode;
}

/** Lists the keys of a config, those of nested groups under dotted names. */
export function configKeys(node: SchemaNode, prefix = ""): ConfigKey[] {
  return Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
    const name = prefix + key;
    if (child.properties) return configKeys(child, `${name}.`);
    return [{ name, meaning: child.description ?? "", expected: expectation(child), fallback: child.default }];
  });
}

/** The part of a schema that a path leads to. */
export function nodeAt(node: SchemaNode, path: readonly PropertyKey[]): SchemaNode {
  return path.reduce<SchemaNode>((at, step) => {
    const child = typeof step === "number"
      ? at.prefixItems?.[step] ?? at.items
      : at.properties?.[String(step)] ?? at.additionalProperties;
    return typeof child === "object" ? child : {};
  }, node);
}

/** Says what a part of a schema allows, as in "a number in [0, 1)". */
export function expectation(node: SchemaNode): string {
  if (node.anyOf) return node.anyOf.map(expectation).join(" or ");
  if (node.enum) return `one of ${node.enum.map((value) => JSON.stringify(value)).join(", ")}`;
  if (node.const !== undefined) return JSON.stringify(node.const);
  const types = typeof node.type === "string" ? [node.type] : node.type ?? [""];
  return types.map((type) => expectationOf(type, node)).join(" or ");
}

function expectationOf(type: string, node: SchemaNode): string {
  switch (type) {
    case "integer":
      return `an integer${range(node)}`;
    case "number":
      return `a number${range(node)}`;
    case "boolean":
      return "true or false";
    case "string":
      return node.minLength ? "a text that is not empty" : "a text";
    case "array":
      if (node.prefixItems) return `a list of ${node.prefixItems.map(expectation).join(" and ")}`;
      return `a list${length(node)}${node.items ? `, each item ${expectation(node.items)}` : ""}`;
    case "object":
      return typeof node.additionalProperties === "object"
        ? `a group of keys, each ${expectation(node.additionalProperties)}`
        : "a group of keys";
    case "null":
      return "null";
    default:
      return "another value";
  }
}

function range(node: SchemaNode): string {
  // zod bounds every integer by what a double can hold; that goes without saying.
  const low = node.exclusiveMinimum ?? (node.minimum === Number.MIN_SAFE_INTEGER ? undefined : node.minimum);
  const high = node.exclusiveMaximum ?? (node.maximum === Number.MAX_SAFE_INTEGER ? undefined : node.maximum);
  const openLow = node.exclusiveMinimum !== undefined;
  const openHigh = node.exclusiveMaximum !== undefined;
  const step = node.multipleOf === undefined ? "" : `, a multiple of ${node.multipleOf}`;
  if (low !== undefined && high !== undefined) {
    if (node.type === "integer" && !openLow && !openHigh) return ` from ${low} to ${high}${step}`;
    return ` in ${openLow ? "(" : "["}${low}, ${high}${openHigh ? ")" : "]"}${step}`;
  }
  if (low !== undefined) return ` ${openLow ? "above" : "of at least"} ${low}${step}`;
  if (high !== undefined) return ` ${openHigh ? "below" : "of at most"} ${high}${step}`;
  return step;
}

function length({ minItems, maxItems }: SchemaNode): string {
  if (minItems === undefined && maxItems === undefined) return "";
  if (minItems === maxItems) return ` of ${minItems}`;
  if (maxItems === undefined) return ` of at least ${minItems}`;
  return ` of ${minItems ?? 0} to ${maxItems}`;
}
