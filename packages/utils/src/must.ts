/** The value, or a clear error where the impossible happened. */
export function must<T>(value: T | null | undefined, why: string): T {
  if (value === null || value === undefined) throw new Error(`expected a value: ${why}`);
  return value;
}

/** Marks a branch the types say cannot be reached. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value: ${JSON.stringify(value)}`);
}
