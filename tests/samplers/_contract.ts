import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { fc } from "../support/properties.ts";
import { fold, key, permutation } from "../../core/mod.ts";
import type { Sampler, SamplerState } from "../../samplers/mod.ts";

/** Asserts that a sampler goes on from its state at each position of two epochs and a bit, as JSON brings it back. */
export function assertResumes<State extends SamplerState, Drawn>(make: (state?: State) => Sampler<State, Drawn>): void {
  const sampler = make();
  const length = 2 * sampler.batchesPerEpoch + 1;
  const states: State[] = [];
  const drawn: Drawn[] = [];
  for (let i = 0; i < length; i++) {
    states.push(JSON.parse(JSON.stringify(sampler.state)));
    drawn.push(sampler.next());
  }
  states.forEach((state, i) => {
    const resumed = make(state);
    assertEquals(resumed.state, state);
    assertEquals(Array.from({ length: length - i }, () => resumed.next()), drawn.slice(i), `from batch ${i}`);
    assertEquals(resumed.state, sampler.state);
  });
}

/** Asserts that epochs differ, that keys differ, and that nothing else does. */
export function assertShuffles<Drawn>(make: (seed: number) => Sampler<SamplerState, Drawn>): void {
  const sampler = make(1);
  const [first, second] = [[...sampler.epoch()], [...sampler.epoch()]];
  assertEquals(first.length, sampler.batchesPerEpoch);
  assertEquals([sampler.state.epoch, sampler.state.batch], [2, 0]);
  assertNotEquals(first, second);
  assertNotEquals([...make(2).epoch()], first);
  assertEquals([...make(1).epoch()], first);
}

/** The batches of a number of epochs, as lists of numbers. */
export function draw(sampler: Sampler, epochs = 1): number[][][] {
  return Array.from({ length: epochs }, () => Array.from(sampler.epoch(), (batch) => [...batch]));
}

/** How often each of the numbers from 0 to `count` - 1 comes. */
export function tally(numbers: Iterable<number>, count: number): number[] {
  const counts = new Array<number>(count).fill(0);
  for (const number of numbers) counts[number]!++;
  return counts;
}

/** The difference of the largest and the smallest. */
export function spread(numbers: readonly number[]): number {
  return Math.max(...numbers) - Math.min(...numbers);
}

/**
 * Asserts that counts of many draws lie within five standard deviations of a binomial distribution with the same mean.
 */
export function assertEven(counts: readonly number[], draws: number): void {
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  const deviation = Math.sqrt(mean * (1 - mean / draws));
  for (const count of counts) {
    assert(Math.abs(count - mean) <= 5 * deviation, `${count} is too far from ${mean} ± ${deviation}: ${counts}`);
  }
}

/**
 * Labels of examples in random order, in `classes` classes of `sizes` examples; label 0 and negative ones are among
 * them.
 */
export function labelings(
  { classes, sizes }: { classes: { min: number; max: number }; sizes: { min: number; max: number } },
): fc.Arbitrary<number[]> {
  return fc.tuple(
    fc.array(fc.integer(sizes), { minLength: classes.min, maxLength: classes.max }),
    fc.integer({ min: -5, max: 5 }),
    fc.nat(),
  ).map(([counts, shift, seed]) => {
    const sorted = counts.flatMap((count, label) => new Array<number>(count).fill((label + shift) * 3));
    return Array.from(permutation(fold(key(seed), "labels"), sorted.length), (place) => sorted[place]!);
  });
}
