/**
 * Measures the phases of a step.
 *
 * @module
 */
import { type Peaks, type Phase, phases } from "./_peaks.ts";
import { watchPeak } from "./_watch.ts";

/** Told by a step where it is. */
export type Enter = (phase: Phase) => void;

/** What the phases of a step took, in bytes above what was held before the first. */
export interface Metered<T> {
  readonly result: T;
  /** The peak of all of them. */
  readonly peakBytes: number;
  /** The peak of each; 0 for one that was not entered. */
  readonly peaks: Peaks;
  /** What was held when each began; 0 for one that was not entered. */
  readonly held: Peaks;
}

/** Runs a function that says which phase it enters. */
export function meterPhases<T>(run: (enter: Enter) => T): Metered<T> {
  const none = () => Object.fromEntries(phases.map((phase) => [phase, 0])) as Record<Phase, number>;
  const [peaks, held] = [none(), none()];
  const watch = watchPeak();
  let current: Phase | undefined;
  const leave = () => {
    const peak = watch.lap();
    if (current) peaks[current] = Math.max(peaks[current], peak);
  };
  try {
    const result = run((phase) => {
      leave();
      current = phase;
      held[phase] = watch.held();
    });
    leave();
    return { result, peakBytes: Math.max(...Object.values(peaks)), peaks, held };
  } finally {
    watch.stop();
  }
}
