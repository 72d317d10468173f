/**
 * Proxies: trained rows that stand for classes, which examples are compared with.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { canReadSync } from "../core/backend.ts";
import { fold, type Key } from "../core/key.ts";
import { labelRelation } from "../core/pairs/relation.ts";
import { sameLabel } from "../core/pairs/same_label.ts";
import type { Pairing } from "../core/pairs/types.ts";
import { type RowLoss, rowLoss, type RowLossOptions } from "../core/row_loss.ts";
import { normal } from "../core/stream.ts";
import type { Params, Scalar, Tensor1D, Tensor2D, Variable } from "../core/types.ts";

/** Proxies that a loss draws. */
export interface NewProxies {
  /** How many classes there are; labels are 0 to `classes` - 1. */
  readonly classes: number;
  /** The width of the representations. */
  readonly dim: number;
  /** Where the initial proxies are drawn from. */
  readonly key: Key;
}

/** Proxies that the caller made, such as those of an earlier run. */
export interface GivenProxies {
  /** One row for each class, `[classes, dim]`; it stays the caller's. */
  readonly proxies: Variable;
}

/** Where a loss has its proxies from. */
export type ProxyOptions = NewProxies | GivenProxies;

/** A loss with a variable of its own, the proxies; steps name it `loss/proxies`. Whoever made the loss disposes it. */
export interface ProxyLoss extends RowLoss {
  /** The proxies, and what else is trained. */
  readonly params: Params & { readonly proxies: Variable };
}

/** Draws `dim` numbers for each of some rows, each row from a stream of its own. */
export type Draw = (key: Key, rows: ArrayLike<number>, dim: number) => Float32Array;

/** The normal distribution of deviation 0.01, as in the code of the authors of ArcFace. */
export const narrowNormal: Draw = (key, rows, dim) => normal(key, rows, dim).map((value) => 0.01 * value);

/** What makes a loss over proxies. */
export interface ProxyLossOptions extends Pick<RowLossOptions, "title" | "shared" | "means" | "terms"> {
  /** Where the proxies come from. */
  readonly from: ProxyOptions;
  /** Draws them if they are new. */
  readonly draw: Draw;
  /** Proxies of a class, row after row. 1 if left out. */
  readonly centers?: number;
  /** Which side the anchors are. Examples if left out. */
  readonly anchors?: "examples" | "proxies";
  /** Further variables to train. None if left out. */
  readonly params?: Params;
  /** A summand that depends on the proxies alone. None if left out. */
  readonly penalty?: (proxies: Tensor2D) => Scalar;
}

/** Makes a loss from terms of examples compared with proxies: a pair is positive if the example is of the proxy's class. */
export function proxyLoss(options: ProxyLossOptions): ProxyLoss {
  const { title, shared, means, terms, from, draw, centers = 1, anchors = "examples", penalty } = options;
  const proxies = "proxies" in from ? checkGiven(title, from.proxies, centers) : create(title, from, centers, draw);
  const params = { proxies, ...options.params };
  const loss = rowLoss({
    title,
    params,
    pairing: pairing(title, proxies as Tensor2D, centers, anchors),
    terms,
    ...(shared ? { shared } : {}),
    ...(means === undefined ? {} : { means }),
    ...(penalty ? { penalty: () => penalty(proxies as Tensor2D) } : {}),
  });
  return Object.assign(loss, { params });
}

function create(title: string, { classes, dim, key }: NewProxies, centers: number, draw: Draw): Variable {
  for (const [name, value] of Object.entries({ classes, dim })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new RangeError(`Cannot make ${title}: ${name} is ${value}, expected an integer of at least 1`);
    }
  }
  const rows = Int32Array.from({ length: classes * centers }, (_, row) => row);
  return tf.tidy(() => tf.variable(tf.tensor2d(draw(fold(key, "proxies"), rows, dim), [rows.length, dim])));
}

function checkGiven(title: string, proxies: Variable, centers: number): Variable {
  if (!(proxies instanceof tf.Variable)) {
    throw new TypeError(`Cannot make ${title}: proxies are ${typeof proxies}, expected a variable`);
  }
  const [rows] = proxies.shape;
  if (proxies.rank !== 2 || rows === 0 || rows! % centers !== 0) {
    const expected = centers === 1 ? "[classes, dim]" : `[classes · ${centers}, dim]`;
    throw new RangeError(`Cannot make ${title}: proxies have shape [${proxies.shape}], expected ${expected}`);
  }
  return proxies;
}

function pairing(title: string, proxies: Tensor2D, centers: number, anchors: "examples" | "proxies"): Pairing {
  const [rows, dim] = proxies.shape;
  const classOf = Int32Array.from({ length: rows }, (_, row) => Math.floor(row / centers));
  return (representations, context) => {
    const given = sameLabel()(representations, context);
    const examples = { rows: given.anchors, labels: given.labels!.anchors };
    if (examples.rows.shape[1] !== dim) {
      throw new RangeError(
        `Cannot compute ${title}: representations are ${examples.rows.shape[1]} wide, expected ${dim} as the proxies`,
      );
    }
    checkLabels(title, examples.labels, rows / centers);
    const classes = { rows: proxies, labels: tf.tensor1d(classOf, "int32") };
    const [own, theirs] = anchors === "proxies" ? [classes, examples] : [examples, classes];
    const labels = { anchors: own.labels, references: theirs.labels };
    const relation = labelRelation([{ labels }]);
    if (anchors === "proxies") return { anchors: own.rows, references: theirs.rows, relation, labels };
    // A memory would hold earlier proxies.
    const sealed = "its references are proxies, expected those of examples";
    return { anchors: own.rows, references: theirs.rows, relation, sealed };
  };
}

function checkLabels(title: string, labels: Tensor1D, classes: number): void {
  if (!canReadSync()) return;
  const numbers = labels.dataSync<"int32">();
  const odd = numbers.findIndex((label) => label < 0 || label >= classes);
  if (odd >= 0) {
    throw new RangeError(
      `Cannot compute ${title}: labels[${odd}] is ${numbers[odd]}, expected 0 to ${classes - 1}, a class with a proxy`,
    );
  }
}
