/**
 * What a step tells of its plan.
 *
 * @module
 */

/** How one input is cut. */
export interface PlannedInput {
  /** How messages name it. */
  readonly name: string;
  /** Examples in a chunk, at most. */
  readonly chunkSize: number;
  /** Padded tokens in a chunk, where chunks are cut by tokens. */
  readonly chunkTokens?: number;
  /** Chunks that it comes in. */
  readonly chunks: number;
  /** How many chunks are encoded at once where no tape is needed. One if left out. */
  readonly together?: number;
  /** Whether what is dear for its size is remembered from the first encoding of the others to the second. */
  readonly remember?: boolean;
  /** Chunks that stay on the tape. */
  readonly kept: number;
}

/** What was planned for a step that had a budget, and what it took. */
export interface MemoryPlan {
  /** Peak of tensor bytes that the step was allowed. */
  readonly budgetBytes: number;
  /** The predicted peak. */
  readonly predictedBytes: number;
  /** The peak of this step, with what planning it took. */
  readonly peakBytes: number;
  /** The size of the loss's tiles. */
  readonly tileBytes: number;
  /** Predicted time, relative to that of the whole batch on one tape, but for the loss. */
  readonly relativeTime: number;
  /** How each input was cut. */
  readonly inputs: readonly PlannedInput[];
  /** Whether an earlier step of the same shape was above the budget. */
  readonly corrected: boolean;
}
