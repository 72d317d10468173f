/**
 * The folder that outlives a project: what is built or drawn once for all of a user's projects stands there.
 *
 * @module
 */
import { join } from "node:path";

/** What the choice depends on. */
export interface Environment {
  /** The operating system, as in `Deno.build.os`. */
  readonly os: string;
  /** Reads an environment variable. */
  env(name: string): string | undefined;
}

/**
 * The folder that gradfold keeps things in: `GRADFOLD_CACHE`, or `gradfold` in the user's cache folder.
 *
 * @param environment Whose environment counts; that of this process if left out.
 * @returns An absolute path.
 * @throws {Error} If the environment names no such folder.
 */
export function cacheFolder({ os, env }: Environment = thisProcess): string {
  const own = env("GRADFOLD_CACHE");
  if (own) return absolute(own, "GRADFOLD_CACHE");
  const local = env("LOCALAPPDATA");
  if (os === "windows" && local) return join(local, "gradfold");
  const xdg = env("XDG_CACHE_HOME");
  if (os !== "darwin" && xdg?.startsWith("/")) return join(xdg, "gradfold");
  const home = env("HOME");
  if (!home) throw new Error("Cannot choose a cache folder: HOME is not set; set GRADFOLD_CACHE to a folder of yours");
  return join(home, ...(os === "darwin" ? ["Library", "Caches"] : [".cache"]), "gradfold");
}

const thisProcess: Environment = { os: Deno.build.os, env: (name) => Deno.env.get(name) };

function absolute(path: string, name: string): string {
  if (!path.startsWith("/") && !/^[A-Za-z]:[\\/]/.test(path)) {
    throw new Error(`Cannot use the cache folder: ${name} is "${path}", expected an absolute path`);
  }
  return path;
}
