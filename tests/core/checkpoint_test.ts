import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { type Checkpoint, loadCheckpoint, saveCheckpoint } from "../../core/mod.ts";

/** A checkpoint that can be told from those of other steps. */
function checkpoint(step: number, note = ""): Checkpoint {
  return {
    step,
    tensors: { weight: { shape: [2, 2], data: new Float32Array([step, -0, NaN, 1 / 3]) } },
    state: { losses: [NaN, -Infinity, step], note },
  };
}

/** Runs a test with a folder that holds checkpoints of some steps. */
async function withCheckpoints(steps: readonly number[], body: (folder: string) => Promise<void>): Promise<void> {
  const folder = Deno.makeTempDirSync();
  try {
    for (const step of steps) await saveCheckpoint(folder, checkpoint(step));
    await body(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

async function load(folder: string): Promise<[Checkpoint | undefined, string[]]> {
  const said: string[] = [];
  return [await loadCheckpoint(folder, { log: (line) => said.push(line) }), said];
}

const namesIn = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
const pathOf = (folder: string, step: number, file: string) =>
  `${folder}/step-${String(step).padStart(9, "0")}/${file}`;

Deno.test("loadCheckpoint() gives back the newest, and saveCheckpoint() keeps as many as it was told", () =>
  withCheckpoints([5, 10, 15], async (folder) => {
    assertEquals(namesIn(folder), ["step-000000010", "step-000000015"]);
    assertEquals(namesIn(`${folder}/step-000000015`), ["state.json", "tensors.safetensors"]);
    assertEquals(await load(folder), [checkpoint(15), []]);
    await saveCheckpoint(folder, checkpoint(20), { keep: 1 });
    await saveCheckpoint(folder, checkpoint(1e12), { keep: 3 });
    assertEquals(namesIn(folder), ["step-000000020", "step-1000000000000"]);
    assertEquals(await load(folder), [checkpoint(1e12), []]);
  }));

Deno.test("saveCheckpoint() makes the folder, and those above it", () =>
  withCheckpoints([], async (folder) => {
    await saveCheckpoint(`${folder}/a/b/`, checkpoint(3));
    assertEquals(await load(`${folder}/a/b`), [checkpoint(3), []]);
  }));

Deno.test("loadCheckpoint() says nothing where there is nothing", () =>
  withCheckpoints([], async (folder) => {
    assertEquals(await load(folder), [undefined, []]);
    assertEquals(await load(`${folder}/none`), [undefined, []]);
  }));

const damages: Record<string, (folder: string) => void> = {
  "state.json is cut off": (folder) => Deno.truncateSync(pathOf(folder, 2, "state.json"), 100),
  "state.json is damaged": (folder) => {
    const text = Deno.readTextFileSync(pathOf(folder, 2, "state.json"));
    Deno.writeTextFileSync(pathOf(folder, 2, "state.json"), text.replace("Infinity", "infinity"));
  },
  "state.json is missing": (folder) => Deno.removeSync(pathOf(folder, 2, "state.json")),
  "tensors.safetensors is missing": (folder) => Deno.removeSync(pathOf(folder, 2, "tensors.safetensors")),
  "tensors.safetensors is cut off": (folder) => Deno.truncateSync(pathOf(folder, 2, "tensors.safetensors"), 90),
  "tensors.safetensors is cut off or damaged": (folder) => {
    const bytes = Deno.readFileSync(pathOf(folder, 2, "tensors.safetensors"));
    bytes[bytes.length - 1]! ^= 1;
    Deno.writeFileSync(pathOf(folder, 2, "tensors.safetensors"), bytes);
  },
  "it is of step 1, expected 2": (folder) => {
    for (const file of ["state.json", "tensors.safetensors"]) {
      Deno.copyFileSync(pathOf(folder, 1, file), pathOf(folder, 2, file));
    }
  },
};

for (const [reason, damage] of Object.entries(damages)) {
  Deno.test(`loadCheckpoint() passes over a checkpoint where ${reason}`, () =>
    withCheckpoints([1, 2], async (folder) => {
      damage(folder);
      const [found, said] = await load(folder);
      assertEquals(found, checkpoint(1));
      assertEquals(said.length, 1);
      assertStringIncludes(said[0]!, `Cannot use the checkpoint ${folder}/step-000000002: ${reason}`);
    }));
}

Deno.test("loadCheckpoint() tells any cut and any altered byte", () =>
  withCheckpoints([1, 2], async (folder) => {
    for (const file of ["state.json", "tensors.safetensors"]) {
      const path = pathOf(folder, 2, file);
      const whole = Deno.readFileSync(path);
      for (let i = 0; i < whole.length; i += 3) {
        const altered = whole.slice();
        altered[i]! ^= 1 << (i % 8);
        for (const content of [altered, whole.subarray(0, i)]) {
          Deno.writeFileSync(path, content);
          assertEquals((await load(folder))[0]?.step, 1);
        }
      }
      Deno.writeFileSync(path, whole);
      assertEquals((await load(folder))[0]?.step, 2);
    }
  }));

Deno.test("loadCheckpoint() says that none of the checkpoints can be used", () =>
  withCheckpoints([1, 2], async (folder) => {
    for (const step of [1, 2]) Deno.removeSync(pathOf(folder, step, "state.json"));
    const [found, said] = await load(folder);
    assertEquals([found, said.length], [undefined, 3]);
    assertEquals(said[2], `None of the checkpoints in ${folder} can be used`);
  }));

Deno.test("saveCheckpoint() saves a step again beside the earlier one, which then goes", () =>
  withCheckpoints([1, 2], async (folder) => {
    for (const note of ["second", "third"]) {
      await saveCheckpoint(folder, checkpoint(2, note));
      assertEquals(await load(folder), [checkpoint(2, note), []]);
    }
    assertEquals(namesIn(folder), ["step-000000001", "step-000000002-3"].sort());
  }));

Deno.test("saveCheckpoint() removes later steps, those of a training that was wound back", () =>
  withCheckpoints([10, 20], async (folder) => {
    await saveCheckpoint(folder, checkpoint(15));
    assertEquals(namesIn(folder), ["step-000000010", "step-000000015"]);
  }));

Deno.test("saveCheckpoint() removes what a process that was killed had begun, and nothing else", () =>
  withCheckpoints([1], async (folder) => {
    Deno.mkdirSync(`${folder}/.step-000000002.0b9d.part`);
    Deno.writeTextFileSync(`${folder}/.step-000000002.0b9d.part/tensors.safetensors`, "half");
    Deno.writeTextFileSync(`${folder}/notes.part`, "mine");
    assertEquals(await load(folder), [checkpoint(1), []]);
    await saveCheckpoint(folder, checkpoint(2));
    assertEquals(namesIn(folder), ["notes.part", "step-000000001", "step-000000002"]);
  }));

Deno.test("saveCheckpoint() refuses what it cannot save before it touches the folder", () =>
  withCheckpoints([1], async (folder) => {
    const good = checkpoint(2);
    const bad = { weight: { shape: [3], data: new Float32Array(2) } };
    await assertRejects(() => saveCheckpoint(folder, { ...good, step: -1 }), RangeError, "step is -1");
    await assertRejects(() => saveCheckpoint(folder, good, { keep: 0 }), RangeError, "keep is 0");
    await assertRejects(() => saveCheckpoint(folder, { ...good, tensors: bad }), RangeError, "weight: it has 2 values");
    await assertRejects(() => saveCheckpoint(folder, { ...good, state: { f() {} } }), TypeError, "state.f");
    assertEquals(namesIn(folder), ["step-000000001"]);
    assert((await load(folder))[0]);
  }));
