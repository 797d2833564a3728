import { CandleCacheStrategy, createRedis, exchangeCandleKey } from '@livermore/cache';
import { closeAsOf, timeframeMs } from '@livermore/schemas';
import type { SourcedCandle } from '@livermore/schemas';
import { defaultExchange } from '@livermore/exchange-core';
import { seededRandom } from '@livermore/utils';
import type { Bench, Row } from '../lib/bench';
import { VIRTUAL_START, symbolNames } from '../lib/universe';

const SERIES = 100;
/** Length of the series, and what is aimed at there: short ones are compact lists, in JSON they would not be. */
const SHORT = { candles: 100, atMost: 0.3 };
const LONG = { candles: 1000, atMost: 0.56 };
const TIMEFRAME = '1m';

/** P9. What a candle costs in Redis, by Redis's own count of its memory. */
export const redisBytes: Bench = {
  id: 'P9',
  title: 'Redis bytes a candle',
  async run({ redisUrl }) {
    const redis = createRedis(redisUrl);
    try {
      const short = await measure(redis, SHORT.candles);
      const long = await measure(redis, LONG.candles);
      return {
        rows: [rowOf(SHORT, short), rowOf(LONG, long)],
        growth: [
          {
            id: 'P9',
            small: `series of ${SHORT.candles}: ${short.ours.toFixed(0)} bytes a candle`,
            large: `series of ${LONG.candles}: ${long.ours.toFixed(0)} bytes a candle`,
            times: LONG.candles / SHORT.candles,
            costTimes: (long.ours * LONG.candles) / (short.ours * SHORT.candles),
          },
        ],
      };
    } finally {
      redis.disconnect();
    }
  },
};

function rowOf(
  { candles, atMost }: { readonly candles: number; readonly atMost: number },
  bytes: { readonly ours: number; readonly json: number },
): Row {
  return {
    id: 'P9',
    work: `Redis memory for each candle, all overhead included, in series of ${candles}`,
    ours: { value: bytes.ours, unit: 'bytes' },
    against: 'the same fields as JSON members of the same sorted set',
    theirs: { value: bytes.json, unit: 'bytes' },
    ratioOf: 'ours ÷ JSON',
    ratio: bytes.ours / bytes.json,
    target: { atMost },
    rounds: 1,
  };
}

type Redis = ReturnType<typeof createRedis>;

async function measure(redis: Redis, candles: number): Promise<{ ours: number; json: number }> {
  const cache = new CandleCacheStrategy(redis);
  const { id } = defaultExchange('binance');
  const series = symbolNames(SERIES).map((symbol) => barsOf(symbol, candles));
  const ours = await bytesAfter(redis, async () => {
    for (const bars of series) {
      await cache.writeExchangeCandles(id, { symbol: symbolOf(bars), timeframe: TIMEFRAME }, bars);
    }
  });
  const json = await bytesAfter(redis, async () => {
    for (const bars of series) {
      // The key says exchange, symbol and timeframe here too.
      const members = bars.flatMap(({ exchange: _e, symbol: _s, timeframe: _t, ...bar }) => [
        bar.timestamp,
        JSON.stringify(bar),
      ]);
      await redis.zadd(exchangeCandleKey(id, symbolOf(bars), TIMEFRAME), ...members);
      await redis.expire(exchangeCandleKey(id, symbolOf(bars), TIMEFRAME), 86_400);
    }
  });
  return { ours: ours / (SERIES * candles), json: json / (SERIES * candles) };
}

/** Bytes of every key there is: name, entry and value, every member looked at. */
async function bytesAfter(redis: Redis, write: () => Promise<void>): Promise<number> {
  await redis.flushall();
  await write();
  const keys = await redis.keys('*');
  const sizes = await Promise.all(keys.map((key) => redis.memory('USAGE', key, 'SAMPLES', 0)));
  return sizes.reduce((sum: number, size) => sum + Number(size), 0);
}

function symbolOf(bars: readonly SourcedCandle[]): string {
  return bars[0]?.symbol ?? '';
}

function barsOf(symbol: string, count: number): readonly SourcedCandle[] {
  const random = seededRandom(symbol.length + count);
  const price = () => Number((50_000 + random.next() * 1000).toFixed(2));
  return Array.from({ length: count }, (_, at) => {
    const timestamp = VIRTUAL_START - (count - at) * timeframeMs(TIMEFRAME);
    const [open, close] = [price(), price()];
    return {
      timestamp,
      open,
      high: Math.max(open, close) + 10.25,
      low: Math.min(open, close) - 10.25,
      close,
      volume: Number((random.next() * 100).toFixed(5)),
      quoteVolume: Number((random.next() * 5_000_000).toFixed(7)),
      trades: Math.floor(random.next() * 5000),
      takerBaseVolume: Number((random.next() * 50).toFixed(5)),
      takerQuoteVolume: Number((random.next() * 2_500_000).toFixed(7)),
      symbol,
      timeframe: TIMEFRAME,
      exchange: 'binance',
      sequenceNum: closeAsOf(TIMEFRAME, timestamp),
      source: 'stream' as const,
    };
  });
}
