/**
 * Says how the steps of a run use their budget of memory.
 *
 * @module
 */
import { describePlan, type MemoryPlan } from "../../core/mod.ts";

/**
 * Makes a function that says a step's plan in a line when it has settled, with the second step, and when it has changed.
 *
 * @param steps The steps of the run.
 * @param say Takes the line.
 */
export function planTeller(steps: number, say: (line: string) => void): (step: number, plan: MemoryPlan) => void {
  let last: string | undefined;
  return (step, plan) => {
    const decisions = decisionsOf(plan);
    // The first step of a shape measures, and keeps nothing on the tape.
    if (step < Math.min(1, steps - 1) || decisions === last) return;
    last = decisions;
    say(`from step ${step + 1} on ${describePlan(plan)}`);
  };
}

/** What stays from batch to batch, though lengths differ and with them how many chunks there are. */
function decisionsOf({ inputs, tileBytes, corrected }: MemoryPlan): string {
  const cuts = inputs.map(({ chunkSize, chunkTokens, kept }) =>
    chunkTokens === undefined ? [chunkSize, kept] : [chunkTokens, kept > 0]
  );
  return JSON.stringify([cuts, tileBytes, corrected]);
}
