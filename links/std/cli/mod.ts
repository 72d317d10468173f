/**
 * A stand-in for `jsr:@std/cli` where JSR cannot be reached: `parseArgs`, with a signature that is a subset of the real
 * one and the same reading of the command line.
 *
 * @module
 */

/** What {@linkcode parseArgs} is told about flags. The real package takes each of these too. */
export interface ParseOptions<
  B extends string,
  S extends string,
  C extends string,
> {
  /** Flags that are true or false and take no argument. */
  boolean?: readonly B[];
  /** Flags whose values stay strings even if they look like numbers; `_` for the positional arguments. */
  string?: readonly S[];
  /** Values of flags that are not given. */
  default?: { readonly [flag: string]: unknown };
  /** Other names of flags. */
  alias?: { readonly [flag: string]: string | readonly string[] };
  /** Flags that may be repeated; their values become a list. */
  collect?: readonly C[];
  /** Flags that `--no-<flag>` sets to false. */
  negatable?: readonly string[];
  /** Whether everything from the first positional argument on is positional. */
  stopEarly?: boolean;
  /** Called for what is neither a declared flag nor, with the flag's name missing, positional; false drops it. */
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/** What {@linkcode parseArgs} returns: positional arguments in `_`, flags by name. */
export type Args<B extends string, S extends string, C extends string> =
  & { [flag: string]: unknown; _: (string | number)[] }
  & { [flag in B]: boolean }
  & { [flag in Exclude<S, C>]?: string | undefined }
  & { [flag in Extract<S, C>]: string[] };

type Tree = { [name: string]: unknown };

function looksNumeric(text: string): boolean {
  return text.trim() !== "" && Number.isFinite(Number(text));
}

/** Finds where a dotted flag such as `a.b` lives, making the objects on the way. */
function locate(tree: Tree, flag: string): [Tree, string] {
  const names = flag.split(".");
  const last = names.pop()!;
  for (const name of names) tree = (tree[name] ??= {}) as Tree;
  return [tree, last];
}

/**
 * Parses command-line arguments: `--flag`, `--flag value`, `--flag=value`, `--no-flag`, `-f`, `-abc`, `-n5`, and
 * everything behind `--` as positional. A value that looks like a number becomes one unless its flag is a string.
 *
 * @example
 * ```ts
 * import { parseArgs } from "@std/cli";
 * import { assertEquals } from "@std/assert";
 *
 * const args = parseArgs(["run", "--seed", "3", "-v"], { boolean: ["v"], string: ["seed"] });
 * assertEquals({ ...args }, { _: ["run"], seed: "3", v: true });
 * ```
 */
export function parseArgs<
  B extends string = never,
  S extends string = never,
  C extends string = never,
>(
  args: string[],
  options: ParseOptions<B, S, C> = {},
): Args<B, S, C> {
  const aliases = new Map<string, Set<string>>();
  for (const [flag, others] of Object.entries(options.alias ?? {})) {
    const family = [flag, ...(typeof others === "string" ? [others] : others)];
    for (const name of family) {
      aliases.set(
        name,
        new Set(family.filter((other) => other !== name)),
      );
    }
  }
  const withAliases = (flags: readonly string[] = []): Set<string> =>
    new Set(flags.flatMap((flag) => [flag, ...(aliases.get(flag) ?? [])]));
  const booleans = withAliases(options.boolean);
  const strings = withAliases(options.string);
  const collected = withAliases(options.collect);
  const negatable = withAliases(options.negatable);
  const parsed: Tree & { _: (string | number)[] } = { _: [] };

  function assign(flag: string, value: unknown, collects: boolean): void {
    const [home, name] = locate(parsed, flag);
    home[name] = collects && collected.has(flag) ? [...(home[name] as unknown[] | undefined ?? []), value] : value;
  }
  function set(
    flag: string,
    value: unknown,
    arg: string,
    collects = true,
  ): void {
    const declared = booleans.has(flag) || strings.has(flag) ||
      aliases.has(flag);
    if (!declared && options.unknown?.(arg, flag, value) === false) return;
    const typed = typeof value === "string" && !strings.has(flag) && looksNumeric(value) ? Number(value) : value;
    for (const name of [flag, ...(aliases.get(flag) ?? [])]) {
      assign(name, typed, collects);
    }
  }
  /** The next argument, if the flag takes it as its value. */
  function valueFor(
    flag: string,
    next: string | undefined,
    dashed: (arg: string) => boolean,
  ): unknown {
    if (!next) return undefined;
    if (!booleans.has(flag) && !dashed(next)) return next;
    return next === "true" ? true : next === "false" ? false : undefined;
  }
  const bare = (flag: string): unknown => strings.has(flag) ? "" : true;

  /** Reads a group of one-letter flags; returns how many further arguments it took. */
  function short(arg: string, next: string | undefined): number {
    for (let j = 1; j < arg.length - 1; j++) {
      const letter = arg[j]!;
      const rest = arg.slice(j + 1);
      const attached = /[A-Za-z]/.test(letter) &&
        (/=(.+)/s.exec(rest)?.[1] ??
          /-?\d+(\.\d*)?(e-?\d+)?$/.exec(rest) !== null);
      if (rest === "-") set(letter, rest, arg);
      else if (attached) {
        set(letter, attached === true ? rest : attached, arg);
        return 0;
      } else if (/\W/.test(arg[j + 1]!)) {
        set(letter, rest, arg);
        return 0;
      } else set(letter, bare(letter), arg);
    }
    const last = arg.at(-1)!;
    if (last === "-") return 0;
    const value = valueFor(
      last,
      next,
      (following) => /^--?[^-]/.test(following),
    );
    set(last, value ?? bare(last), arg);
    return value === undefined ? 0 : 1;
  }

  const end = args.indexOf("--");
  const before = end < 0 ? args : args.slice(0, end);
  for (let i = 0; i < before.length; i++) {
    const arg = before[i]!;
    const long = /^--(no-)?(.+?)(?:=(.+))?$/s.exec(arg);
    if (long) {
      const flag = long[2]!;
      const given = long[3];
      if (given !== undefined) {
        set(flag, booleans.has(flag) ? given !== "false" : given, arg);
      } else if (long[1] && negatable.has(flag)) {
        set(flag, false, arg, false);
      } else {
        const name = (long[1] ?? "") + flag;
        const value = valueFor(
          name,
          before[i + 1],
          (next) => next.startsWith("-"),
        );
        if (value !== undefined) i++;
        set(name, value ?? bare(name), arg);
      }
    } else if (/^-[^-]/s.test(arg)) {
      i += short(arg, before[i + 1]);
    } else {
      if (options.unknown?.(arg) !== false) {
        parsed._.push(
          strings.has("_") || !looksNumeric(arg) ? arg : Number(arg),
        );
      }
      if (options.stopEarly) {
        parsed._.push(...before.slice(i + 1));
        break;
      }
    }
  }
  const missing = (flag: string): boolean => {
    const [home, name] = locate(parsed, flag);
    return !(name in home);
  };
  for (const [flag, value] of Object.entries(options.default ?? {})) {
    for (const name of [flag, ...(aliases.get(flag) ?? [])]) {
      if (missing(name)) assign(name, value, false);
    }
  }
  for (const flag of booleans) {
    if (missing(flag)) assign(flag, collected.has(flag) ? [] : false, false);
  }
  for (const flag of strings) {
    if (flag !== "_" && collected.has(flag) && missing(flag)) {
      assign(flag, [], false);
    }
  }
  if (end >= 0) parsed._.push(...args.slice(end + 1));
  return parsed as unknown as Args<B, S, C>;
}
