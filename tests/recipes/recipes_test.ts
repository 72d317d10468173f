import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { resolveConfig } from "../../recipes/runner/config.ts";
import { readConfigFile } from "../../recipes/runner/config_file.ts";
import { configKeys, schemaOf } from "../../recipes/runner/keys.ts";
import { configPath, loadRecipe, recipeNames } from "../../recipes/runner/registry.ts";
import { FIXTURES } from "./support.ts";

const RECIPES = fromFileUrl(new URL("../../recipes/", import.meta.url));

for (const folder of [FIXTURES, RECIPES]) {
  for (const name of recipeNames(folder)) {
    Deno.test(`the recipe ${name} documents every key and has a config file and smoke overrides that fit`, async () => {
      const recipe = await loadRecipe(folder, name);
      assertEquals(recipe.summary.split("\n").length, 1);
      assert(recipe.summary.length > 0 && !recipe.summary.endsWith("."), "a summary is a line without a full stop");
      const keys = configKeys(schemaOf(recipe.config));
      for (const key of keys) assert(key.meaning.length > 0, `${key.name} has no description`);
      const file = configPath(folder, name);
      const { values } = readConfigFile(file, name);
      for (const { name: key, fallback } of keys) {
        const value = key.split(".").reduce<unknown>((at, part) => (at as Record<string, unknown>)?.[part], values);
        assert(value !== undefined || fallback !== undefined, `${file} lacks ${key}`);
      }
      resolveConfig(recipe, { file });
      resolveConfig(recipe, { file, smoke: true });
    });
  }
}
