import { candleCloseChannel, createRedis, exchangeCandleCloseChannel } from '@livermore/cache';
import { freshExchangeId } from '@livermore/cache/testing';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { Announcements } from './announcements';

const OWNER = 7;
const SERIES = { symbol: 'AAA', timeframe: '1m' } as const;
const AT = 1_700_000_040_000;
const BAR = { open: 2, high: 4, low: 1, close: 3, volume: 5 };
const CANDLE = { ...SERIES, timestamp: AT, ...BAR, exchange: 'a', sequenceNum: 1, source: 'stream' };

describe('a program that listens to closes', () => {
  const redis = createRedis(inject('redisUrl'));
  let exchangeId = 0;
  let announcements = new Announcements(redis);
  beforeEach(async () => {
    exchangeId = freshExchangeId();
    announcements = new Announcements(redis);
    await announcements.listen(exchangeId);
  });
  afterEach(() => announcements.close());

  async function say(...messages: readonly unknown[]) {
    for (const message of messages) {
      const text = typeof message === 'string' ? message : JSON.stringify(message);
      await redis.publish(exchangeCandleCloseChannel(exchangeId, SERIES.symbol, SERIES.timeframe), text);
    }
    await announcements.caughtUp();
    return announcements.ledger.take(SERIES, AT + 1);
  }

  test('keeps the first and the last thing said of a bar', async () => {
    const heard = await say(CANDLE, { ...CANDLE, volume: 6 }, { ...CANDLE, volume: 7, label: 'correction' });
    expect(heard).toEqual([
      {
        openTime: AT,
        first: expect.objectContaining({ volume: 5 }),
        last: expect.objectContaining({ volume: 7 }),
        wasQuiet: false,
      },
    ]);
    expect(announcements.counts).toEqual({ announced: 3, repeated: 2, unreadable: 0, untoldOwner: 0 });
  });

  test('takes a retracted bar back, whatever else is said of it, and knows no other label', async () => {
    const heard = await say({ ...CANDLE, label: 'new' }, { ...SERIES, timestamp: AT, label: 'retracted' });
    expect(heard).toMatchObject([{ openTime: AT, first: BAR, last: 'retracted' }]);
  });

  test('counts what it cannot read, and hears what comes after', async () => {
    expect(await say('{', { label: 'live' }, CANDLE)).toHaveLength(1);
    expect(announcements.counts).toEqual({ announced: 1, repeated: 0, unreadable: 2, untoldOwner: 0 });
  });

  test('counts what its owner is not told as well, word for word', async () => {
    const owned = new Announcements(redis);
    await owned.listen(exchangeId, { userId: OWNER, series: [SERIES] });
    const [symbol, timeframe] = [SERIES.symbol, SERIES.timeframe];
    const own = candleCloseChannel(OWNER, exchangeId, symbol, timeframe);
    const everyone = exchangeCandleCloseChannel(exchangeId, symbol, timeframe);
    const [first, second] = [1, 2].map((volume) => JSON.stringify({ ...CANDLE, volume }));
    await redis.publish(everyone, first ?? '');
    await redis.publish(own, first ?? '');
    await owned.caughtUp();
    expect(owned.counts).toEqual({ announced: 1, repeated: 0, unreadable: 0, untoldOwner: 0 });
    await redis.publish(everyone, second ?? '');
    await redis.publish(everyone, second ?? '');
    await redis.publish(own, second ?? '');
    await owned.caughtUp();
    expect(owned.counts).toEqual({ announced: 3, repeated: 2, unreadable: 0, untoldOwner: 1 });
    await owned.close();
  });
});
