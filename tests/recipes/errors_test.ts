import { assertEquals, assertStringIncludes } from "@std/assert";
import { runMain, withFolder } from "./support.ts";

const COMPLETE = "to: 6\nrate: 0.5\nmode: plain\nsizes: [1]\nmodel: { width: 3, name: a, bias: true }\n";

interface Case {
  readonly name: string;
  readonly args: readonly string[];
  /** The content of @file, which the arguments may name. */
  readonly file?: string;
  readonly error: string;
}

const set = (...settings: string[]) => ["count", ...settings.flatMap((setting) => ["--set", setting])];

const cases: readonly Case[] = [
  { name: "an unknown recipe", args: ["cuont"], error: 'Unknown recipe "cuont", did you mean "count"?' },
  { name: "two recipes", args: ["count", "more"], error: 'Cannot run "count more": expected the name of one recipe' },
  { name: "an unknown option", args: ["count", "--smok"], error: 'Unknown option --smok, did you mean "--smoke"?' },
  { name: "an option without its value", args: ["count", "--out"], error: "Option --out needs a value" },
  { name: "an unknown key", args: set("rat=1"), error: 'Cannot use --set: unknown key "rat", did you mean "rate"?' },
  { name: "an unknown nested key", args: set("model.wdith=1"), error: '"model.wdith", did you mean "model.width"?' },
  { name: "a key inside a number", args: set("to.x=1"), error: "Cannot use --set: to.x is no key, to is 6" },
  { name: "a wrong type", args: set("to=many"), error: 'to is "many", expected an integer of at least 0' },
  { name: "a fraction for an integer", args: set("to=1.5"), error: "to is 1.5, expected an integer of at least 0" },
  {
    name: "a negative value",
    args: set("to=-6"),
    error: "Cannot use --set: to is -6, expected an integer of at least 0",
  },
  { name: "a value out of range", args: set("rate=1"), error: "rate is 1, expected a number in [0, 1)" },
  { name: "an unknown choice", args: set("mode=fats"), error: 'mode is "fats", expected one of "plain", "fail"' },
  {
    name: "a wrong item of a list",
    args: set("sizes=[1, 0]"),
    error: "sizes[1] is 0, expected an integer of at least 1",
  },
  { name: "a number for a group", args: set("model=3"), error: "model is 3, expected a group of keys" },
  { name: "no value", args: set("model.name="), error: "model.name is null, expected a text that is not empty" },
  { name: "values that do not fit together", args: set("to=7"), error: "to is 7, expected a multiple of model.width" },
  {
    name: "two wrong values",
    args: set("to=-3", "rate=2"),
    error: "of at least 0; rate is 2, expected a number in [0, 1)",
  },
  { name: "a setting without =", args: set("to"), error: "Cannot read --set to: expected key=value" },
  { name: "a setting without a key", args: set("=3"), error: "Cannot read --set =3: expected key=value" },
  {
    name: "a setting with an empty name",
    args: set("model.=3"),
    error: "Cannot read --set model.=3: expected key=value",
  },
  {
    name: "a malformed setting",
    args: set("sizes=[1"),
    error: "Cannot read --set sizes=[1: the value is malformed YAML",
  },
  {
    name: "a negative seed",
    args: ["count", "--seed", "-1"],
    error: "Cannot use --seed -1: expected an integer from 0",
  },
  {
    name: "a seed in words",
    args: ["count", "--seed", "one"],
    error: "Cannot use --seed one: expected an integer from 0",
  },
  { name: "a seed too large", args: ["count", "--seed=9007199254740992"], error: "Cannot use --seed 9007199254740992" },
  {
    name: "an unknown engine",
    args: ["count", "--backend", "wsam"],
    error: 'Unknown engine "wsam", did you mean "wasm"?',
  },
  { name: "a missing config", args: ["count", "--config", "@no.yaml"], error: "@no.yaml: it does not exist" },
  { name: "a folder as config", args: ["count", "--config", "@"], error: "it is a folder, expected a file" },
  {
    name: "a malformed config",
    args: ["count", "--config", "@file"],
    file: "to: 6\nsizes: [1\nrate: 0.5\n",
    error: "@file, line 3: malformed YAML",
  },
  {
    name: "a config of one word",
    args: ["count", "--config", "@file"],
    file: "fast",
    error: "expected keys with values",
  },
  {
    name: "a record of a run with an impossible seed",
    args: ["count", "--config", "@file"],
    file: "recipe: count\nseed: -1\nconfig: { to: 6 }\n",
    error: "Cannot use @file: seed is -1, expected an integer from 0",
  },
  { name: "an empty config", args: ["count", "--config", "@file"], file: "", error: "expected keys with values" },
  {
    name: "an unknown key in the config",
    args: ["count", "--config", "@file"],
    file: `${COMPLETE}sise: 3\n`,
    error: 'Cannot use @file: unknown key "sise", did you mean "sizes"?',
  },
  {
    name: "a missing key in the config",
    args: ["count", "--config", "@file"],
    file: COMPLETE.replace("rate: 0.5\n", ""),
    error: "Cannot use @file: rate is missing, expected a number in [0, 1)",
  },
  {
    name: "a run folder below a file",
    args: ["count", "--out", "@file/run"],
    file: "",
    error: "Cannot write to @file/run: a part",
  },
  {
    name: "a file as run folder",
    args: ["count", "--out", "@file"],
    file: "",
    error: "choose another folder with --out",
  },
  {
    name: "a run folder that is not empty",
    args: ["count", "--out", "@"],
    file: "",
    error: "Cannot use @: it is not empty",
  },
];

for (const { name, args, file, error } of cases) {
  Deno.test(`main() answers ${name} with one line and exit status 2`, () =>
    withFolder(async (folder) => {
      const real = (text: string): string => text.replaceAll("@", `${folder}/`);
      if (file !== undefined) Deno.writeTextFileSync(real("@file"), file);
      const { status, errors, printed } = await runMain(args.map(real), folder);
      assertEquals([status, errors.length, printed], [2, 1, []]);
      assertEquals(errors[0]!.split("\n").length, 1);
      assertStringIncludes(errors[0]!, real(error));
      // Nothing was made, and nothing that was there was touched.
      assertEquals([...Deno.readDirSync(folder)].map((entry) => entry.name), file === undefined ? [] : ["file"]);
      if (file !== undefined) assertEquals(Deno.readTextFileSync(real("@file")), file);
    }));
}
