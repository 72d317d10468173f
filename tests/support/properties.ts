/**
 * fast-check with a seed, so that a run of the suite can be repeated; `FAST_CHECK_SEED` names another.
 *
 * @module
 */
import fc from "fast-check";

fc.configureGlobal({ seed: Number(Deno.env.get("FAST_CHECK_SEED") ?? 0) });

export { fc };
