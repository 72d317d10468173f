/**
 * Finds the programs that the installation needs: pip and a C++ compiler.
 *
 * @module
 */
import type { Machine } from "./machine.ts";

/** The programs that the installation needs, as commands to which arguments are added. */
export interface Tools {
  /** Fetches Python packages. */
  readonly pip: readonly string[];
  /** Compiles C++17. */
  readonly compiler: readonly string[];
}

const pips = [["pip"], ["pip3"], ["python3", "-m", "pip"], ["python", "-m", "pip"]];
const compilers = [["g++"], ["clang++"], ["c++"]];

/**
 * Finds pip and a C++ compiler; `CXX` names a compiler to try first.
 *
 * @param machine Where to look.
 * @returns The commands.
 * @throws {Error} If one is missing; the message says what to install.
 */
export async function findTools(machine: Machine): Promise<Tools> {
  const chosen = machine.env("CXX")?.split(/\s+/).filter(Boolean);
  const pip = await findFirst(machine, pips);
  const compiler = await findFirst(machine, chosen?.length ? [chosen, ...compilers] : compilers);
  const missing = [
    pip ? "" : `pip, which fetches the library (looked for ${names(pips)}): ${advice(machine, "pip")}`,
    compiler ? "" : `a C++ compiler (looked for CXX, ${names(compilers)}): ${advice(machine, "compiler")}`,
  ].filter(Boolean);
  if (missing.length > 0) {
    throw new Error(`Cannot install the tensorflow engine without ${missing.join("; and without ")}`);
  }
  return { pip: pip!, compiler: compiler! };
}

async function findFirst(
  machine: Machine,
  commands: readonly (readonly string[])[],
): Promise<readonly string[] | undefined> {
  for (const command of commands) {
    const outcome = await machine.run([...command, "--version"]);
    if (outcome?.code === 0) return command;
  }
  return undefined;
}

function names(commands: readonly (readonly string[])[]): string {
  return commands.map((command) => command.join(" ")).join(", ");
}

function advice({ os }: Machine, tool: "pip" | "compiler"): string {
  if (os === "darwin") {
    return tool === "pip" ? "install Python 3 with `brew install python`" : "install it with `xcode-select --install`";
  }
  return tool === "pip"
    ? "install it with `apt install python3-pip`, `dnf install python3-pip` or what your system has"
    : "install it with `apt install g++`, `dnf install gcc-c++` or what your system has";
}
