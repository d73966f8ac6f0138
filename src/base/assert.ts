/** A bug of ours, never a mistake of the user's. The command line reports it with exit code 70. */
export class InternalError extends Error {
  override name = "InternalError";
}

/** Throws {@link InternalError} unless the condition holds. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InternalError(message);
}

/** Ends an exhaustive `switch`. */
export function assertNever(value: never, what = "value"): never {
  throw new InternalError(`unhandled ${what}: ${JSON.stringify(value)}`);
}
