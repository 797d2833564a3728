import { messageOf } from '@livermore/utils';
import type { Clock, Logger } from '@livermore/utils';

export interface UntilAnsweredOptions {
  /** What is asked for, in snake_case, for the log. */
  readonly what: string;
  readonly signal: AbortSignal;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly logger: Logger;
}

/** Who did not answer, or refused, is asked again after this, ms. */
const RETRY_MS = 10_000;

/** Asks until there is an answer. @throws the signal's reason only */
export async function untilAnswered<T>(ask: () => Promise<T>, options: UntilAnsweredOptions): Promise<T> {
  const { what, signal, clock, logger } = options;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      signal.throwIfAborted();
      logger.error({ event: `${what}_unavailable`, error: messageOf(error), retryInMs: RETRY_MS });
      await clock.sleep(RETRY_MS, signal);
    }
  }
}
