import { assertEquals, assertGreater } from "@std/assert";
import { fromFileUrl } from "@std/path";
import * as pairings from "../../core/pairs/mod.ts";
import * as losses from "../../losses/mod.ts";
import * as metrics from "../../metrics/mod.ts";
import * as gradfold from "../../mod.ts";
import * as samplers from "../../samplers/mod.ts";

const read = (file: string) => Deno.readTextFileSync(fromFileUrl(new URL(`../../${file}`, import.meta.url)));
const page = read("docs/catalogue.md");
/** The page without its examples. */
const prose = page.replaceAll(/^```.*?^```$/gms, "");
/** Tables of parts; the one before them is about conventions. */
const parts = prose.slice(prose.indexOf("\n## Pairings\n"));

/** The cells of the rows of all tables in a text, but for heads and rules. */
function tableRows(text: string): string[][] {
  return text.split("\n").filter((line) => line.startsWith("| `")).map((line) => line.split("|").slice(1, -1));
}

/** The identifiers that pieces of code begin with. */
function codeNames(text: string): string[] {
  return Array.from(text.matchAll(/`([A-Za-z_$][\w$]*)/g), ([, name]) => name!);
}

function firstColumn(text: string): string[] {
  return tableRows(text).flatMap(([cell]) => codeNames(cell!));
}

const { rowLoss, tiled } = gradfold;
for (const [name, module] of Object.entries({ losses, samplers, metrics, pairings, core: { rowLoss, tiled } })) {
  Deno.test(`the catalogue has one row for each function of ${name}`, () => {
    const rows = firstColumn(parts);
    const functions = Object.entries(module).filter(([, value]) => typeof value === "function").map(([name]) => name);
    assertGreater(functions.length, 0);
    assertEquals(functions.filter((name) => rows.filter((row) => row === name).length !== 1), []);
  });
}

Deno.test("the catalogue has no row for what is not exported", () => {
  const names = firstColumn(prose);
  assertGreater(names.length, 80);
  assertEquals(names.filter((name) => !(name in gradfold)), []);
});

Deno.test("the catalogue calls nothing that is not exported", () => {
  const calls = Array.from(prose.matchAll(/`([A-Za-z_$][\w$]*)\(/g), ([, name]) => name!);
  assertGreater(calls.length, 0);
  assertEquals(calls.filter((name) => !(name in gradfold)), []);
});

Deno.test("the catalogue names the weights of pairs as pairWeights does", () => {
  const section = parts.slice(parts.indexOf("\n## Weights of pairs\n"), parts.indexOf("\n## Miners\n"));
  const listed = tableRows(section).map(([factory, name]) => [codeNames(name!)[0]!, codeNames(factory!)[0]!]);
  const expected = Object.entries(losses.pairWeights).map(([name, factory]) => [name, factory.name]);
  assertEquals(listed.sort(), expected.sort());
});

Deno.test("the catalogue's links to its own sections have a target", () => {
  const headings = Array.from(prose.matchAll(/^#+ (.*)$/gm), ([, text]) => text!.toLowerCase().replaceAll(" ", "-"));
  const targets = Array.from(prose.matchAll(/\]\(#([^)]*)\)/g), ([, target]) => target!);
  assertGreater(targets.length, 0);
  assertEquals(targets.filter((target) => !headings.includes(target)), []);
});

Deno.test("README names nothing in its box that is not exported", () => {
  const [, box] = /\n## What is in the box\n(.*?)\n## /s.exec(read("README.md")) ?? [];
  const names = codeNames(box!);
  assertGreater(names.length, 60);
  assertEquals(names.filter((name) => !(name in gradfold)), []);
});
