import { assertEquals } from "@std/assert";
import { main } from "../../recipes/main.ts";
import { engines } from "../support/engines.ts";
import { recorder } from "./support.ts";

/** The command line of the whole path of the recipe at a size for tests. */
export function tinyArguments(folder: string, ...settings: string[]): string[] {
  const set = [
    "examples=256",
    "seeds=2",
    "batch=64",
    "chunk=16",
    "heldOut=50",
    "rows=1000",
    "passageTokens=64",
    "dim=32",
    "hidden=32",
    "evaluations=2",
    "memoryBatches=[32, 64]",
    ...settings,
  ];
  return ["gradcache", "--out", folder, "--backend", engines[0]!, ...set.flatMap((entry) => ["--set", entry])];
}

/** Runs the whole path; returns what it printed. */
export async function runTiny(folder: string, ...settings: string[]): Promise<readonly string[]> {
  const terminal = recorder();
  assertEquals(await main(tinyArguments(folder, ...settings), { terminal }), 0, terminal.errors.join("\n"));
  return terminal.printed;
}

/** What a run recorded of each step of a method. */
export function metricsOf(run: string, method: string): Record<string, unknown>[] {
  const lines = Deno.readTextFileSync(`${run}/metrics.jsonl`).trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line)).filter((row) => row.method === method);
}
