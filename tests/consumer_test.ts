import { assert, assertEquals, assertLess } from "@std/assert";
import { fromFileUrl, join } from "@std/path";

const root = fromFileUrl(new URL("..", import.meta.url));

/** The README's example, which the reader is told to run in a project of their own. */
function readmeExample(): string {
  const readme = Deno.readTextFileSync(join(root, "README.md"));
  const [, example] = /run by tests\/consumer_test\.ts\. -->\s+```ts\n(.*?)```/s.exec(readme) ?? [];
  assert(example, "README.md has the example");
  return example;
}

Deno.test("gradfold trains in a project that imports it by its name", async () => {
  const project = Deno.makeTempDirSync();
  try {
    const config = {
      imports: {
        "@gradfold/gradfold": "jsr:@gradfold/gradfold@^0.1",
        "@tensorflow/tfjs": "npm:@tensorflow/tfjs@4.22.0",
      },
      links: [root],
      nodeModulesDir: "none",
      compilerOptions: { noUncheckedIndexedAccess: true },
    };
    Deno.writeTextFileSync(join(project, "deno.json"), JSON.stringify(config));
    Deno.writeTextFileSync(join(project, "train.ts"), readmeExample());
    const { code, stdout, stderr } = await new Deno.Command("deno", {
      args: ["run", "--check", "--allow-read", "--allow-env", "--allow-ffi", "train.ts"],
      cwd: project,
      // The project has no other engine.
      env: { NO_COLOR: "1", GRADFOLD_BACKEND: "wasm" },
    }).output();
    const output = new TextDecoder().decode(stdout);
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    const losses = [...output.matchAll(/loss ([\d.]+)/g)].map(([, loss]) => Number(loss));
    assertEquals(losses.length, 20);
    assertLess(losses.at(-1)!, losses[0]! / 2);
  } finally {
    Deno.removeSync(project, { recursive: true });
  }
});
