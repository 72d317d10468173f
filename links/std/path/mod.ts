/**
 * A stand-in for `jsr:@std/path` where JSR cannot be reached: the functions that recipes, benches and tests use, with
 * signatures that are a subset of the real ones, over Node's own.
 *
 * @module
 */
import nodePath from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** What stands between the parts of a path on this system. */
export const SEPARATOR: "/" | "\\" = nodePath.sep;

/** The last part of a path, without a suffix if one is given and fits. */
export function basename(path: string, suffix = ""): string {
  return nodePath.basename(path, suffix);
}

/** A path without its last part. */
export function dirname(path: string): string {
  return nodePath.dirname(path);
}

/** The extension of a path's last part, with its dot; empty if there is none. */
export function extname(path: string): string {
  return nodePath.extname(path);
}

/** Whether a path starts at the root. */
export function isAbsolute(path: string): boolean {
  return nodePath.isAbsolute(path);
}

/** Joins parts to one path and normalizes it. */
export function join(path: string, ...paths: string[]): string {
  return nodePath.join(path, ...paths);
}

/** Resolves `.`, `..` and repeated separators. */
export function normalize(path: string): string {
  return nodePath.normalize(path);
}

/** The path that leads from one place to another. */
export function relative(from: string, to: string): string {
  return nodePath.relative(from, to);
}

/** The absolute path that the segments lead to, from the working folder unless one of them is absolute. */
export function resolve(...pathSegments: string[]): string {
  return nodePath.resolve(...pathSegments);
}

/**
 * The path of a `file:` URL.
 *
 * @throws {TypeError} If the URL is of another kind.
 */
export function fromFileUrl(url: string | URL): string {
  return fileURLToPath(url);
}

/**
 * The `file:` URL of an absolute path.
 *
 * @throws {TypeError} If the path is relative.
 */
export function toFileUrl(path: string): URL {
  if (!nodePath.isAbsolute(path)) {
    throw new TypeError(`Path must be absolute: received "${path}"`);
  }
  return pathToFileURL(path);
}
