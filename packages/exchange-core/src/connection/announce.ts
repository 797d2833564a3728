import type { ConnectionEffect } from './connection-model';
import type { ConnectionOptions } from './connection-options';

/** Tells the log and the feed's listeners what a connection decided: one line and one event for each decision. */
export function announce(
  effect: Extract<ConnectionEffect, { do: 'announce' }>,
  { name: connection, logger, owner }: Pick<ConnectionOptions, 'name' | 'logger' | 'owner'>,
): void {
  switch (effect.what) {
    case 'connected':
    case 'live':
      logger.info({ event: `connection_${effect.what}`, connection });
      owner.announce({ type: `feed:${effect.what}`, connection });
      return;
    case 'disconnected':
      logger.warn({ event: 'connection_lost', connection, reason: effect.reason });
      owner.announce({ type: 'feed:disconnected', connection, reason: effect.reason });
      return;
    case 'error':
      logger.warn({ event: 'connection_error', connection, reason: effect.reason });
      owner.announce({ type: 'feed:error', connection, message: effect.reason });
      return;
    case 'reconnecting': {
      const { attempt, delayMs } = effect;
      logger.info({ event: 'connection_retry', connection, attempt, delayMs });
      owner.announce({ type: 'feed:reconnecting', connection, attempt, delayMs });
    }
  }
}
