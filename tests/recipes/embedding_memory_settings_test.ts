import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { parse, stringify } from "@std/yaml";
import { z } from "zod";
import { weightingOf, type WeightingSpec, weightSettings } from "../../recipes/embedding-memory/weights.ts";
import { resolveConfig } from "../../recipes/runner/config.ts";
import { recipeText } from "../../recipes/runner/help.ts";
import { defineRecipe, type Recipe } from "../../recipes/runner/recipe.ts";
import { withFolder } from "./support.ts";

const faults: readonly [spec: unknown, message: string][] = [
  ["lineer", 'it is "lineer", expected a kind of weight, did you mean "linear"?'],
  ["qqq", "the kinds are constant, step, linear"],
  ["constructor", "expected a kind of weight"],
  ["table", 'it is "table", expected points, as in { table: { 0.3: 0, 0.8: 1 } }'],
  [3, "it is 3, expected a kind of weight, as in linear"],
  [null, "it is null, expected a kind of weight"],
  [{}, "it is {}, expected a kind of weight"],
  [{ positve: "constant" }, 'positve is "constant", expected a kind of weight, did you mean "positive"?'],
  [{ positive: "constant" }, "negative is missing, expected a kind of weight"],
  [{ positive: "constant", negative: "step", scale: 2 }, "scale is 2, expected only positive and negative here"],
  [{ step: 0.4, stpe: 0.5 }, 'stpe is 0.5, expected a kind of weight, did you mean "step"?'],
  [{ step: 0.4, linear: 0.5 }, "linear is 0.5, expected no second kind beside step"],
  [{ step: 1.5 }, "step is 1.5, expected a number in [-1, 1] or a group of options, which are threshold, above, below"],
  [{ step: "high" }, 'step is "high", expected a number in [-1, 1]'],
  [{ step: null }, "step is null, expected a number in [-1, 1]"],
  [{ contrastive: 0.5 }, "contrastive is 0.5, expected a group of options, which are positiveMargin"],
  [{ linear: { above: -1.1 } }, "linear.above is -1.1, expected a number in [-1, 1]"],
  [{ linear: { above: 0.5, below: 0.6 } }, "linear.below is 0.6, expected no below beside above"],
  [{ linear: { abvoe: 0.5 } }, 'linear.abvoe is 0.5, expected an option of linear, did you mean "above"?'],
  [{ linear: { power: 0 } }, "linear.power is 0, expected a number above 0"],
  [{ exponential: { scale: -1 } }, "exponential.scale is -1, expected a number above 0"],
  [{ constant: -2 }, "constant is -2, expected a number of at least 0"],
  [{ constant: NaN }, "constant is null, expected a number of at least 0"],
  [{ infoNCE: 0 }, "infoNCE is 0, expected a number above 0"],
  [{ table: 3 }, "table is 3, expected at least two points"],
  [{ table: { 0.3: 1 } }, 'table is {"0.3":1}, expected at least two points'],
  [{ table: { 0.3: 1, 1.2: 1 } }, "table.1.2 is 1, expected as its name a similarity in [-1, 1]"],
  [{ table: { near: 1, 0.2: 1 } }, "table.near is 1, expected as its name a similarity in [-1, 1]"],
  [{ table: { 0.3: 1, 0.5: -0.1 } }, "table.0.5 is -0.1, expected a number of at least 0"],
  [{ table: { 0.5: 1, 0.3: 0 } }, "expected similarities in ascending order, got 0.3 after 0.5"],
  [{ table: { "0.5": 1, "0.50": 0 } }, "expected similarities in ascending order, got 0.5 twice"],
];

Deno.test("weightingOf() names a value that is wrong, and what was expected", () => {
  for (const [spec, message] of faults) {
    const error = assertThrows(() => weightingOf(spec as WeightingSpec), RangeError, message);
    assert(error.message.startsWith("Cannot make a weighting: "));
  }
});

const recipe = defineRecipe({
  name: "weighing",
  summary: "a recipe with weightings",
  config: z.strictObject(weightSettings),
  smoke: {},
  run: async () => {},
}) as unknown as Recipe;

const FILE = `weightings:
  contrastive: { positive: constant, negative: { step: 0.5 } }
  linear: { positive: constant, negative: { linear: { above: 0.5 } } }
  hand: { positive: constant, negative: { table: { -0.5: 0, 0: 0.2, 0.8: 1, 1: 1 } } }
  binomial: binomialDeviance
`;

function withConfig(body: (file: string) => void): Promise<void> {
  return withFolder((folder) => {
    const file = `${folder}/config.yaml`;
    Deno.writeTextFileSync(file, FILE);
    body(file);
  });
}

Deno.test("weightSettings come from YAML and back, and from --set", () =>
  withConfig((file) => {
    const { config } = resolveConfig(recipe, { file });
    assertEquals(parse(stringify(config)), parse(FILE));
    const set = ["weightings.contrastive.negative.step=0.4", "weightings.new={ positive: step, negative: constant }"];
    const { weightings } = resolveConfig(recipe, { file, set }).config as { weightings: Record<string, unknown> };
    assertEquals(weightings.contrastive, { positive: "constant", negative: { step: 0.4 } });
    assertEquals(weightings.new, { positive: "step", negative: "constant" });
    assertEquals(Object.keys(weightings), ["contrastive", "linear", "hand", "binomial", "new"]);
  }));

Deno.test("weightSettings say where a value is wrong", () =>
  withConfig((file) => {
    const cases: [setting: string, message: string][] = [
      ["weightings.contrastive.negative.step=2", "weightings.contrastive.negative.step is 2, expected a number in"],
      [
        "weightings.contrastive.negative.linear=0.5",
        "weightings.contrastive.negative.linear is 0.5, expected no second kind beside step",
      ],
      [
        "weightings.binomial=binomial",
        'weightings.binomial is "binomial", expected a kind of weight, did you mean "bin',
      ],
      // A dot in a point's name would be one between names: a table is set as a whole.
      ["weightings.hand.negative.table.0.8=1", "weightings.hand.negative.table.0.8 is no key"],
      ["weightings.hand.negative={table: {0.3: 0, 0.5: -1}}", "weightings.hand.negative.table.0.5 is -1, expected a"],
      ["weightings={}", "weightings is {}, expected at least one weighting"],
      ["weightings=3", 'weightings is 3, expected a group of keys, each one of "constant", "step"'],
    ];
    for (const [setting, message] of cases) {
      const error = assertThrows(() => resolveConfig(recipe, { file, set: [setting] }), Error, message);
      assert(error.message.startsWith("Cannot use --set: "), error.message);
    }
  }));

Deno.test("weightSettings are explained by the help", () =>
  withConfig((file) => {
    const text = recipeText(recipe, file);
    // All of them in the table would push the meanings far out of sight.
    assertStringIncludes(text, "weightings  4 entries, from contrastive  weightings of pairs by name");
    assertStringIncludes(text, "{ linear: { above: 0.5, power: 2, scale: 4 } }");
    assertStringIncludes(text, 'a group of keys, each one of "constant", "step"');
    assertStringIncludes(text, '"triplet" or a group of keys)');
  }));
