import { closeAsOf } from '@livermore/schemas';
import type { SourcedCandle } from '@livermore/schemas';
import { seededRandom } from '@livermore/utils';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { encodeCandle } from './candle-layout';
import { exchangeCandleKey } from './keys';
import { createRedis } from './redis';
import { freshExchangeId, sourcedCandle } from './testing';

const CANDLES = 1_000;
/** docs/decisions/0002-candles-as-53-bytes.md quotes this ratio as the target. */
const TARGET_RATIO = 0.5;

/** A series as a venue quotes it: prices with two decimals, volumes with five. */
function quotedSeries(): readonly SourcedCandle[] {
  const random = seededRandom(9);
  const price = () => Math.round((100_000 + random.next() * 5_000) * 100) / 100;
  return Array.from({ length: CANDLES }, (_, at) => {
    const timestamp = 1_747_699_200_000 + at * 60_000;
    const [open, close] = [price(), price()];
    return sourcedCandle({
      timestamp,
      open,
      close,
      high: Math.max(open, close, price()),
      low: Math.min(open, close, price()),
      volume: Math.round(random.next() * 5e6) / 1e5,
      sequenceNum: closeAsOf('1m', timestamp) + Math.floor(random.next() * 1_000) * 1_000,
    });
  });
}

describe('the size of a series in Redis', () => {
  let redis: Redis;

  beforeAll(() => {
    redis = createRedis(inject('redisUrl'));
  });

  afterAll(async () => {
    await redis.quit();
  });

  /** Bytes of a key that holds these members, all overhead of Redis included. */
  async function bytesOf(
    members: readonly (string | Buffer)[],
    series: readonly SourcedCandle[],
  ): Promise<number> {
    const key = exchangeCandleKey(freshExchangeId(), 'BTCUSDT', '1m');
    await redis.zadd(key, ...members.flatMap((member, at) => [series[at]?.timestamp ?? 0, member]));
    expect(await redis.zcard(key)).toBe(CANDLES);
    const bytes = await redis.memory('USAGE', key, 'SAMPLES', '0');
    await redis.del(key);
    return Number(bytes);
  }

  it('P9: 1000 candles take at most half of what their fields take as plain JSON members', async () => {
    const series = quotedSeries();
    const packed = await bytesOf(
      series.map((candle) => encodeCandle(candle)),
      series,
    );
    const json = await bytesOf(
      series.map((candle) => JSON.stringify(candle)),
      series,
    );
    console.info(
      `bytes a candle: ${packed / CANDLES} as 53 bytes, ${json / CANDLES} as JSON: ${packed / json}`,
    );
    expect(packed / json).toBeLessThanOrEqual(TARGET_RATIO);
  });
});
