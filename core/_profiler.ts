/**
 * Profiles of encoders, each made once.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { canReadSync } from "./backend.ts";
import type { ChunkShape } from "./_chunking.ts";
import { type Chunk, chunkSource, readFrom } from "./_chunks.ts";
import { costAt, type EncodingCost, mix } from "./_costs.ts";
import type { Place } from "./_prepare.ts";
import { type Profile, profileEncoder, type ProfileOptions } from "./_profile.ts";
import { pick, sortByLength, type Sorted } from "./_sequences.ts";
import type { PlanInput } from "./plan.ts";
import { countExamples, leaves } from "./tree.ts";
import type { Batch, EncodeContext, Encoder } from "./types.ts";

/** An input to plan, with what its profile holds for apart from the number of examples. */
export interface Profiled extends PlanInput {
  readonly shape: string;
}

/** What is known of an encoder, which holds up to the measured length. */
type EncoderKnown = Pick<PlanInput, "rowBytes" | "sumBytes" | "addBytes" | "measured" | "measuredLength" | "cost">;

/**
 * Makes a function that profiles an encoder on a batch, once for each encoder and shape of the examples. Of one that
 * knows the lengths of its examples the shape does not count, but a longer example than any before does.
 */
export function profiler(
  common: Pick<ProfileOptions, "params" | "budgetBytes">,
): (place: Place, batch: Batch, context: Omit<EncodeContext, "rows">) => Profiled {
  const known = new Map<Encoder, Map<string, EncoderKnown>>();
  return (place, batch, context) => {
    const { encoder, name, trained } = place;
    const sorted = encoder.sequences && canReadSync() ? sortByLength(batch, encoder.sequences, name) : undefined;
    const axes = sorted ? 2 : 1;
    const shape = leaves(batch).map(({ dtype, shape }) => `${dtype}[${shape.slice(axes)}]`).join();
    const shapes = known.get(encoder) ?? new Map<string, EncoderKnown>();
    known.set(encoder, shapes);
    let found = shapes.get(shape);
    if (!found || sorted && sorted.lengths.at(-1)! > found.measuredLength!) {
      const options = { ...common, place, context, ...batchSize(batch, name) };
      found = sorted ? profileLengths(batch, sorted, options) : profileWhole(batch, options);
      shapes.set(shape, found);
    }
    const examples = countExamples(batch, name);
    return { ...found, ...(sorted ? { lengths: sorted.lengths } : {}), name, shape, examples, trained, encoder };
  };
}

type Untaken = Omit<ProfileOptions, "take">;

function batchSize(batch: Batch, name: string): Pick<ProfileOptions, "most" | "batchBytes"> {
  const batchBytes = leaves(batch).reduce((sum, { size, dtype }) => sum + size * tf.util.bytesPerElement(dtype), 0);
  return { most: countExamples(batch, name), batchBytes };
}

/** Profiles the first examples. */
function profileWhole(batch: Batch, options: Untaken): EncoderKnown {
  const take = (count: number) => readFrom(chunkSource(batch, count, options.place.name), (cursor) => cursor.next()!);
  const profile = profileEncoder({ ...options, take });
  return { ...knownOf(profile), cost: ({ examples }) => costAt(profile.points, examples) };
}

/**
 * Profiles the longest examples, as they are and cut to the shortest one's length. What is in between grows on a line
 * or faster, as attention does, so that a line says enough.
 */
function profileLengths(batch: Batch, { order, lengths }: Sorted, options: Untaken): EncoderKnown {
  const [shortest, longest] = [lengths[0]!, lengths.at(-1)!];
  const { most, batchBytes, place: { encoder: { sequences } } } = options;
  const profileAt = (length: number) => {
    // All of them are not picked but cropped, if there is anything to crop.
    const whole = leaves(batch).every(({ shape }) => shape[1] === length);
    const take = (count: number): Chunk => {
      if (whole && count === most) return { index: 0, first: 0, count, batch };
      const rows = order.slice(most - count);
      return { index: 0, first: 0, count, rows, batch: pick(batch, sequences!, rows, length) };
    };
    return profileEncoder({ ...options, batchBytes: whole ? batchBytes : 0, take });
  };
  const long = profileAt(longest);
  const short = shortest === longest ? long : profileAt(shortest);
  const cost = ({ examples, length }: ChunkShape): EncodingCost => {
    const share = shortest === longest ? 1 : Math.max(0, (length - shortest) / (longest - shortest));
    return mix(costAt(short.points, examples), costAt(long.points, examples), share);
  };
  return { ...knownOf(long), measuredLength: longest, cost };
}

function knownOf({ points, rowBytes, sumBytes, addBytes }: Profile): Omit<EncoderKnown, "cost"> {
  return { rowBytes, sumBytes, addBytes, measured: points.at(-1)!.examples };
}
