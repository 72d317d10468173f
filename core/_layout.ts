/**
 * What a way to cut a batch into chunks takes, for each number of kept chunks.
 *
 * @module
 */
import type { ChunkShape } from "./_chunking.ts";
import type { EncodingCost } from "./_costs.ts";

/** To put rows into another order takes their numbers. */
const ROW_NUMBER_BYTES = 4;

/** Figures of an input of which the first chunks are kept; bytes that other inputs take are not in them. */
export interface Kept {
  readonly kept: number;
  /** Representations of the kept chunks. */
  readonly keptRows: number;
  /** Representations of the others. */
  readonly cachedRows: number;
  /** Peak of encoding the others without a tape. */
  readonly representBytes: number;
  /** What the kept chunks hold after their encoding, representations included. */
  readonly tapeBytes: number;
  /** Peak of encoding the kept chunks. */
  readonly forwardBytes: number;
  /** Peak of pulling back the last kept chunk, which comes first, without representations. */
  readonly lastBackwardBytes: number;
  /** The same for the kept chunks before it, which gradients of the parameters stand beside. */
  readonly backwardBytes: number;
  /** Peak of replaying the others. */
  readonly replayBytes: number;
  /** What is remembered of the others. */
  readonly rememberedBytes: number;
  /** Copies of the representations that stand while the loss is computed. */
  readonly copyBytes: number;
  /** Time of all encoding. */
  readonly ms: number;
}

/** A way to cut an input. */
export interface Layout {
  /** Examples in a chunk, or padded tokens. */
  readonly limit: number;
  readonly chunks: number;
  /** How many chunks are encoded at once where no tape is needed. */
  readonly together: number;
  /** Whether dear outputs are remembered for the replay. */
  readonly remember: boolean;
  /** Bytes of all representations. */
  readonly rowBytes: number;
  /** What it takes with so many chunks kept. */
  keep(kept: number): Kept;
}

/** Options of {@linkcode layout}. */
export interface LayoutOptions {
  readonly limit: number;
  /** How many chunks are encoded at once where no tape is needed. One if left out. */
  readonly together?: number;
  /** Whether dear outputs are remembered for the replay. False if left out. */
  readonly remember?: boolean;
  /** Bytes of one representation. */
  readonly rowBytes: number;
  readonly trained: boolean;
  /** Whether representations are put into another order, which takes a copy. */
  readonly sorted: boolean;
  /** Takes the place of the time that the chunks take when none is encoded twice. */
  readonly wholeMs?: number;
  readonly cost: (chunk: ChunkShape) => EncodingCost;
}

/** Adds up what chunks take, so that `keep` only looks it up. */
export function layout(shapes: readonly ChunkShape[], options: LayoutOptions): Layout {
  const { limit, together = 1, remember = false, rowBytes, trained, sorted, cost, wholeMs } = options;
  const of = memoize(cost);
  const costs = shapes.map(of);
  const rows = shapes.map(({ examples }) => examples * rowBytes);
  const rowsBefore = sumsBefore(rows);
  const tapeBefore = sumsBefore(costs.map(({ tapeBytes }) => tapeBytes));
  const training = trained ? costs.reduce((sum, { trainingMs }) => sum + trainingMs, 0) : 0;
  const forward = largestBefore(costs.map(({ forwardBytes }, i) => tapeBefore[i]! + forwardBytes));
  const backwards = costs.map(({ backwardBytes }, i) => tapeBefore[i]! - rowsBefore[i]! + backwardBytes - rows[i]!);
  const backward = largestBefore(backwards);
  const inference = inferenceFrom(shapes, { together, cost: of, rowsBefore });
  const replay = largestFrom(costs.map(({ replayBytes }) => replayBytes));
  const figuresFrom = (figure: "rememberedBytes" | "rememberedMs") =>
    sumsBefore(costs.map((cost) => remember ? cost[figure] : 0).toReversed()).toReversed();
  const [rememberedBytes, rememberedMs] = [figuresFrom("rememberedBytes"), figuresFrom("rememberedMs")];
  const total = rowsBefore[shapes.length]!;
  const examples = total / rowBytes;
  return {
    limit,
    chunks: shapes.length,
    together,
    remember,
    rowBytes: total,
    keep(kept) {
      const others = shapes.length - kept;
      const cachedRows = total - rowsBefore[kept]!;
      const parts = kept + Math.min(1, others);
      const uncached = inference(kept);
      return {
        kept,
        keptRows: rowsBefore[kept]!,
        cachedRows,
        representBytes: others === 0
          ? 0
          : Math.max(uncached.bytes - rowsBefore[kept]!, uncached.groups > 1 ? 2 * cachedRows : 0),
        tapeBytes: tapeBefore[kept]!,
        forwardBytes: forward[kept]!,
        lastBackwardBytes: kept === 0 ? 0 : backwards[kept - 1]!,
        backwardBytes: kept < 2 ? 0 : backward[kept - 1]!,
        replayBytes: trained && others > 0 ? replay[kept]! : 0,
        rememberedBytes: rememberedBytes[kept]!,
        copyBytes: (parts > 1 ? total : 0) + (sorted ? total + ROW_NUMBER_BYTES * examples : 0),
        ms: (others === 0 || !trained) && wholeMs !== undefined
          ? wholeMs
          : training + uncached.ms - rememberedMs[kept]!,
      };
    },
  };
}

/** What encoding without a tape takes, in groups of chunks. */
interface Inference {
  readonly ms: number;
  /** Peak with the representations of all chunks before, kept ones included. */
  readonly bytes: number;
  readonly groups: number;
}

interface Groups {
  readonly together: number;
  readonly cost: LayoutOptions["cost"];
  readonly rowsBefore: readonly number[];
}

/** Makes a function that tells what the chunks from one on take. Groups begin at multiples of their size. */
function inferenceFrom(
  shapes: readonly ChunkShape[],
  { together, cost, rowsBefore }: Groups,
): (chunk: number) => Inference {
  const group = (from: number, rest: Inference): Inference => {
    const members = shapes.slice(from, together * (Math.floor(from / together) + 1));
    const examples = members.reduce((sum, { examples }) => sum + examples, 0);
    const { inferenceMs, inferenceBytes } = cost({ examples, length: members.at(-1)!.length });
    return {
      ms: inferenceMs + rest.ms,
      bytes: Math.max(rowsBefore[from]! + inferenceBytes, rest.bytes),
      groups: rest.groups + 1,
    };
  };
  const none = { ms: 0, bytes: 0, groups: 0 };
  const fromGroup = [none];
  for (let index = Math.ceil(shapes.length / together) - 1; index >= 0; index--) {
    fromGroup.unshift(group(index * together, fromGroup[0]!));
  }
  return (chunk) => {
    const index = Math.ceil(chunk / together);
    return chunk % together === 0 || chunk >= shapes.length
      ? fromGroup[Math.min(index, fromGroup.length - 1)]!
      : group(chunk, fromGroup[index]!);
  };
}

function memoize(cost: LayoutOptions["cost"]): LayoutOptions["cost"] {
  const known = new Map<string, EncodingCost>();
  return (shape) => {
    const name = `${shape.examples} ${shape.length}`;
    const found = known.get(name) ?? cost(shape);
    known.set(name, found);
    return found;
  };
}

function sumsBefore(values: readonly number[]): number[] {
  const sums = [0];
  for (const value of values) sums.push(sums.at(-1)! + value);
  return sums;
}

/** For each index the largest of the values before it. */
function largestBefore(values: readonly number[]): number[] {
  const found = [0];
  for (const value of values) found.push(Math.max(found.at(-1)!, value));
  return found;
}

/** For each index the largest of the values from it on. */
function largestFrom(values: readonly number[]): number[] {
  return largestBefore(values.toReversed()).toReversed();
}
