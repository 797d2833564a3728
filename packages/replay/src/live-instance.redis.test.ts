import { SymbolStore, createRedis, exchangeCandleKey, exchangeSymbolsKey } from '@livermore/cache';
import { freshExchangeId } from '@livermore/cache/testing';
import { UnknownSymbolError } from '@livermore/exchange-core';
import type { InstanceState } from '@livermore/instance';
import { TIMEFRAMES, closeTimeOf, isClosed, openTimeOf, timeframeMs } from '@livermore/schemas';
import { SIMULATED_VENUES } from '@livermore/simulator';
import { afterEach, describe, expect, inject, test } from 'vitest';
import { trueBarOf } from './compare';
import { LiveBench } from './testing/live-bench';
import type { LiveBenchOptions } from './testing/live-bench';

const MINUTE_MS = 60_000;
/** A midnight, when every timeframe closes. */
const MIDNIGHT = Date.UTC(2026, 2, 11);

let bench: LiveBench | undefined;

function open(options: Partial<LiveBenchOptions> = {}): LiveBench {
  bench = new LiveBench({
    venue: SIMULATED_VENUES[0],
    redisUrl: inject('redisUrl'),
    exchangeId: freshExchangeId(),
    startMs: MIDNIGHT - 4 * MINUTE_MS + 20_000,
    ...options,
  });
  return bench;
}

afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

/** Every closed bar of the last `bars` that is not in the cache as the venue has it. */
async function wrong(it: LiveBench, bars: number): Promise<string[]> {
  const now = it.clock.now();
  const found: string[] = [];
  for (const symbol of it.instance.symbols) {
    for (const timeframe of TIMEFRAMES) {
      const to = openTimeOf(timeframe, now);
      const range = { from: to - bars * timeframeMs(timeframe), to };
      const cached = await it.cache.readExchangeCandles(
        it.exchange.id,
        { symbol, timeframe },
        { from: range.from, to: range.to - 1 },
      );
      const closed = new Map(cached.filter(isClosed).map((candle) => [candle.timestamp, candle]));
      for (const bar of it.simulator.truth.bars(symbol, timeframe, range.from, range.to, now)) {
        const { open: first, high, low, close, volume, openTime } = trueBarOf(bar, true);
        const candle = closed.get(openTime);
        const isSame =
          candle !== undefined &&
          [candle.open, candle.high, candle.low, candle.close, candle.volume].join() ===
            [first, high, low, close, volume].join();
        // A venue may serve nothing for a bucket without trades; then it is no bar to compare.
        if (!isSame && bar.trades > 0)
          found.push(`${symbol} ${timeframe} ${new Date(openTime).toISOString()}`);
      }
    }
  }
  return found;
}

describe.each(SIMULATED_VENUES)('an exchange on %s', (venue) => {
  test('warms up, then closes bars of all six timeframes, each written before it is announced', async () => {
    const it = open({ venue });
    await it.listen();
    await it.during(it.instance.start());
    expect(it.states).toEqual(['starting', 'warming', 'active']);
    expect(it.instance.warmupReport?.status).toBe('complete');
    expect(await wrong(it, 60)).toEqual([]);
    await it.pass(MIDNIGHT + 10.5 * MINUTE_MS - it.clock.now());
    await it.instance.settle();
    expect(await wrong(it, 60)).toEqual([]);
    const heard = await it.heard();
    for (const { candle, found } of heard) {
      expect(found?.sequenceNum, `${candle.symbol} ${candle.timeframe}`).toBeGreaterThanOrEqual(
        candle.sequenceNum ?? Infinity,
      );
    }
    const atMidnight = heard.filter(
      ({ candle }) => closeTimeOf(candle.timeframe, candle.timestamp) === MIDNIGHT,
    );
    for (const symbol of it.instance.symbols) {
      const closed = atMidnight.filter(({ candle }) => candle.symbol === symbol);
      expect(new Set(closed.map(({ candle }) => candle.timeframe))).toEqual(new Set(TIMEFRAMES));
    }
    expect(it.instance.facts()).toMatchObject({
      seriesBehind: 0,
      gaps: { open: 0 },
      redisTrouble: undefined,
    });
  });

  test('asks for no candle of a series that is complete when it is started again', async () => {
    const it = open({ venue });
    await it.during(it.instance.start());
    await it.during(it.instance.stop());
    const before = new Map(it.simulator.log.candleRequests);
    const again = it.newInstance();
    await it.during(again.start());
    expect(again.state).toBe('active');
    expect(it.simulator.log.candleRequests).toEqual(before);
    await it.during(again.stop());
  });

  test('repairs what it missed while the connection was lost, and counts it', async () => {
    const it = open({ venue });
    await it.during(it.instance.start());
    const refuse = it.simulator.inject({ kind: 'refuse-connections' });
    it.simulator.inject({ kind: 'cut', midFrame: true });
    await it.pass(3 * MINUTE_MS);
    expect(it.instance.facts().connections['live'] ?? 0).toBe(0);
    refuse();
    await it.pass(10 * MINUTE_MS);
    await it.instance.settle();
    expect(await wrong(it, 60)).toEqual([]);
    expect(await it.metric('livermore_reconnects_total')).toBeGreaterThanOrEqual(1);
    expect(await it.metric('livermore_gaps_repaired_total')).toBeGreaterThanOrEqual(1);
    expect(await it.metric('livermore_rest_requests_total', ',status="200"')).toBeGreaterThanOrEqual(1);
    expect(await it.metric('livermore_frames_total')).toBeGreaterThan(10);
  });
});

describe('an exchange', () => {
  test('fills a Redis that comes back empty', async () => {
    const it = open();
    await it.during(it.instance.start());
    const plain = createRedis(inject('redisUrl'));
    for (const symbol of it.instance.symbols) {
      for (const timeframe of TIMEFRAMES)
        await plain.del(exchangeCandleKey(it.exchange.id, symbol, timeframe));
    }
    await plain.del(exchangeSymbolsKey(it.exchange.id));
    plain.disconnect();
    it.redis.emit('ready');
    await it.pass(2 * MINUTE_MS);
    await it.instance.settle();
    expect(await wrong(it, 60)).toEqual([]);
    expect(await new SymbolStore(it.redis).read(it.exchange.id)).toEqual(it.instance.symbols);
  });

  test('sweeps of its own accord every ten minutes', async () => {
    const it = open();
    await it.during(it.instance.start());
    const [symbol = ''] = it.instance.symbols;
    const plain = createRedis(inject('redisUrl'));
    await plain.del(exchangeCandleKey(it.exchange.id, symbol, '1h'));
    plain.disconnect();
    await it.pass(11 * MINUTE_MS);
    await it.instance.settle();
    expect(await wrong(it, 60)).toEqual([]);
  });

  test('refuses frames from the future', async () => {
    const it = open();
    await it.during(it.instance.start());
    const end = it.simulator.inject({ kind: 'clock-skew', byMs: 600_000 });
    await it.pass(30_000);
    end();
    await it.pass(10 * MINUTE_MS);
    await it.instance.settle();
    expect(await it.metric('livermore_decode_errors_total', ',field="event time"')).toBeGreaterThan(0);
    expect(await wrong(it, 60)).toEqual([]);
  });

  test.each<[InstanceState]>([['starting'], ['warming'], ['active']])(
    'can be stopped while it is %s, and asks for nothing afterwards',
    async (stage) => {
      const stopped: Promise<void>[] = [];
      const it = open({
        instance: {
          onState: (state) => {
            if (state === stage) queueMicrotask(() => stopped.push(it.instance.stop()));
          },
        },
      });
      await it.during(it.instance.start());
      await it.during(Promise.all(stopped));
      expect(stopped).toHaveLength(1);
      expect(it.instance.state).toBe('stopped');
      const { requests, connections } = it.simulator.log;
      await it.pass(30 * MINUTE_MS);
      expect(it.simulator.log).toMatchObject({ requests, connections });
      expect(it.redis.listenerCount('ready')).toBe(ownListeners(it));
    },
  );

  test.each([
    ['a ban', { kind: 'rest-418', banMs: 5 * MINUTE_MS }, 10_000, 'bannedUntil'] as const,
    ['a refused location', { kind: 'rest-451' }, 5 * MINUTE_MS, 'blocked'] as const,
  ])('goes on by itself after %s during its warmup', async (_name, fault, lastsMs, fact) => {
    const it = open({
      startMs: MIDNIGHT + 4 * MINUTE_MS + 20_000,
      instance: {
        onState: (state) => {
          if (state === 'warming') it.clock.setTimer(it.simulator.inject(fault), lastsMs);
        },
      },
    });
    const started = it.instance.start();
    await it.pass(2 * MINUTE_MS);
    expect(it.instance.facts().state).toBe('warming');
    expect(it.instance.facts()[fact]).toBeDefined();
    await it.during(started);
    await it.pass(30_000);
    expect(it.instance.facts()).toMatchObject({
      state: 'active',
      blocked: undefined,
      bannedUntil: undefined,
    });
    expect(await wrong(it, 60)).toEqual([]);
  });

  test('says which symbol is not listed, and lets go of everything', async () => {
    const it = open({ instance: { symbols: { kind: 'named', symbols: ['NOPE'] } } });
    await expect(it.during(it.instance.start())).rejects.toThrow(UnknownSymbolError);
    expect(it.instance.state).toBe('stopped');
  });

  test('stops although Redis is gone', async () => {
    const it = open();
    await it.during(it.instance.start());
    it.redis.disconnect();
    const before = it.clock.now();
    await it.pass(30_000);
    await it.during(it.instance.stop());
    expect(it.instance.state).toBe('stopped');
    expect(it.clock.now() - before).toBeLessThanOrEqual(60_000);
  });
});

/** Listeners a client has of its own accord. */
function ownListeners(it: LiveBench): number {
  const fresh = it.redis.duplicate({ lazyConnect: true });
  const count = fresh.listenerCount('ready');
  fresh.disconnect();
  return count;
}
