import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { findTools } from "../../setup/tools.ts";
import { machine } from "./fake_machine.ts";

Deno.test("findTools() takes the first pip and compiler that answer, CXX before others", async () => {
  const absent = { "pip --version": undefined, "pip3 --version": { code: 1, output: "broken" } };
  const plain = await findTools(machine({ ...absent, "python3 -m pip": { code: 0, output: "" }, "g++": undefined }));
  assertEquals(plain, { pip: ["python3", "-m", "pip"], compiler: ["clang++"] });
  const chosen = machine({}, { env: (name) => name === "CXX" ? "ccache g++-14" : undefined });
  assertEquals((await findTools(chosen)).compiler, ["ccache", "g++-14"]);
});

Deno.test("findTools() says what to install for each tool that is missing", async () => {
  const bare = machine({ "--version": undefined });
  const error = await assertRejects(() => findTools(bare), Error, "Cannot install the tensorflow engine without pip");
  assertStringIncludes(error.message, "apt install python3-pip");
  assertStringIncludes(error.message, "without a C++ compiler");
  assertStringIncludes(error.message, "apt install g++");
  const mac = machine({ "g++ --version": undefined, "clang++ --version": undefined, "c++ --version": undefined }, {
    os: "darwin",
  });
  assertStringIncludes((await assertRejects(() => findTools(mac), Error)).message, "xcode-select --install");
});
