/**
 * How far representations move while an encoder trains.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Encoder, NamedArrays, Tensor4D } from "../../core/mod.ts";
import type { ImageSet } from "../../data/mod.ts";
import { featureDrift } from "../../metrics/mod.ts";
import { encodeImages } from "./encode.ts";

/** When drift is looked at. */
export interface DriftOptions {
  /** The images that are encoded again and again. */
  readonly probe: ImageSet;
  /** Numbers of steps that two states of the encoder are apart. */
  readonly gaps: readonly number[];
  /** Steps from one look to the next. */
  readonly every: number;
}

/** The drift that a look at the encoder showed. */
export interface DriftPoint {
  /** Updates that were made. */
  readonly step: number;
  /** Steps from the earlier state. */
  readonly gap: number;
  /** The mean squared distance of representations of length 1. */
  readonly drift: number;
}

/** Watches an encoder drift. */
export interface DriftWatch {
  /** What was seen so far. */
  readonly points: readonly DriftPoint[];
  /** To be told after each update. */
  look(encoder: Encoder<Tensor4D>, step: number): Promise<void>;
  /** The representations that later looks need, for a checkpoint. */
  save(): NamedArrays;
}

/**
 * Makes a watch: at every multiple of `every` steps it compares representations with those of each gap before.
 *
 * @param saved What another watch of the same options had seen and saved.
 */
export function watchDrift(
  { probe, gaps, every }: DriftOptions,
  saved: { readonly points: readonly DriftPoint[]; readonly tensors: NamedArrays } = { points: [], tensors: {} },
): DriftWatch {
  const points = [...saved.points];
  const snapshots = new Map(
    Object.entries(saved.tensors).filter(([name]) => name.startsWith("drift/")).map(([name, snapshot]) =>
      [Number(name.slice("drift/".length)), snapshot] as const
    ),
  );
  /** Whether a state will be compared with one that comes later. */
  const isEarlier = (step: number) => gaps.some((gap) => (step + gap) % every === 0);
  return {
    points,
    async look(encoder, step) {
      const due = step % every === 0;
      if (!due && !isEarlier(step)) return;
      const now = encodeImages(encoder, probe);
      try {
        for (const gap of due ? gaps : []) {
          const snapshot = snapshots.get(step - gap);
          if (!snapshot) continue;
          const before = tf.tensor2d(snapshot.data as Float32Array, [probe.examples, now.shape[1]]);
          const { normalized } = await featureDrift(before, now);
          before.dispose();
          points.push({ step, gap, drift: normalized });
        }
        if (isEarlier(step)) snapshots.set(step, { shape: now.shape, data: now.dataSync<"float32">().slice() });
        const last = Math.max(...gaps);
        for (const old of snapshots.keys()) if (old <= step - last) snapshots.delete(old);
      } finally {
        now.dispose();
      }
    },
    save: () => Object.fromEntries([...snapshots].map(([step, snapshot]) => [`drift/${step}`, snapshot])),
  };
}
