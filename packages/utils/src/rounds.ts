import type { Clock } from './clock';
import { messageOf } from './errors';
import type { Logger } from './logger';

export interface RoundsOptions {
  /** The pause before each round, ms. */
  readonly everyMs: number;
  /** The event that is logged when a round fails. */
  readonly failed: string;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly logger: Pick<Logger, 'warn'>;
}

/**
 * Works in rounds until the signal is aborted. A round that fails is logged, and the next one follows as if it had not.
 * Never rejects.
 */
export async function inRounds(
  round: () => Promise<void>,
  { everyMs, failed, clock, logger }: RoundsOptions,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await clock.sleep(everyMs, signal);
      await round();
    } catch (error) {
      if (signal.aborted) return;
      logger.warn({ event: failed, error: messageOf(error) });
    }
  }
}
