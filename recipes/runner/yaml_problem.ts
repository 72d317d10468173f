/** What is wrong with a YAML text, and where. */
export interface YamlProblem {
  readonly reason: string;
  /** The line, from 1, where it is known. */
  readonly line?: number;
}

/** Takes the error of a YAML parser apart: its message goes on with the place and with lines of the text. */
export function yamlProblem(error: unknown): YamlProblem {
  const first = (error instanceof Error ? error.message : String(error)).split("\n")[0]!;
  const line = /at line (\d+)/.exec(first)?.[1];
  const reason = first.replace(/ at line \d+.*$/, "").replace(/^Cannot parse YAML: /, "");
  return { reason, ...(line !== undefined && { line: Number(line) }) };
}
