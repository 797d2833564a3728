import { closeAsOf } from '@livermore/schemas';
import type { SourcedCandle } from '@livermore/schemas';
import { seededRandom } from '@livermore/utils';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { encodeCandle } from './candle-layout';
import { exchangeCandleKey } from './keys';
import { createRedis } from './redis';
import { freshExchangeId, sourcedCandle } from './testing';

/** By the length of the series: docs/decisions/0002-candles-as-81-bytes.md quotes these ratios as the targets. */
const TARGETS = [
  { candles: 100, atMost: 0.3 },
  { candles: 1_000, atMost: 0.56 },
] as const;
/** What a server of ours is started with. */
const LIST_MEMBER_BYTES = '96';

/** A series as a venue quotes it: prices with two decimals, volumes with five. */
function quotedSeries(candles: number): readonly SourcedCandle[] {
  const random = seededRandom(9);
  const price = () => Math.round((100_000 + random.next() * 5_000) * 100) / 100;
  return Array.from({ length: candles }, (_, at) => {
    const timestamp = 1_747_699_200_000 + at * 60_000;
    const [open, close] = [price(), price()];
    return sourcedCandle({
      timestamp,
      open,
      close,
      high: Math.max(open, close, price()),
      low: Math.min(open, close, price()),
      volume: Math.round(random.next() * 5e6) / 1e5,
      quoteVolume: Math.round(random.next() * 5e13) / 1e7,
      trades: Math.floor(random.next() * 5_000),
      takerBaseVolume: Math.round(random.next() * 5e6) / 1e5,
      takerQuoteVolume: Math.round(random.next() * 5e13) / 1e7,
      source: 'rest',
      sequenceNum: closeAsOf('1m', timestamp) + Math.floor(random.next() * 1_000) * 1_000,
    });
  });
}

/** A candle as JSON, without what the key says. */
const jsonOf = ({ exchange: _e, symbol: _s, timeframe: _t, ...bar }: SourcedCandle) => JSON.stringify(bar);

describe('the size of a series in Redis', () => {
  let redis: Redis;

  let setting = '';

  beforeAll(async () => {
    redis = createRedis(inject('redisAdminUrl'));
    setting = (await redis.config('GET', 'zset-max-ziplist-value'))[1] ?? '';
    await redis.config('SET', 'zset-max-ziplist-value', LIST_MEMBER_BYTES);
  });

  afterAll(async () => {
    await redis.config('SET', 'zset-max-ziplist-value', setting);
    await redis.quit();
  });

  /** Bytes of a key that holds these members, all overhead of Redis included. */
  async function bytesOf(
    members: readonly (string | Buffer)[],
    series: readonly SourcedCandle[],
  ): Promise<number> {
    const key = exchangeCandleKey(freshExchangeId(), 'BTCUSDT', '1m');
    await redis.zadd(key, ...members.flatMap((member, at) => [series[at]?.timestamp ?? 0, member]));
    expect(await redis.zcard(key)).toBe(series.length);
    const bytes = await redis.memory('USAGE', key, 'SAMPLES', '0');
    await redis.del(key);
    return Number(bytes);
  }

  it.each(TARGETS)(
    'P9: $candles candles take at most $atMost of what their fields take as JSON members',
    async ({ candles, atMost }) => {
      const series = quotedSeries(candles);
      const packed = await bytesOf(
        series.map((candle) => encodeCandle(candle)),
        series,
      );
      const json = await bytesOf(series.map(jsonOf), series);
      console.info(
        `bytes a candle in a series of ${candles}: ${packed / candles}, ${json / candles} as JSON: ${packed / json}`,
      );
      expect(packed / json).toBeLessThanOrEqual(atMost);
    },
  );
});
