/**
 * A stand-in for `jsr:@std/assert` where JSR cannot be reached: the functions that the tests use, with signatures that
 * are a subset of the real ones, over Node's own assertions.
 *
 * @module
 */
import nodeAssert from "node:assert";
import { inspect } from "node:util";

/** Raised by every failed assertion. */
export class AssertionError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "AssertionError";
  }
}

function reject(reason: string, msg: string | undefined): never {
  throw new AssertionError(msg ? `${reason}: ${msg}` : reason);
}

/** Asserts that a value is truthy. */
export function assert(expr: unknown, msg = ""): asserts expr {
  if (!expr) throw new AssertionError(msg);
}

/** Asserts that two values are deeply equal. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  try {
    nodeAssert.deepStrictEqual(actual, expected);
  } catch (error) {
    if (!(error instanceof nodeAssert.AssertionError)) throw error;
    reject(error.message, msg);
  }
}

/** Asserts that two values are not deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  try {
    nodeAssert.notDeepStrictEqual(actual, expected);
  } catch (error) {
    if (!(error instanceof nodeAssert.AssertionError)) throw error;
    reject(`Expected values that differ, both are ${inspect(actual)}`, msg);
  }
}

/** Asserts that two values are the same object or primitive. */
export function assertStrictEquals<T>(actual: unknown, expected: T, msg?: string): asserts actual is T {
  if (!Object.is(actual, expected)) reject(`${inspect(actual)} is not ${inspect(expected)}`, msg);
}

/** Asserts that two numbers lie within a tolerance of each other, by default 1e-7 of the expected one. */
export function assertAlmostEquals(actual: number, expected: number, tolerance?: number, msg?: string): void {
  if (Object.is(actual, expected)) return;
  const allowed = tolerance ?? (Number.isFinite(expected) ? Math.abs(expected * 1e-7) : 1e-7);
  const apart = Math.abs(actual - expected);
  if (!(apart <= allowed)) reject(`Expected ${actual} within ${allowed} of ${expected}, apart by ${apart}`, msg);
}

/** Asserts that a number is greater than another. */
export function assertGreater<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual > expected)) reject(`Expected ${inspect(actual)} > ${inspect(expected)}`, msg);
}

/** Asserts that a number is less than another. */
export function assertLess<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual < expected)) reject(`Expected ${inspect(actual)} < ${inspect(expected)}`, msg);
}

/** Asserts that a number is at most another. */
export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual <= expected)) reject(`Expected ${inspect(actual)} <= ${inspect(expected)}`, msg);
}

/** Asserts that a text contains another. */
export function assertStringIncludes(actual: string, expected: string, msg?: string): void {
  if (!actual.includes(expected)) reject(`Expected ${inspect(actual)} to contain ${inspect(expected)}`, msg);
}

/** Asserts that a text matches a pattern. */
export function assertMatch(actual: string, expected: RegExp, msg?: string): void {
  if (!expected.test(actual)) reject(`Expected ${inspect(actual)} to match ${expected}`, msg);
}

/** Asserts that a value is an instance of a class. */
// deno-lint-ignore no-explicit-any
export function assertInstanceOf<T extends abstract new (...args: any[]) => any>(
  actual: unknown,
  expectedType: T,
  msg = "",
): asserts actual is InstanceType<T> {
  if (!(actual instanceof expectedType)) reject(`Expected ${inspect(actual)} to be a ${expectedType.name}`, msg);
}

/** Asserts that a value is neither null nor undefined. */
export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T> {
  if (actual === null || actual === undefined) reject(`Expected a value, got ${actual}`, msg);
}

// deno-lint-ignore no-explicit-any
type ErrorClass<E extends Error> = abstract new (...args: any[]) => E;

function judge<E extends Error>(
  error: unknown,
  expected: ErrorClass<E>,
  msgIncludes: string,
  msg: string | undefined,
): E {
  if (!(error instanceof expected)) reject(`Expected a ${expected.name}, got ${inspect(error)}`, msg);
  assertStringIncludes(error.message, msgIncludes, msg);
  return error;
}

/** Asserts that a function throws an error of a class, with a text in its message, and returns the error. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  // deno-lint-ignore no-explicit-any
  errorClass: ErrorClass<E> = Error as any,
  msgIncludes = "",
  msg?: string,
): E {
  try {
    fn();
  } catch (error) {
    return judge(error, errorClass, msgIncludes, msg);
  }
  reject("Expected the function to throw", msg);
}

/** Asserts that a function's promise is rejected with an error of a class, and returns the error. */
export async function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  // deno-lint-ignore no-explicit-any
  errorClass: ErrorClass<E> = Error as any,
  msgIncludes = "",
  msg?: string,
): Promise<E> {
  try {
    await fn();
  } catch (error) {
    return judge(error, errorClass, msgIncludes, msg);
  }
  reject("Expected the promise to be rejected", msg);
}
