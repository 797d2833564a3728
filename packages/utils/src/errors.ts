/** What a caller should do about an error. */
export type Recovery = 'retry' | 'reconnect' | 'skip' | 'stop';

/**
 * The root of every error this system throws on purpose: a stable code, what to do, and the evidence.
 * The message is a sentence for a person and names the remedy where there is one.
 */
export abstract class AppError extends Error {
  abstract readonly code: string;
  abstract readonly recovery: Recovery;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(message: string, details: Readonly<Record<string, unknown>> = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.details = details;
    this.name = new.target.name;
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
