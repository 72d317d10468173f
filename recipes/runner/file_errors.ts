/** Says in a few words why a file or folder could not be reached. */
export function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "it does not exist";
  if (error instanceof Deno.errors.IsADirectory) return "it is a folder, expected a file";
  if (error instanceof Deno.errors.NotADirectory) return "a part of its path is a file, expected a folder";
  if (error instanceof Deno.errors.PermissionDenied) return "the file system denies it";
  if (error instanceof Deno.errors.NotCapable) return "this process was not given the permission";
  return error instanceof Error ? error.message : String(error);
}
