import { UnifiedCandleSchema } from '@livermore/schemas';
import type { UnifiedCandle } from '@livermore/schemas';
import { z } from 'zod';
import { parseJson } from './json-value';
import { exchangeCandleClosePattern } from './keys';
import type { RedisClient } from './redis';
import { CLOSE_LABELS } from './strategies/write-outcome';
import type { CloseLabel } from './strategies/write-outcome';

/**
 * What is announced of a bar: the candle and why it is said. A program that knows nothing of labels reads a candle; one
 * that does knows that a `retracted` bar is not there after all.
 */
export const CloseAnnouncementSchema = z.intersection(
  UnifiedCandleSchema,
  z.object({ label: z.enum(CLOSE_LABELS).optional(), id: z.string().optional() }),
);
export type CloseAnnouncement = UnifiedCandle & {
  readonly label?: CloseLabel | undefined;
  /** Its entry in the log of closes. */
  readonly id?: string | undefined;
};

/**
 * Listens to every close of an exchange on a connection of its own. What nobody hears is not repeated here: who must hear
 * every close resumes from the log (`CloseFeed`).
 * @returns what stops listening; a payload that is not a candle, and trouble with the connection (which is restored
 * for ever), go to `onInvalid` and to nobody else
 */
export async function subscribeCloses(
  redis: Pick<RedisClient, 'duplicate'>,
  exchangeId: number,
  listener: { onClose(candle: CloseAnnouncement): void; onInvalid(error: unknown): void },
): Promise<() => Promise<void>> {
  const connection = redis.duplicate();
  let isStopped = false;
  connection.on('pmessage', (_pattern: string, channel: string, text: string) => {
    // What was on its way when it was told to stop still arrives.
    if (isStopped) return;
    let candle: CloseAnnouncement;
    try {
      candle = parseJson(channel, text, CloseAnnouncementSchema);
    } catch (error) {
      listener.onInvalid(error);
      return;
    }
    listener.onClose(candle);
  });
  connection.on('error', (error: unknown) => listener.onInvalid(error));
  try {
    await connection.psubscribe(exchangeCandleClosePattern(exchangeId));
  } catch (error) {
    connection.disconnect();
    throw error;
  }
  return async () => {
    isStopped = true;
    connection.disconnect();
  };
}
