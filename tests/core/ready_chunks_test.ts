import { assertEquals, assertThrows } from "@std/assert";
import { accumulate, cachedStep, fullStep, key, type Loss, readyChunks } from "../../core/mod.ts";
import { coupling, engineTest, free, randomMatrix, tinyEncoder } from "../support/mod.ts";

engineTest("cachedStep() and accumulate() close the iterators of ready chunks, also when they throw", () => {
  const batch = randomMatrix(1, 4, 4);
  let open = 0;
  const chunks = {
    *[Symbol.iterator]() {
      open++;
      try {
        for (let i = 0; i < 3; i++) yield batch;
      } finally {
        open--;
      }
    },
  };
  const failing: Loss = () => {
    throw new Error("stop");
  };
  for (const make of [cachedStep, fullStep, accumulate]) {
    for (const keep of [0, 1]) {
      const options = { encoders: [tinyEncoder()], chunkSize: 4, keep };
      free(make({ ...options, loss: coupling })([readyChunks(chunks)], key(0)));
      assertThrows(() => make({ ...options, loss: failing })([readyChunks(chunks)], key(0)), Error, "stop");
      assertEquals(open, 0);
    }
  }
});
