/**
 * Reverse-mode differentiation that frees as it goes.
 *
 * TensorFlow.js keeps every intermediate gradient until the whole backward pass is over. Here a gradient is disposed as
 * soon as its node has used it, and what a node had saved for its gradient along with it, so that the memory of a step
 * peaks at the end of the forward pass.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "./types.ts";

interface TapeNode {
  readonly kernelName: string;
  readonly inputs: { readonly [name: string]: Tensor };
  readonly outputs: readonly Tensor[];
  readonly gradient?: (dys: readonly (Tensor | undefined)[]) => { readonly [name: string]: () => Tensor };
  readonly saved?: readonly Tensor[];
}

/** The parts of the engine that record a tape; they are the same in every build of TensorFlow.js 4. */
interface TapeEngine {
  readonly state: {
    activeTape: TapeNode[] | null;
    gradientDepth: number;
    kernelDepth: number;
  };
  isTapeOn(): boolean;
  startTape(): void;
  endTape(): void;
}

/** What a function gave, and how it depends on each target. */
export interface Pullback<T extends Tensor> {
  /** The value of the function. */
  readonly value: T;
  /** For each target its gradient, or undefined if the value does not depend on it. */
  readonly gradients: readonly (Tensor | undefined)[];
}

/**
 * Evaluates a function on a tape and pulls a cotangent back to the targets.
 *
 * The caller disposes the value and the gradients; nothing else is left behind, also when the function throws. Inside an
 * op whose gradient is written by hand it runs on a tape of its own.
 *
 * @param run The function; what it computes on the way is disposed.
 * @param targets The tensors to differentiate with respect to. They are asked for after the function has run, so they
 * may be tensors that it computed.
 * @param cotangent Makes what to pull back, of the value's shape; ones if left out.
 */
export function pullback<T extends Tensor>(
  run: () => T,
  targets: () => readonly Tensor[],
  cotangent?: () => Tensor,
): Pullback<T> {
  const engine = tf.engine() as unknown as TapeEngine;
  if (engine.isTapeOn()) throw new Error("Cannot start a tape inside another gradient: steps do not nest");
  const { state } = engine;
  const { activeTape, gradientDepth, kernelDepth } = state;
  Object.assign(state, { activeTape: null, gradientDepth: 0, kernelDepth: 0 });
  try {
    return differentiated(engine, run, targets, cotangent);
  } finally {
    Object.assign(state, { activeTape, gradientDepth, kernelDepth });
  }
}

function differentiated<T extends Tensor>(
  engine: TapeEngine,
  run: () => T,
  targets: () => readonly Tensor[],
  cotangent?: () => Tensor,
): Pullback<T> {
  let value: T | undefined;
  engine.startTape();
  try {
    try {
      value = tf.tidy(run);
    } finally {
      engine.endTape();
    }
    const found = value;
    const gradients = tf.tidy(() => backward(engine.state.activeTape ?? [], found, targets(), cotangent));
    return { value, gradients };
  } catch (error) {
    value?.dispose();
    throw error;
  } finally {
    discard(engine);
  }
}

function discard(engine: TapeEngine): void {
  for (const node of engine.state.activeTape ?? []) {
    tf.dispose([...node.saved ?? []]);
  }
  engine.state.activeTape = null;
}

function backward(
  tape: readonly TapeNode[],
  value: Tensor,
  targets: readonly Tensor[],
  cotangent: (() => Tensor) | undefined,
): (Tensor | undefined)[] {
  const wanted = new Set(targets.map((target) => target.id));
  const connected = reachable(tape, wanted);
  const gradients = new Map<number, Tensor>();
  gradients.set(value.id, cotangent ? cotangent() : tf.onesLike(value));
  for (const node of tape.toReversed()) {
    const dys = node.outputs.map((output) => gradients.get(output.id));
    if (dys.some((dy) => dy !== undefined)) {
      for (const [input, gradient] of differentiate(node, dys, connected)) {
        const earlier = gradients.get(input.id);
        gradients.set(input.id, earlier ? tf.add(earlier, gradient) : gradient);
        if (earlier) tf.dispose([earlier, gradient]);
      }
    }
    for (const output of node.outputs) {
      if (wanted.has(output.id)) continue;
      gradients.get(output.id)?.dispose();
      gradients.delete(output.id);
    }
    tf.dispose([...node.saved ?? []]);
  }
  return targets.map((target) => gradients.get(target.id));
}

/** Every tensor that depends on a target, the targets included. */
function reachable(tape: readonly TapeNode[], targets: ReadonlySet<number>): Set<number> {
  const found = new Set(targets);
  for (const node of tape) {
    if (Object.values(node.inputs).some((input) => found.has(input.id))) {
      for (const output of node.outputs) found.add(output.id);
    }
  }
  return found;
}

/** The gradients of one node for those of its inputs that depend on a target. */
function differentiate(
  node: TapeNode,
  dys: readonly (Tensor | undefined)[],
  connected: ReadonlySet<number>,
): [Tensor, Tensor][] {
  const inputs = Object.entries(node.inputs).filter(([, input]) => connected.has(input.id));
  if (inputs.length === 0) return [];
  const { gradient } = node;
  if (!gradient) {
    throw new Error(`Cannot differentiate: ${node.kernelName} has no gradient`);
  }
  const found = tf.tidy(() => {
    const of = gradient(dys);
    const given = new Set<Tensor>([...dys.filter((dy) => dy !== undefined), ...node.saved ?? []]);
    return inputs.map(([name]) => {
      const dx = of[name]!();
      // A cotangent, a saved tensor or another's gradient passed on unchanged would be disposed once for each owner.
      if (given.has(dx)) return tf.clone(dx);
      given.add(dx);
      return dx;
    });
  });
  return inputs.map(([name, input], i) => {
    const dx = found[i]!;
    if (dx.shape.join() !== input.shape.join()) {
      throw new Error(
        `Cannot differentiate: the gradient of ${node.kernelName} for ${name} has shape [${dx.shape}], ` +
          `expected [${input.shape}]`,
      );
    }
    return [input, dx];
  });
}

/** Runs a function off the tape that is being recorded, so that no gradient flows into it and nothing is kept for one. */
export function untaped<T extends Tensor>(run: () => T): T {
  return tf.customGrad(() => ({ value: run(), gradFunc: () => [] }))() as T;
}
