import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { clip } from "../../losses/mod.ts";
import { assertClose, assertNewTensors, engineTest } from "../support/mod.ts";
import { alignedSuite } from "./_aligned_suite.ts";
import { cosines, logSumExp, mean } from "./_naive.ts";
import { differentiate, randomRows, type Rows } from "./_support.ts";

function naive([anchors, references]: readonly Rows[], temperature: number): number {
  const direction = (rows: number[][]) =>
    mean(rows.map((row, i) => logSumExp(row.map((s) => s / temperature)) - row[i]! / temperature));
  return (direction(cosines(anchors!, references)) + direction(cosines(references!, anchors))) / 2;
}

alignedSuite({
  name: "clip()",
  make: () => clip(),
  tiles: false,
  naive: (matrices) => naive(matrices, 0.07),
  golden: [{ name: "open_clip ClipLoss(logit_scale=1/0.07)" }],
});

engineTest("clip() trains its temperature, and shows it", async () => {
  const rows = [randomRows(1, 6, 3), randomRows(2, 6, 3)];
  const loss = assertNewTensors(1, () => clip({ initial: 0.2 }));
  assertEquals(Object.keys(loss.params), ["logScale"]);
  const at = (logScale: number) => naive(rows, Math.exp(-logScale));
  const slope = (at(Math.log(5) + 1e-5) - at(Math.log(5) - 1e-5)) / 2e-5;
  assertClose(differentiate(loss, rows).params[0]!, [slope], 1e-4);
  assertAlmostEquals(await loss.temperature.read(), 0.2, 1e-6);
  assertNewTensors(-1, () => loss.temperature.dispose());
});

Deno.test("clip() refuses impossible values", () => {
  assertThrows(() => clip({ initial: 0 }), RangeError, "initial is 0");
  assertThrows(() => clip({ initial: 0.5, maxScale: 1 }), RangeError, "expected at least 1 / maxScale");
});
