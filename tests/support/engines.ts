import { type BackendName, startableBackends, useBackend } from "../../core/backend.ts";

const chosen = Deno.env.get("GRADFOLD_BACKEND") as BackendName | undefined;
/** The engines that the tests of this process run on. */
export const engines: readonly BackendName[] = chosen ? [chosen] : await startableBackends();

/** Registers a test once for each engine that starts, with the engine's name behind the test's. */
export function engineTest(name: string, run: (engine: BackendName) => void | Promise<void>): void {
  for (const engine of engines) {
    Deno.test(`${name} [${engine}]`, async () => {
      await useBackend({ backend: engine, quiet: true });
      await run(engine);
    });
  }
}
