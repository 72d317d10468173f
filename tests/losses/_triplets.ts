import { relatives } from "./_naive.ts";

/** Every triplet of an anchor, another example of its label and one of another label. */
export function tripletsOf(labels: readonly number[]): [anchor: number, positive: number, negative: number][] {
  return labels.flatMap((_, a) => {
    const { positives, negatives } = relatives(labels, a);
    return positives.flatMap((p) => negatives.map((n): [number, number, number] => [a, p, n]));
  });
}

/** Every ordered pair of examples of the same label. */
export function positivePairs(labels: readonly number[]): [anchor: number, positive: number][] {
  return labels.flatMap((_, a) => relatives(labels, a).positives.map((p): [number, number] => [a, p]));
}
