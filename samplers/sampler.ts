/**
 * What all samplers have in common.
 *
 * @module
 */

/** Where a sampler stands, as a JSON value; each sampler adds what tells it from samplers with other options. */
export interface SamplerState {
  /** The epoch, from 0. */
  readonly epoch: number;
  /** The batch within the epoch, from 0, that comes next. */
  readonly batch: number;
  /** The two words of the key. */
  readonly key: readonly [number, number];
}

/**
 * Batches without end, epoch after epoch.
 *
 * A sampler's batches depend on its options, its key and the number of the epoch alone. So there is no generator whose
 * state would have to be saved: the two numbers of a position are enough to go on in the middle of an epoch.
 */
export interface Sampler<State extends SamplerState = SamplerState, Drawn = Int32Array> extends Iterable<Drawn> {
  /** How many batches an epoch has. */
  readonly batchesPerEpoch: number;
  /** Where the sampler stands; another one made with it gives the same batches from here on. */
  readonly state: State;
  /** The next batch: the rows of its examples. It belongs to the caller. */
  next(): Drawn;
  /** The batches that the current epoch still has; all of it, if none was drawn. */
  epoch(): Iterable<Drawn>;
}
