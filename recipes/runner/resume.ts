/**
 * Going on with a run that was stopped.
 *
 * @module
 */
import { join } from "@std/path";
import type { RunRecord } from "./config_file.ts";
import type { SavedRun } from "./units.ts";

/** What the runner keeps of itself in each checkpoint. */
export interface RunnerState {
  /** How long the run took until then. */
  readonly seconds: number;
  /** How often it was resumed. */
  readonly resumed: number;
  /** What stands in its summary. */
  readonly results: object;
}

/** What a run begins with. */
export const BEGINNING: RunnerState = { seconds: 0, resumed: 0, results: {} };

/** Whether a run has come to its end, by its summary.json. */
export function isCompleted(path: string): boolean {
  try {
    return JSON.parse(Deno.readTextFileSync(join(path, "summary.json"))).status === "completed";
  } catch {
    // The run ended before there was one.
    return false;
  }
}

/** Why a run might go on to other numbers than without the stop, a line for each program that is another now. */
export function versionWarnings(before: RunRecord["versions"], now: RunRecord["versions"]): string[] {
  return Object.entries(now).filter(([name, version]) => before[name] !== version).map(([name, version]) =>
    `The run was begun with ${name} ${before[name] ?? "of unknown version"}, now it is ${version}: ` +
    "numbers may differ from those of a run without a stop"
  );
}

/** Says where a resumed run goes on. */
export function resumeText(path: string, saved: SavedRun | undefined): string {
  if (!saved) return `There is no checkpoint in ${path} to go on from; the run starts over`;
  const { finished, current } = saved.state;
  const done = `${finished.length} ${finished.length === 1 ? "part is" : "parts are"} done`;
  return `Going on with ${path}: ${done}${current ? `, ${current.name} from step ${current.step} on` : ""}`;
}
