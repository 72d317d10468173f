/** The number of insertions, deletions, replacements and swaps of neighbours that turn one word into another. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(replaced, last[j]! + 1, row[j - 1]! + 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) row[j] = Math.min(row[j]!, beforeLast[j - 2]! + 1);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}

/**
 * The name that was probably meant: one that contains the word or differs from it by at most a third of its letters.
 *
 * @returns Nothing if no name comes near.
 */
export function nearest(word: string, names: Iterable<string>): string | undefined {
  const typed = word.toLowerCase();
  let best: string | undefined;
  let least = Infinity;
  for (const name of names) {
    const known = name.toLowerCase();
    const inside = typed.length > 2 && (known.includes(typed) || typed.includes(known));
    const distance = editDistance(typed, known);
    const near = distance <= Math.max(1, Math.ceil(Math.max(typed.length, known.length) / 3));
    const score = inside ? Math.min(distance, 1.5) : distance;
    if ((near || inside) && score < least) [best, least] = [name, score];
  }
  return best;
}

/** ", did you mean …?" for the nearest name; if none comes near, the names there are. */
export function suggestion(word: string, names: readonly string[], what = "there are"): string {
  const name = nearest(word, names);
  if (name !== undefined) return `, did you mean "${name}"?`;
  return names.length > 0 ? `; ${what} ${names.join(", ")}` : "";
}
