/**
 * Scripts in processes of their own.
 *
 * @module
 */

/** How a script ended, and what it wrote on both streams. */
export interface ScriptResult {
  readonly success: boolean;
  readonly output: string;
}

/** Runs a script at the repository's root in a process of its own, and waits until that ends by itself. */
export async function runScript(
  code: string,
  options: { readonly permissions: readonly string[]; readonly env?: { readonly [name: string]: string } },
): Promise<ScriptResult> {
  const child = new Deno.Command("deno", {
    args: ["run", "--no-check", "--no-prompt", ...options.permissions, "-"],
    cwd: new URL("../..", import.meta.url),
    env: { NO_COLOR: "1", ...options.env },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(code));
  await writer.close();
  const { success, stdout, stderr } = await child.output();
  return { success, output: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}
