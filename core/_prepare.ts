/**
 * Checks a step's options and names its parameters.
 *
 * @module
 */
import { type ChunkSource, chunkSource } from "./_chunks.ts";
import { tokenSource } from "./_sequences.ts";
import { isReady, type StepInput, type StepOptions } from "./step.ts";
import { countExamples } from "./tree.ts";
import type { Batch, Encoder, Params, Variable } from "./types.ts";

/** One encoder in its place, with what was decided for it. */
export interface Place {
  /** The encoder. */
  // deno-lint-ignore no-explicit-any -- encoders of different batches stand side by side
  readonly encoder: Encoder<any>;
  /** How messages name the input. */
  readonly name: string;
  /** Examples in a chunk. */
  readonly chunkSize: number;
  /** Padded tokens in a chunk, if examples are cut by their lengths. */
  readonly chunkTokens?: number;
  /** How many chunks are encoded at once where no tape is needed. One if left out. */
  readonly together?: number;
  /** Whether dear outputs are remembered for the replay. False if left out. */
  readonly remember?: boolean;
  /** How many chunks stay on the tape, at most. */
  readonly keep: number;
  /** Whether the encoder has parameters to train. */
  readonly trained: boolean;
}

/**
 * Checks the options of a step before anything is computed.
 *
 * @throws {TypeError} If an encoder or the loss is not one, an encoder that mixes examples is not let through, or one
 * that mixes those of a chunk is to be cut by a plan.
 * @throws {RangeError} If a number is out of range.
 */
export function prepare(options: StepOptions): { places: readonly Place[]; params: Params } {
  const { encoders, loss, crossExample } = options;
  if (!Array.isArray(encoders) || encoders.length === 0) {
    throw new TypeError("Cannot make a step: encoders is empty, expected one encoder for each input");
  }
  if (typeof loss !== "function") {
    throw new TypeError(`Cannot make a step: loss is ${typeof loss}, expected a function`);
  }
  const { chunkSize, chunkTokens, keep, remember } = sizes(options);
  const chunkSizes = perInput("chunkSize", chunkSize, encoders.length, 1);
  const tokens = chunkTokens === undefined ? undefined : perInput("chunkTokens", chunkTokens, encoders.length, 1);
  const keeps = perInput("keep", keep, encoders.length, 0);
  const names = encoderNames(encoders);
  const places = encoders.map((encoder, i) => {
    if (typeof encoder?.encode !== "function") {
      throw new TypeError(`Cannot make a step: encoders[${i}] has no encode function, expected an encoder`);
    }
    if (typeof encoder.params !== "object" || encoder.params === null) {
      throw new TypeError(`Cannot make a step: encoder ${names[i]} has no params, expected variables by name, or {}`);
    }
    if (encoder.crossExample && crossExample === undefined) {
      throw new TypeError(
        `Cannot make a step: encoder ${names[i]} mixes the examples of a batch, so chunks change its gradient; ` +
          `set crossExample to "frozen" or "perChunk" to accept that, or normalise within examples`,
      );
    }
    if (encoder.crossExample && crossExample === "perChunk" && (tokens || options.memory !== undefined)) {
      const chosen = tokens ? "chunkTokens" : "memory";
      throw new TypeError(
        `Cannot make a step: encoder ${
          names[i]
        } mixes the examples of a chunk, since crossExample is "perChunk", and ` +
          `${chosen} is ${
            options[chosen]
          }, which leaves open what is in one; expected chunkSize, or crossExample: "frozen"`,
      );
    }
    if (tokens && !encoder.sequences && options.chunkSize === undefined) {
      throw new TypeError(
        `Cannot make a step: encoder ${names[i]} has no sequences that tell lengths, so chunkTokens cannot cut its ` +
          `examples; expected chunkSize, alone or beside chunkTokens`,
      );
    }
    const trained = !encoder.frozen && Object.keys(encoder.params).length > 0;
    return {
      encoder,
      name: `input ${i} (${names[i]})`,
      chunkSize: chunkSizes[i]!,
      ...(tokens && encoder.sequences ? { chunkTokens: tokens[i]! } : {}),
      remember: trained && remember,
      keep: trained ? keeps[i]! : 0,
      trained,
    };
  });
  return { places, params: collectParams(places, names, loss.params ?? {}) };
}

/**
 * Opens the inputs of a step.
 *
 * @throws {TypeError} If there are not as many inputs as encoders.
 * @throws {RangeError} If an input is empty, or lengths differ that should not.
 */
export function openInputs(
  places: readonly Place[],
  inputs: readonly StepInput[],
  targets: Batch | undefined,
  paired: boolean,
): readonly ChunkSource[] {
  if (!Array.isArray(inputs) || inputs.length !== places.length) {
    throw new TypeError(
      `Cannot take a step: got ${Array.isArray(inputs) ? inputs.length : typeof inputs} inputs, ` +
        `expected a list of ${places.length}, one for each encoder`,
    );
  }
  const sources = inputs.map((input, i) => openInput(input, places[i]!));
  if (paired) checkPaired(sources);
  checkTargets(sources, targets);
  return sources;
}

function openInput(input: StepInput, { encoder, name, chunkSize, chunkTokens }: Place): ChunkSource {
  if (chunkTokens === undefined) return chunkSource(input, chunkSize, name);
  if (isReady(input)) {
    throw new TypeError(`Cannot cut ${name} by tokens: it comes in ready chunks, expected a whole batch`);
  }
  return tokenSource(input as Batch, encoder.sequences!, chunkTokens, name);
}

/** Checks that targets have as many examples as the first input, if its size is known. */
export function checkTargets([first]: readonly ChunkSource[], targets: Batch | undefined): void {
  if (targets === undefined) return;
  const count = countExamples(targets, "targets");
  const { name, size } = first!;
  if (size && count !== size.examples) {
    throw new RangeError(`Cannot take a step: targets have ${count} examples, expected ${size.examples} as ${name}`);
  }
}

/** Checks that all inputs whose size is known have the same number of examples. */
export function checkPaired(sources: readonly ChunkSource[]): void {
  const known = sources.filter(({ size }) => size !== undefined);
  const [first] = known;
  for (const { name, size } of known) {
    if (size!.examples !== first!.size!.examples) {
      throw new RangeError(
        `Cannot take a step: ${name} has ${size!.examples} examples and ${first!.name} has ${first!.size!.examples}; ` +
          `expected the same number, or paired: false for a loss over matrices of different height`,
      );
    }
  }
}

type Sizes = Pick<StepOptions, "chunkTokens"> & Required<Pick<StepOptions, "chunkSize" | "keep" | "remember">>;

/** The options that say how to chunk; under a budget, what it makes of them is planned for each batch. */
function sizes({ chunkSize, chunkTokens, keep, remember, memory }: StepOptions): Sizes {
  if (remember !== undefined && typeof remember !== "boolean") {
    throw new TypeError(`Cannot make a step: remember is ${remember}, expected true or false`);
  }
  if (memory === undefined) {
    if (chunkSize === undefined && chunkTokens === undefined) {
      throw new TypeError(
        `Cannot make a step: neither chunkSize, chunkTokens nor memory is given, expected one of them`,
      );
    }
    return { chunkSize: Infinity, keep: 0, remember: false, ...given({ chunkSize, chunkTokens, keep, remember }) };
  }
  const [also] = Object.entries(given({ chunkSize, chunkTokens, keep, remember }));
  if (also) {
    throw new TypeError(
      `Cannot make a step: memory is ${memory} and ${also[0]} is ${
        also[1]
      }, expected one of them; a budget plans the ` +
        `chunks and which are kept`,
    );
  }
  return { chunkSize: Infinity, keep: 0, remember: false };
}

/** A record without what was left out. */
function given<T extends object>(record: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as never;
}

function perInput(name: string, value: number | readonly number[], inputs: number, least: number): readonly number[] {
  const values = Array.isArray(value)
    ? value as readonly number[]
    : Array.from({ length: inputs }, () => value as number);
  if (values.length !== inputs) {
    throw new RangeError(
      `Cannot make a step: ${name} has ${values.length} entries, expected ${inputs}, one an input`,
    );
  }
  for (const entry of values) {
    if (entry !== Infinity && !(Number.isInteger(entry) && entry >= least)) {
      throw new RangeError(`Cannot make a step: ${name} is ${entry}, expected an integer of at least ${least}`);
    }
  }
  return values;
}

function encoderNames(encoders: readonly Encoder[]): readonly string[] {
  const owners = new Map<string, Encoder>();
  return encoders.map((encoder, i) => {
    const name = encoder?.name ?? `encoder${encoders.indexOf(encoder)}`;
    // What is frozen has no gradient to name, so it may be the twin of another.
    if (encoder?.frozen) return name;
    const owner = owners.get(name);
    if (owner && owner !== encoder) {
      throw new TypeError(
        `Cannot make a step: encoders[${i}] is named ${name} like another one, expected distinct names`,
      );
    }
    owners.set(name, encoder);
    return name;
  });
}

/** Parameters under unique names, each variable once even if encoders share it. */
function collectParams(places: readonly Place[], names: readonly string[], ofLoss: Params): Params {
  const found = new Map<Variable, string>();
  const taken = new Set<string>();
  const claim = (variable: Variable, name: string) => {
    if (taken.has(name)) {
      throw new TypeError(`Cannot make a step: two parameters are named ${name}, expected distinct names`);
    }
    taken.add(name);
    found.set(variable, name);
  };
  places.forEach(({ encoder, trained }, i) => {
    if (!trained) return;
    for (const [name, variable] of Object.entries(encoder.params)) {
      if (!found.has(variable)) claim(variable, `${names[i]}/${name}`);
    }
  });
  for (const [name, variable] of Object.entries(ofLoss)) {
    if (!found.has(variable)) claim(variable, `loss/${name}`);
  }
  return Object.fromEntries([...found].map(([variable, name]) => [name, variable]));
}
