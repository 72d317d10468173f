import { assertEquals } from "@std/assert";
import { parseArgs } from "@std/cli";

Deno.test("parseArgs() reads flags in each of their forms", () => {
  const read = (...args: string[]) => ({
    ...parseArgs(args, { boolean: ["smoke"], string: ["seed"] }),
  });
  assertEquals(read("--seed", "3"), { _: [], seed: "3", smoke: false });
  assertEquals(read("--seed=3", "--smoke"), { _: [], seed: "3", smoke: true });
  assertEquals(read("--smoke", "name", "7"), { _: ["name", 7], smoke: true });
  assertEquals(read("--smoke=false"), { _: [], smoke: false });
  assertEquals(read("--seed", "--smoke"), { _: [], seed: "", smoke: true });
  assertEquals(read("--rate", "1e-3"), { _: [], rate: 1e-3, smoke: false });
  assertEquals(read("-n5", "-ab", "x"), {
    _: [],
    n: 5,
    a: true,
    b: "x",
    smoke: false,
  });
  assertEquals(read("a", "--", "--seed", "3"), {
    _: ["a", "--seed", "3"],
    smoke: false,
  });
  assertEquals(read("--at.x", "1", "--at.y=2"), {
    _: [],
    at: { x: 1, y: 2 },
    smoke: false,
  });
});

Deno.test("parseArgs() keeps the last value of a flag, or all if it collects", () => {
  const args = ["--set", "a=1", "--set=b=2", "--seed=1", "--seed=2"];
  const parsed = parseArgs(args, { string: ["set", "seed"], collect: ["set"] });
  assertEquals(parsed.set, ["a=1", "b=2"]);
  assertEquals(parsed.seed, "2");
  assertEquals(parseArgs([], { string: ["set"], collect: ["set"] }).set, []);
});

Deno.test("parseArgs() follows aliases, defaults and negations", () => {
  const read = (args: string[], defaults: Record<string, unknown> = {}) => ({
    ...parseArgs(args, {
      boolean: ["help", "color"],
      alias: { h: "help" },
      negatable: ["color"],
      default: defaults,
    }),
  });
  assertEquals(read(["-h"]), { _: [], h: true, help: true, color: false });
  const defaults = { color: true, depth: 2 };
  assertEquals(read([], defaults), { _: [], h: false, help: false, color: true, depth: 2 });
  assertEquals(read(["--no-color"], defaults), { _: [], h: false, help: false, color: false, depth: 2 });
  assertEquals(read(["--no-depth"], defaults)["no-depth"], true);
});

Deno.test("parseArgs() hands what it does not know to unknown, which may drop it", () => {
  const seen: unknown[] = [];
  const parsed = parseArgs(["--sed", "1", "name"], {
    string: ["seed"],
    unknown: (arg, key, value) => {
      seen.push([arg, key, value]);
      return key === undefined;
    },
  });
  assertEquals(seen, [["--sed", "sed", "1"], ["name", undefined, undefined]]);
  assertEquals({ ...parsed }, { _: ["name"] });
});

Deno.test("parseArgs() with stopEarly takes everything from the first positional argument on", () => {
  assertEquals({ ...parseArgs(["--a=1", "run", "--b"], { stopEarly: true }) }, {
    _: ["run", "--b"],
    a: 1,
  });
});
