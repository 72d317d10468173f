/** Whether no plan fits the budget of memory that was asked for; the message then says which budget would do. */
export function isUnplannable(error: unknown): error is RangeError {
  return error instanceof RangeError && error.message.startsWith("Cannot plan a step");
}
