import { CandleCacheStrategy, createRedis, exchangeCandleKey } from '@livermore/cache';
import {
  CandleStatusScanner,
  Warmup,
  defaultExchange,
  protocolOf,
  targetWindow,
} from '@livermore/exchange-core';
import type { PageLoader } from '@livermore/exchange-core';
import { TIMEFRAMES, closeAsOf, timeframeMs } from '@livermore/schemas';
import type { SourcedCandle, Timeframe } from '@livermore/schemas';
import { silentLogger, systemClock } from '@livermore/utils';
import type { Bench } from '../lib/bench';
import { inTurns, median, medianRatio, wallMs } from '../lib/measure';
import { VIRTUAL_START, symbolNames } from '../lib/universe';

const LARGE = 400;
const SMALL = 40;
const TARGET = 100;
/** Past every boundary's settling time, so that nothing is waited for. */
const NOW = VIRTUAL_START + 10_000;

/** P4. Every series is complete; what does the next start cost? */
export const warmRestart: Bench = {
  id: 'P4',
  title: 'Warm restart: requests for complete series, and the scan',
  async run({ redisUrl, isQuick }) {
    const redis = createRedis(redisUrl);
    const rounds = isQuick ? 5 : 25;
    try {
      await redis.flushall();
      await fill(redis, symbolNames(LARGE));
      const restart = await restarted(redis, symbolNames(LARGE));
      const small = await scanInTurns(redis, symbolNames(SMALL), rounds);
      const large = await scanInTurns(redis, symbolNames(LARGE), rounds);
      const series = LARGE * TIMEFRAMES.length;
      return {
        rows: [
          {
            id: 'P4',
            work: `Warm restart of ${series} complete series: requests to the venue`,
            ours: { value: restart.requests, unit: 'requests' },
            against: 'no request at all',
            theirs: { value: 0, unit: 'requests' },
            ratioOf: 'requests',
            ratio: restart.requests,
            target: { atMost: 0 },
            rounds: 1,
            notes: [
              `The whole restart (scan, freshness and continuity of each series, plan, report) took ${restart.tookMs.toFixed(0)} ms.`,
            ],
          },
          {
            id: 'P4',
            work: `The scan of ${series} series`,
            ours: { value: median(large.ours), unit: 'ms' },
            against: `${series} ZCARD in one raw pipeline`,
            theirs: { value: median(large.limit), unit: 'ms' },
            ratioOf: 'ours ÷ limit',
            ratio: medianRatio(large.ours, large.limit),
            target: { atMost: 2 },
            rounds,
          },
        ],
        growth: [
          {
            id: 'P4',
            small: `scan of ${SMALL * 6} series: ${median(small.ours).toFixed(2)} ms`,
            large: `scan of ${series} series: ${median(large.ours).toFixed(2)} ms`,
            times: LARGE / SMALL,
            costTimes: median(large.ours) / median(small.ours),
          },
        ],
      };
    } finally {
      redis.disconnect();
    }
  },
};

type Redis = ReturnType<typeof createRedis>;

async function fill(redis: Redis, symbols: readonly string[]): Promise<void> {
  const cache = new CandleCacheStrategy(redis);
  const { id } = defaultExchange('binance');
  for (const symbol of symbols) {
    const writes = TIMEFRAMES.map((timeframe) =>
      cache.writeExchangeCandles(id, { symbol, timeframe }, barsOf(symbol, timeframe)),
    );
    await Promise.all(writes);
  }
}

function barsOf(symbol: string, timeframe: Timeframe): readonly SourcedCandle[] {
  const { from, to } = targetWindow(timeframe, TARGET, NOW);
  const bars: SourcedCandle[] = [];
  for (let timestamp = from; timestamp < to; timestamp += timeframeMs(timeframe)) {
    const price = 100 + (timestamp % 977) / 100;
    bars.push({
      timestamp,
      open: price,
      high: price + 1,
      low: price - 1,
      close: price + 0.5,
      volume: 12.5,
      symbol,
      timeframe,
      exchange: 'binance',
      sequenceNum: closeAsOf(timeframe, timestamp),
      source: 'rest',
    });
  }
  return bars;
}

/** A start over what is cached; the loader only counts what it is asked for. */
async function restarted(redis: Redis, symbols: readonly string[]) {
  let requests = 0;
  const loader: PageLoader = {
    load(page) {
      requests += 1;
      return Promise.resolve({
        page,
        answeredAt: NOW,
        rows: 0,
        written: 0,
        corrected: 0,
        noTrades: 0,
        newestAsked: page.to,
        newestRow: undefined,
        absent: [],
        unsettled: [],
        stillQuiet: [],
        outcomes: [],
      });
    },
  };
  const { id, name } = defaultExchange('binance');
  const warmup = new Warmup({
    redis,
    exchangeId: id,
    exchangeName: name,
    symbols,
    protocol: protocolOf('binance'),
    venueTime: { now: () => NOW },
    loader,
    sink: { writeHistory: () => Promise.resolve([]), retract: () => Promise.resolve(false) },
    clock: systemClock,
    logger: silentLogger,
  });
  const tookMs = await wallMs(() => warmup.run());
  return { requests, tookMs };
}

function scanInTurns(redis: Redis, symbols: readonly string[], rounds: number) {
  const exchangeId = defaultExchange('binance').id;
  const scanner = new CandleStatusScanner({ redis, exchangeId, logger: silentLogger });
  const keys = symbols.flatMap((symbol) =>
    TIMEFRAMES.map((timeframe) => exchangeCandleKey(exchangeId, symbol, timeframe)),
  );
  return inTurns(rounds, {
    ours: () => wallMs(() => scanner.scanExchange(symbols)),
    limit: () =>
      wallMs(() => {
        const pipeline = redis.pipeline();
        for (const key of keys) pipeline.zcard(key);
        return pipeline.exec();
      }),
  });
}
