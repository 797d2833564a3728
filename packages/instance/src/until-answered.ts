import { messageOf } from '@livermore/utils';
import type { Clock, Logger } from '@livermore/utils';

/** What is asked for in vain, why, and when it is asked for again (ms). */
export interface InVain {
  readonly what: string;
  readonly error: string;
  readonly nextTryAt: number;
}

export interface UntilAnsweredOptions {
  /** What is asked for, in snake_case, for the log. */
  readonly what: string;
  readonly signal: AbortSignal;
  readonly clock: Pick<Clock, 'now' | 'sleep'>;
  readonly logger: Logger;
  /** Hears of each answer that did not come, and of nothing when one has. */
  readonly onInVain?: (inVain: InVain | undefined) => void;
  /** Whether a failure is the end of it; it is thrown then. */
  readonly isFinal?: (error: unknown) => boolean;
}

/** Who did not answer, or refused, is asked again after this, ms. */
const RETRY_MS = 10_000;

/** Asks until there is an answer. @throws the signal's reason, and what `isFinal` calls so */
export async function untilAnswered<T>(ask: () => Promise<T>, options: UntilAnsweredOptions): Promise<T> {
  const { what, signal, clock, logger, onInVain, isFinal } = options;
  for (;;) {
    try {
      const answer = await ask();
      onInVain?.(undefined);
      return answer;
    } catch (error) {
      signal.throwIfAborted();
      if (isFinal?.(error) === true) throw error;
      logger.error({ event: `${what}_unavailable`, error: messageOf(error), retryInMs: RETRY_MS });
      onInVain?.({ what, error: messageOf(error), nextTryAt: clock.now() + RETRY_MS });
      await clock.sleep(RETRY_MS, signal);
    }
  }
}
