/** What a progress line is made from. */
export interface ProgressState {
  readonly label: string;
  readonly done: number;
  readonly total: number;
  /** What is counted, in the singular. */
  readonly unit: string;
  /** Units per second, 0 if not yet known. */
  readonly rate: number;
  /** Seconds since the start. */
  readonly seconds: number;
  /** Whatever the recipe has to say, such as the loss. */
  readonly note: string;
}

/** Seconds as `0:07`, `12:34` or `1:02:03`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const pair = (n: number): string => String(n).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0 ? `${hours}:${pair(minutes)}:${pair(whole % 60)}` : `${minutes}:${pair(whole % 60)}`;
}

function plural(unit: string): string {
  return /(s|x|ch|sh)$/.test(unit) ? `${unit}es` : `${unit}s`;
}

/** A rate as `31.2 steps/s`, or as `3.2 s/step` where that is the better number. */
export function formatRate(rate: number, unit: string): string {
  if (!(rate > 0)) return "";
  const [value, per] = rate >= 1 ? [rate, `${plural(unit)}/s`] : [1 / rate, `s/${unit}`];
  return `${value >= 100 ? Math.round(value) : Number(value.toPrecision(3))} ${per}`;
}

/** The line in words alone, for logs: `train 420/1000 steps (42 %), 31.2 steps/s, 0:18 left, loss 3.21`. */
export function plainLine(state: ProgressState): string {
  const { label, done, total, unit, note } = state;
  const counted = `${label} ${done}/${total} ${plural(unit)} (${percent(state)} %)`;
  return [counted, ...measures(state), note].filter((part) => part !== "").join(", ");
}

const LONGEST_BAR = 30;
const SHORTEST_BAR = 8;

/** The line with a bar, never wider than the terminal: first the bar gets shorter, then parts are left out from the end. */
export function barLine(state: ProgressState, columns: number): string {
  const { label, done, total, note } = state;
  const parts = [`${percent(state)} %`.padStart(5), `${done}/${total}`, ...measures(state), note];
  const shown = parts.filter((part) => part !== "");
  while (shown.length > 1 && `${label} ${shown.join("  ")}`.length + SHORTEST_BAR + 1 > columns) shown.pop();
  const words = shown.join("  ");
  const width = Math.min(LONGEST_BAR, columns - label.length - words.length - 2);
  if (width < SHORTEST_BAR) return `${label} ${words}`.slice(0, columns);
  return `${label} ${bar(fraction(state), width)} ${words}`;
}

function fraction({ done, total }: ProgressState): number {
  return total > 0 ? Math.min(1, done / total) : 1;
}

function percent(state: ProgressState): number {
  return Math.floor(100 * fraction(state));
}

function measures({ rate, unit, total, done, seconds }: ProgressState): string[] {
  const finished = done >= total;
  const left = rate > 0 ? `${formatSeconds((total - done) / rate)} left` : "";
  return [formatRate(rate, unit), finished ? formatSeconds(seconds) : left];
}

function bar(fraction: number, width: number): string {
  const filled = Math.round(fraction * width);
  return "━".repeat(filled) + "─".repeat(width - filled);
}
