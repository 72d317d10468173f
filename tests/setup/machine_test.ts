import { assertEquals, assertRejects } from "@std/assert";
import { runProgram, tail } from "../../setup/machine.ts";

Deno.test("runProgram() gives the status and the output, and nothing for a program that is not there", async () => {
  const { code, output } = (await runProgram(["deno", "eval", "console.log(1); console.error(2); Deno.exit(3)"]))!;
  assertEquals({ code, output: output.split(/\s+/).filter(Boolean).sort() }, { code: 3, output: ["1", "2"] });
  assertEquals(await runProgram(["gradfold-no-such-program"]), undefined);
});

Deno.test("runProgram() says when it may not run a program", async () => {
  if (Deno.build.os === "windows" || Deno.permissions.querySync({ name: "run", command: "sh" }).state === "granted") {
    return;
  }
  await assertRejects(() => runProgram(["sh"]), Error, "Cannot run sh: it is not among the programs of --allow-run");
});

Deno.test("tail() keeps the last lines that are not blank", () => {
  assertEquals(tail("a\n\nb\n \nc\n", 2), "b\nc");
});
