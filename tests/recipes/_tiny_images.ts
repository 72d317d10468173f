import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { main } from "../../recipes/main.ts";
import type { Content } from "../data/images/_folders.ts";
import { engines } from "../support/engines.ts";
import { recorder } from "./support.ts";

/** Classes on each side of the split, and images of each. */
export const CLASSES = 6;
const IMAGES = 4;

/** A made-up CUB-200-2011: images of a class have stripes of the same colors, in slightly other shades. */
export function birds(): Record<string, Content> {
  // The published split: classes up to 100 are to train on.
  const classes = [0, 100].flatMap((first) => Array.from({ length: CLASSES }, (_, i) => first + i + 1));
  const images = classes.flatMap((label) =>
    Array.from(
      { length: IMAGES },
      (_, i) => ({ label, path: `${String(label).padStart(3, "0")}.Bird${label}/${i}.png`, i }),
    )
  );
  const lines = (of: (image: { label: number; path: string }) => string | number) =>
    images.map((image, row) => `${row + 1} ${of(image)}\n`).join("");
  return {
    "images.txt": lines(({ path }) => path),
    "image_class_labels.txt": lines(({ label }) => label),
    ...Object.fromEntries(images.map(({ label, path, i }) => {
      const hue = (label * 67) % 360;
      const stripes = [
        `hsl(${hue}, 80%, ${35 + 8 * i}%)`,
        `hsl(${(hue + 40 * (label % 4)) % 360}, 60%, ${60 - 5 * i}%)`,
      ];
      return [`images/${path}`, { width: 8, height: 8, stripes }];
    })),
  };
}

/** Settings of a recipe on images at a size for tests. */
const TINY = [
  "data=cub",
  "size=8",
  "seeds=2",
  "filters=[8]",
  "dim=8",
  "pretraining={ steps: 3, classes: 3, perClass: 2, learningRate: 0.003, evaluations: 1 }",
  "training={ steps: 6, classes: 2, perClass: 2, learningRate: 0.001, evaluations: 2 }",
];

/** The command line of the whole path of a recipe at a size for tests. */
export function tinyArguments(recipe: string, data: string, out: string, ...settings: string[]): string[] {
  const set = [`folder=${data}`, ...TINY, ...settings];
  return [recipe, "--out", out, "--backend", engines[0]!, ...set.flatMap((entry) => ["--set", entry])];
}

/** Runs a command line to its end; returns what it printed. */
export async function runWhole(args: readonly string[]): Promise<readonly string[]> {
  const terminal = recorder();
  assertEquals(await main(args, { terminal }), 0, terminal.errors.join("\n"));
  return terminal.printed;
}

/** Runs a command line in a process of its own, and stops it by Ctrl-C when it has written so many metrics. */
export async function runInterrupted(args: readonly string[], run: string, metrics: number): Promise<void> {
  const permissions = ["read", "write", "env", "ffi", "sys=homedir"].map((name) => `--allow-${name}`);
  const script = fromFileUrl(new URL("../../recipes/main.ts", import.meta.url));
  const child = new Deno.Command("deno", {
    args: ["run", "--quiet", "--no-check", "--no-prompt", ...permissions, script, ...args],
    stdout: "null",
    stderr: "null",
  }).spawn();
  let ended = false;
  const status = child.status.finally(() => ended = true);
  while (linesOf(run).length < metrics && !ended) await new Promise((resolve) => setTimeout(resolve, 5));
  if (!ended) child.kill("SIGINT");
  assertEquals((await status).code, 130);
  assert(linesOf(run).length >= metrics);
}

/** The lines of a run's metrics, as far as they are written. */
export function linesOf(run: string): string[] {
  try {
    return Deno.readTextFileSync(`${run}/metrics.jsonl`).trimEnd().split("\n");
  } catch {
    return [];
  }
}

/** A summary's trainings without their times. */
// deno-lint-ignore no-explicit-any -- tests look into whatever the run wrote
export function withoutTimes(trainings: readonly any[]): unknown[] {
  return trainings.map(({ runs, ...rest }) => ({
    ...rest,
    // deno-lint-ignore no-explicit-any -- as above
    runs: runs.map(({ seconds, curve, ...run }: any) => {
      assert(seconds > 0);
      // deno-lint-ignore no-explicit-any -- as above
      return { ...run, curve: curve.map(({ seconds: _, ...point }: any) => point) };
    }),
  }));
}
