import { assertEquals, assertThrows } from "@std/assert";
import { parseBenchOptions } from "../../bench/options.ts";
import { UsageError } from "../../recipes/runner/usage_error.ts";

const defaults = { methods: ["full", "cached"], batches: [64, 128], chunks: [32], shares: [0.5], rounds: 3 } as const;

Deno.test("parseBenchOptions() measures everything at the default sizes if nothing is said", () => {
  assertEquals(parseBenchOptions([], defaults), {
    ...defaults,
    encoders: ["transformer", "convolutional", "mlp"],
    out: "bench/results",
    limit: 6e9,
  });
});

Deno.test("parseBenchOptions() reads lists, sizes and names", () => {
  const args = "--encoder mlp --methods planned,full,planned --batches 256,64,64 --chunks 8 --budgets 50,7 " +
    "--rounds 1 --limit 1.5GB";
  assertEquals(parseBenchOptions([...args.split(" "), "--backend=wasm", "--out", "there"], defaults), {
    encoders: ["mlp"],
    // The full batch comes first, since budgets are parts of its peak.
    methods: ["full", "planned"],
    batches: [64, 256],
    chunks: [8],
    shares: [0.07, 0.5],
    rounds: 1,
    backend: "wasm",
    out: "there",
    limit: 1.5e9,
  });
  assertEquals(parseBenchOptions(["--limit", "512MB"], defaults).limit, 512e6);
});

Deno.test("parseBenchOptions() names the option that cannot be used and what was expected", () => {
  const faults: readonly [string, string][] = [
    ["--batch 64", 'Unknown option --batch, did you mean "--batches"?'],
    ["64", "Unknown option 64"],
    ["--batches 1", "Cannot use --batches 1: expected an integer of at least 2"],
    ["--batches 64,x", "Cannot use --batches x: expected an integer"],
    ["--batches=", "Option --batches needs a value"],
    ["--batches", "Option --batches needs a value"],
    ["--chunks 0", "Cannot use --chunks 0: expected an integer of at least 1"],
    ["--budgets 0", "Cannot use --budgets 0: expected an integer of at least 1"],
    ["--rounds 0", "Cannot use --rounds 0: expected an integer of at least 1"],
    ["--methods planned", "Cannot use --methods planned without full: its budgets are parts of the full batch's peak"],
    ["--methods cashed", 'Cannot use --methods cashed, did you mean "cached"?'],
    ["--encoder bag", "Cannot use --encoder bag; there are transformer, convolutional, mlp"],
    ["--backend tpu", "Cannot use --backend tpu"],
    ["--limit 6", "Cannot use --limit 6: expected a size such as 512MB or 6GB"],
  ];
  for (const [args, message] of faults) {
    assertThrows(() => parseBenchOptions(args.split(" "), defaults), UsageError, message);
  }
});
