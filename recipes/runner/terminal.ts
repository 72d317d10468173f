/** Where the runner shows things. */
export interface Terminal {
  /** Whether a line can be redrawn. */
  readonly terminal: boolean;
  /** The width of the terminal. */
  columns(): number;
  /** Shows text as it is, without a line break, beside the results. */
  write(text: string): void;
  /** Prints a line of results. */
  print(line: string): void;
  /** Prints a line about something wrong. */
  printError(line: string): void;
}

/** The terminal of this process: results go to standard output, progress and errors to standard error. */
export function processTerminal(): Terminal {
  const encoder = new TextEncoder();
  return {
    terminal: Deno.stderr.isTerminal(),
    columns() {
      try {
        return Deno.consoleSize().columns || 80;
      } catch {
        return 80;
      }
    },
    write: (text) => void Deno.stderr.writeSync(encoder.encode(text)),
    print: (line) => console.log(line),
    printError: (line) => console.error(line),
  };
}
