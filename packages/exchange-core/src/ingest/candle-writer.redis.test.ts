import { CandleCacheStrategy, createRedis, exchangeCandleKey, exchangeToldKey } from '@livermore/cache';
import { freshExchangeId, sourcedCandle } from '@livermore/cache/testing';
import { closeAsOf } from '@livermore/schemas';
import { ManualClock, silentLogger } from '@livermore/utils';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { CandleWriter } from './candle-writer';

const SERIES = { symbol: 'BTCUSDT', timeframe: '1m' } as const;
const OPEN = Date.UTC(2025, 4, 20);

function closedBar(minute: number) {
  const timestamp = OPEN + minute * 60_000;
  return sourcedCandle({
    ...SERIES,
    timestamp,
    sequenceNum: closeAsOf('1m', timestamp) + 5_000,
    source: 'stream',
  });
}

describe('a Redis that lost its data under a running writer', () => {
  let redis: ReturnType<typeof createRedis>;

  beforeAll(() => {
    redis = createRedis(inject('redisUrl'));
  });

  afterAll(async () => {
    await redis.quit();
  });

  it('is filled again in silence: only what closes after the newest bar told is news', async () => {
    const exchangeId = freshExchangeId();
    const told: number[] = [];
    const clock = new ManualClock(OPEN + 10 * 60_000);
    const writer = new CandleWriter({
      exchangeId,
      cache: new CandleCacheStrategy(redis),
      bus: {
        publishClose: (_id, { timestamp }) => {
          told.push((timestamp - OPEN) / 60_000);
          return Promise.resolve();
        },
      },
      clock,
      venueTime: clock,
      liveSince: () => OPEN,
      logger: silentLogger,
    });
    const close = async (minute: number) => {
      writer.take({ kind: 'close', candle: closedBar(minute) }, 0);
      await writer.drain();
    };
    for (let minute = 0; minute < 5; minute += 1) await close(minute);
    expect(told.splice(0)).toEqual([0, 1, 2, 3, 4]);
    await redis.del(exchangeCandleKey(exchangeId, 'BTCUSDT', '1m'), exchangeToldKey(exchangeId));
    await writer.writeHistory(SERIES, [0, 1, 2, 3, 4, 5].map(closedBar), { cause: 'sweep' });
    await close(6);
    expect(told).toEqual([5, 6]);
  });
});
