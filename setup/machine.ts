/**
 * What `setup` asks of the machine: its kind, its environment, its programs.
 *
 * @module
 */

/** How a program ended. */
export interface Outcome {
  /** Its exit status; 0 means success. */
  readonly code: number;
  /** What it wrote, both streams together. */
  readonly output: string;
}

/** The machine that the engine is installed on; tests put another in its place. */
export interface Machine {
  /** The operating system, as in `Deno.build.os`. */
  readonly os: string;
  /** The processor, as in `Deno.build.arch`. */
  readonly arch: string;
  /** Reads an environment variable. */
  env(name: string): string | undefined;
  /** Runs a program to its end; undefined if there is none of that name. */
  run(command: readonly string[]): Promise<Outcome | undefined>;
  /** Tells the user what happens. */
  log(line: string): void;
}

/**
 * The machine that this process runs on.
 *
 * @param log Where lines for the user go.
 * @returns The machine.
 */
export function thisMachine(log: (line: string) => void): Machine {
  return {
    os: Deno.build.os,
    arch: Deno.build.arch,
    env: (name) => Deno.env.get(name) || undefined,
    run: runProgram,
    log,
  };
}

/**
 * Runs a program to its end and collects what it writes.
 *
 * @param command The program's name or path, then its arguments.
 * @returns How it ended, or undefined if there is no such program.
 * @throws {Error} If this process may not run it.
 */
export async function runProgram(command: readonly string[]): Promise<Outcome | undefined> {
  const [program, ...args] = command;
  try {
    const { code, stdout, stderr } = await new Deno.Command(program!, {
      args,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).output();
    const decoder = new TextDecoder();
    return { code, output: decoder.decode(stdout) + decoder.decode(stderr) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof Deno.errors.NotCapable) {
      throw new Error(`Cannot run ${program}: it is not among the programs of --allow-run`, { cause: error });
    }
    throw error;
  }
}

/**
 * The last lines of a program's output, for an error message.
 *
 * @param output What the program wrote.
 * @param lines How many lines to keep.
 * @returns The lines, without blank ones.
 */
export function tail(output: string, lines = 12): string {
  return output.split("\n").filter((line) => line.trim() !== "").slice(-lines).join("\n");
}
