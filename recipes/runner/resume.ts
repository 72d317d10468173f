/**
 * Going on with a run that was stopped.
 *
 * @module
 */
import { join } from "@std/path";
import type { RunRecord } from "./config_file.ts";
import type { OwnedRunFolder } from "./run_folder.ts";
import { loadRun, type SavedRun } from "./run_state.ts";
import type { Terminal } from "./terminal.ts";

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

/**
 * Finds out where a run was stopped, puts its folder back to that moment, and says so.
 *
 * @returns Where it was; undefined if there is no checkpoint, and the run starts over.
 * @throws {UsageError} If the folder has less than the checkpoint speaks of; nothing was changed then.
 */
export async function takeUp(run: OwnedRunFolder, terminal: Terminal): Promise<SavedRun | undefined> {
  const saved = await loadRun(run.path, terminal.printError);
  run.metrics.rewind(saved?.state.metrics ?? { lines: 0, bytes: 0 });
  if (saved) run.summary(saved.state.runner.results);
  terminal.print(resumeText(run.path, saved));
  return saved;
}

/** Says where a resumed run goes on. */
function resumeText(path: string, saved: SavedRun | undefined): string {
  if (!saved) return `There is no checkpoint in ${path} to go on from; the run starts over`;
  const { finished, current } = saved.state;
  const done = `${finished.length} ${finished.length === 1 ? "part is" : "parts are"} done`;
  return `Going on with ${path}: ${done}${current ? `, ${current.name} from step ${current.step} on` : ""}`;
}
