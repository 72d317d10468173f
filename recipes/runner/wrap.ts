/**
 * Breaks a text into lines of at most `columns` letters, at spaces, behind hyphens and underscores, or within words that
 * are longer; what does not fit into `lines` lines ends in "…".
 *
 * @param indent By how many letters the first line is shorter.
 */
export function wrap(text: string, columns: number, lines: number, indent = 0): string[] {
  const out: string[] = [];
  let rest = Array.from(text.trim());
  while (rest.length > 0) {
    const room = Math.max(1, columns - (out.length === 0 ? indent : 0));
    if (rest.length <= room) return [...out, rest.join("")];
    if (out.length === lines - 1) return [...out, `${rest.slice(0, room - 1).join("").trimEnd()}…`];
    const end = breakOf(rest, room);
    out.push(rest.slice(0, end).join("").trimEnd());
    rest = Array.from(rest.slice(end).join("").trimStart());
  }
  return out;
}

/** How many letters of a text that is too long go into a line. */
function breakOf(letters: readonly string[], room: number): number {
  for (let end = room; end > 0; end--) {
    if (letters[end] === " " || /[\s_-]/.test(letters[end - 1]!)) return end;
  }
  return room;
}
