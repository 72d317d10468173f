/**
 * Compares what encoders return for a chunk when it is replayed with what they returned before.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { StepResult } from "./step.ts";
import type { Encoder, Tensor } from "./types.ts";

/** How the replay of a step came out. */
export interface Replay {
  /** How many chunks were encoded a second time. */
  readonly replayed: number;
  /** Whether each of them came out the second time as it did the first, bit for bit. */
  readonly bitEqual: boolean;
}

// deno-lint-ignore no-explicit-any -- encoders of different batches stand side by side
type AnyEncoder = Encoder<any>;

/**
 * Runs a step with encoders that are watched, and compares both encodings of each chunk.
 *
 * @param encoders The step's encoders.
 * @param run Takes the step with the encoders that it is given; the result is disposed.
 */
export async function watchReplay(
  encoders: readonly AnyEncoder[],
  run: (watched: readonly AnyEncoder[]) => StepResult,
): Promise<Replay> {
  const seen = new Map<string, Tensor[]>();
  // An encoder that stands twice is to stay one encoder, whose parameters have one name.
  const watched = new Map(encoders.map((encoder) => [encoder, watch(encoder, seen)]));
  try {
    const { loss, gradients } = run(encoders.map((encoder) => watched.get(encoder)!));
    tf.dispose([loss, gradients]);
    const twice = [...seen.values()].filter((encodings) => encodings.length > 1);
    let bitEqual = true;
    for (const encodings of twice) {
      const [first, second] = await Promise.all(encodings.map(bits));
      bitEqual &&= first!.length === second!.length && first!.every((word, i) => word === second![i]);
    }
    return { replayed: twice.length, bitEqual };
  } finally {
    tf.dispose([...seen.values()]);
  }
}

/** An encoder that keeps a copy of all that it returns, by input and row. */
function watch(encoder: AnyEncoder, seen: Map<string, Tensor[]>): AnyEncoder {
  const { name, params, frozen = false, crossExample = false, sequences } = encoder;
  return {
    ...(name === undefined ? {} : { name }),
    params,
    frozen,
    crossExample,
    ...(sequences ? { sequences } : {}),
    encode(batch, context) {
      const encoded = encoder.encode(batch, context);
      const chunk = `${context.key.words} ${context.rows[0]}`;
      seen.set(chunk, [...seen.get(chunk) ?? [], tf.keep(tf.clone(encoded))]);
      return encoded;
    },
  };
}

/** The bits of float32 numbers; as numbers, 0 would equal -0. */
async function bits(tensor: Tensor): Promise<Uint32Array> {
  const values = await tensor.data<"float32">();
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}
