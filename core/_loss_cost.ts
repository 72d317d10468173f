/**
 * What a loss takes, before and after it has run.
 *
 * @module
 */
import { windowBytes } from "./tiles/_window.ts";
import { automaticTileBytes, tileBytesOf } from "./tiles/couple.ts";
import type { FurtherReferences, Params } from "./types.ts";

/** So many times what is compared a row loss takes beside its tiles, about: copies, rows of length 1, gradients. */
const MATRICES = 6;
/** For each row of those matrices it has a few single numbers, about. */
const ROW_BYTES = 8;

/** A further reference has a label, an id and a place in a list that is made of them, about. */
const NUMBER_BYTES = 12;

/** What the loss took in one step, or is thought to take. */
export interface LossCost {
  /** The size of tiles that it was told. */
  readonly tileBytes: number;
  /** Peak of its computation, above what was held when it began. */
  readonly forwardBytes: number;
  /** Peak of its part of the backward pass, above representations and tape. */
  readonly backwardBytes: number;
}

/** What is known of a loss. */
export interface Coupling {
  /** What it is thought to take beside its tiles, in bytes. */
  readonly fixedBytes: number;
  /** The automatic size of tiles, or that of the whole if it is less. */
  readonly tileBytes: number;
  /** The smallest size of tiles that makes a difference. */
  readonly leastTileBytes: number;
  /** What it took in earlier steps, with tiles of different sizes. Nothing is known if it is empty. */
  readonly measured: readonly LossCost[];
  /** Whether it goes by the size of tiles. */
  readonly tiled: boolean;
}

/**
 * The cost of a loss in tiles of some size, as far as is known: never more than with larger tiles, and growing by no
 * more than the tiles grow.
 */
export function lossCost({ fixedBytes, measured, tiled }: Coupling, tileBytes: number): LossCost {
  if (!tiled && measured.length > 0) return { ...measured.at(-1)!, tileBytes };
  const figure = (name: "forwardBytes" | "backwardBytes") => {
    // A loss that took more than was thought takes so much more with any tiles.
    const excess = Math.max(0, ...measured.map((cost) => cost[name] - fixedBytes - cost.tileBytes));
    const known = measured.map((cost) => cost[name] + Math.max(0, tileBytes - cost.tileBytes));
    return Math.min(fixedBytes + excess + tileBytes, ...known);
  };
  return { tileBytes, forwardBytes: figure("forwardBytes"), backwardBytes: figure("backwardBytes") };
}

/** What the loss takes in tiles of all sizes that are worth a try, from the largest on. */
export function lossCosts(coupling: Coupling): LossCost[] {
  const { tileBytes, leastTileBytes, measured, tiled } = coupling;
  if (!tiled && measured.length > 0) return [lossCost(coupling, tileBytes)];
  const sizes = [leastTileBytes, ...measured.map((cost) => Math.min(tileBytes, cost.tileBytes))];
  for (let size = tileBytes; size > leastTileBytes; size /= 2) sizes.push(size);
  return [...new Set(sizes)].toSorted((a, b) => b - a).map((size) => lossCost(coupling, size));
}

/**
 * What a row loss over inputs takes: some matrices of the size of the representations, and tiles. Further references,
 * such as those of a memory, make tiles wider; they are compared piece by piece.
 */
export function expectLoss(
  inputs: readonly { readonly examples: number; readonly rowBytes: number }[],
  params: Params,
  { count: further, tiled }: FurtherReferences = { count: 0, tiled: false },
): Pick<Coupling, "fixedBytes" | "tileBytes" | "leastTileBytes"> {
  // Parameters of a loss may be proxies, which anchors are compared with.
  const tables = Object.values(params).map(({ shape, size }) => ({
    examples: shape.length < 2 ? 0 : shape[0]!,
    bytes: 4 * size,
  }));
  const matrices = [...inputs.map(({ examples, rowBytes }) => ({ examples, bytes: examples * rowBytes })), ...tables];
  const bytes = matrices.reduce((sum, matrix) => sum + matrix.bytes, 0);
  const own = matrices.reduce((sum, { examples }) => sum + examples, 0);
  const columns = own + (tiled ? further : 0);
  const anchors = Math.max(...inputs.map(({ examples }) => examples));
  const rowBytes = Math.max(...inputs.map(({ rowBytes }) => rowBytes));
  // A single matrix is compared with itself.
  const times = matrices.length === 1 ? 2 : 1;
  const leastTileBytes = tileBytesOf(1, columns);
  return {
    fixedBytes: MATRICES * times * (bytes + ROW_BYTES * own) + NUMBER_BYTES * further +
      (tiled ? windowBytes(further, rowBytes) : 0),
    tileBytes: Math.max(leastTileBytes, Math.min(automaticTileBytes(times * bytes / 4), tileBytesOf(anchors, columns))),
    leastTileBytes,
  };
}
