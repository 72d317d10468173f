/** What the user asked for cannot be done: shown as one line without a stack trace, exit status 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
