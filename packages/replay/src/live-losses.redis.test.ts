import {
  CloseFeed,
  SymbolStore,
  createRedis,
  exchangeCandleKey,
  exchangeClosesKey,
  exchangeLooksKey,
  exchangeQualityKey,
  exchangeSymbolsKey,
  exchangeToldKey,
  foreignKey,
  tickerKey,
} from '@livermore/cache';
import type { CloseEvent } from '@livermore/cache';
import { freshExchangeId } from '@livermore/cache/testing';
import type { Health } from '@livermore/instance';
import { TIMEFRAMES, seriesKey } from '@livermore/schemas';
import { SIMULATED_VENUES } from '@livermore/simulator';
import { systemClock } from '@livermore/utils';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { LiveBench } from './testing/live-bench';
import type { LiveBenchOptions } from './testing/live-bench';

/** What Redis loses under a running exchange, and what others put there: noticed, named, mended, and told once. */

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
/** Between boundaries of long bars. */
const START = Date.UTC(2026, 2, 11, 1, 20, 20);

/** REST answers so late that what is missing can be seen. */
const SLOW = { kind: 'rest-slow', byMs: 8 * SECOND_MS } as const;

type Redis = ReturnType<typeof createRedis>;

let bench: LiveBench | undefined;

function open(options: Partial<LiveBenchOptions> = {}): LiveBench {
  bench = new LiveBench({
    venue: SIMULATED_VENUES[0],
    redisUrl: inject('redisUrl'),
    exchangeId: freshExchangeId(),
    startMs: START,
    ...options,
  });
  return bench;
}

afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

function healthOf(it: LiveBench): Health {
  return it.instance.health({ ok: true, detail: 'answers' });
}

/** The checks that fail, as `name: detail`. */
function failing(it: LiveBench): readonly string[] {
  return healthOf(it).checks.flatMap(({ name, ok, detail }) => (ok ? [] : [`${name}: ${detail}`]));
}

function seriesOf(it: LiveBench) {
  return it.instance.symbols.flatMap((symbol) => TIMEFRAMES.map((timeframe) => ({ symbol, timeframe })));
}

/** Every key of an exchange that a test may remove. */
function keysOf(it: LiveBench): readonly string[] {
  const { id } = it.exchange;
  return [
    ...seriesOf(it).map(({ symbol, timeframe }) => exchangeCandleKey(id, symbol, timeframe)),
    exchangeClosesKey(id),
    exchangeLooksKey(id),
    exchangeSymbolsKey(id),
    exchangeToldKey(id),
  ];
}

async function eventsIn(redis: Redis, id: number): Promise<readonly CloseEvent[]> {
  const abort = new AbortController();
  const length = await redis.xlen(exchangeClosesKey(id));
  const events: CloseEvent[] = [];
  if (length === 0) return events;
  for await (const event of new CloseFeed(redis, id, { after: '0-0', clock: systemClock }).listen(
    abort.signal,
  )) {
    events.push(event);
    if (events.length === length) abort.abort();
  }
  return events;
}

/** Closes told one by one, as `series open time`. */
function toldIn(events: readonly CloseEvent[], label: 'late' | 'live'): readonly string[] {
  return events.flatMap((event) =>
    event.type === 'close' && event.label === label
      ? [`${seriesKey(event.candle)} ${event.candle.timestamp}`]
      : [],
  );
}

describe('what Redis loses under a running exchange', () => {
  let redis: Redis;

  beforeAll(() => {
    redis = createRedis(inject('redisUrl'));
  });

  afterAll(async () => {
    await redis.quit();
  });

  test('everything: noticed within seconds, named, fetched again, and told to nobody twice', async () => {
    const it = open();
    await it.during(it.instance.start());
    await it.pass(2 * MINUTE_MS);
    expect(failing(it)).toEqual([]);
    const before = toldIn(await eventsIn(redis, it.exchange.id), 'live');
    const quicken = it.simulator.inject(SLOW);
    await redis.del(...keysOf(it));
    await it.pass(5 * SECOND_MS + 100);
    expect(failing(it).join()).toMatch(
      /^holes: \d+ bars of 12 series are missing, .* they were deleted from Redis/,
    );
    quicken();
    await it.pass(30 * SECOND_MS);
    expect(failing(it)).toEqual([]);
    await it.pass(2 * MINUTE_MS);
    expect(failing(it)).toEqual([]);
    const events = await eventsIn(redis, it.exchange.id);
    const after = [...toldIn(events, 'live'), ...toldIn(events, 'late')];
    expect(after.filter((each) => before.includes(each))).toEqual([]);
    expect(after.length).toBeGreaterThanOrEqual(4);
    expect(events.filter((event) => event.type === 'refill').length).toBeGreaterThanOrEqual(12);
    expect(await new SymbolStore(redis).read(it.exchange.id)).toEqual(it.instance.symbols);
  });

  test('everything, while Redis takes no writes: it is put right when it does', async () => {
    const it = open();
    await it.during(it.instance.start());
    await it.pass(MINUTE_MS);
    const set = vi.spyOn(it.redis, 'set');
    for (let time = 0; time < 3; time += 1) {
      set.mockRejectedValueOnce(new Error("OOM command not allowed when used memory > 'maxmemory'."));
    }
    await redis.del(...keysOf(it));
    await it.pass(MINUTE_MS);
    expect(failing(it)).toEqual([]);
    expect(await new SymbolStore(redis).read(it.exchange.id)).toEqual(it.instance.symbols);
    expect(await redis.hlen(exchangeToldKey(it.exchange.id))).toBe(12);
  });

  test('one series: noticed within seconds and fetched again', async () => {
    const it = open();
    await it.during(it.instance.start());
    await it.pass(MINUTE_MS);
    const [symbol = ''] = it.instance.symbols;
    const quicken = it.simulator.inject(SLOW);
    await redis.del(exchangeCandleKey(it.exchange.id, symbol, '1h'));
    await it.pass(5 * SECOND_MS + 100);
    expect(failing(it).join()).toContain(`bars of 1 series are missing, ${symbol} 1h`);
    quicken();
    await it.pass(30 * SECOND_MS);
    expect(failing(it)).toEqual([]);
    expect(await redis.zcard(exchangeCandleKey(it.exchange.id, symbol, '1h'))).toBeGreaterThanOrEqual(100);
  });

  test('bars in the middle of a series: noticed within a minute and fetched again', async () => {
    const it = open();
    await it.during(it.instance.start());
    await it.pass(MINUTE_MS);
    const [symbol = ''] = it.instance.symbols;
    const key = exchangeCandleKey(it.exchange.id, symbol, '1m');
    const quicken = it.simulator.inject(SLOW);
    await redis.zremrangebyrank(key, -60, -41);
    while (failing(it).length === 0 && it.clock.now() < START + 3 * MINUTE_MS) await it.pass(SECOND_MS);
    expect(failing(it).join()).toContain(`holes: 20 bars of 1 series are missing, ${symbol} 1m`);
    expect(it.clock.now()).toBeLessThanOrEqual(START + 2 * MINUTE_MS);
    quicken();
    await it.pass(30 * SECOND_MS);
    expect(failing(it)).toEqual([]);
    expect(await redis.zcard(key)).toBeGreaterThanOrEqual(100);
  });

  test('values of another type in our place are moved aside, and no close is lost to them', async () => {
    const it = open();
    await it.during(it.instance.start());
    await it.pass(MINUTE_MS);
    const [symbol = ''] = it.instance.symbols;
    const key = exchangeCandleKey(it.exchange.id, symbol, '1m');
    await redis.del(key, exchangeToldKey(it.exchange.id));
    await redis.set(key, 'mine');
    await redis.set(exchangeToldKey(it.exchange.id), 'mine too');
    const ticker = tickerKey(it.exchange.id, symbol);
    const counts = exchangeQualityKey(it.exchange.id, new Date(it.clock.now()).toISOString().slice(0, 10));
    await redis.del(ticker, counts);
    await redis.lpush(ticker, 'mine');
    await redis.set(counts, 'mine');
    await it.pass(3 * MINUTE_MS);
    expect(failing(it)).toEqual([]);
    expect(await redis.get(foreignKey(key))).toBe('mine');
    expect(await redis.zcard(key)).toBeGreaterThanOrEqual(100);
    expect(await it.metric('livermore_queue_overflows_total')).toBe(0);
    expect(await redis.lrange(foreignKey(ticker), 0, -1)).toEqual(['mine']);
    expect([await redis.type(ticker), await redis.type(counts)]).toEqual(['string', 'hash']);
    await redis.del(...[key, ticker, counts, exchangeToldKey(it.exchange.id)].map(foreignKey));
  });
});

describe('a stop', () => {
  test('while its symbols are being written is the end: nothing is connected or told afterwards', async () => {
    const it = open();
    let write: (() => void) | undefined;
    const held = new Promise<'OK'>((resolve) => {
      write = () => resolve('OK');
    });
    const set = vi.spyOn(it.redis, 'set').mockReturnValueOnce(held);
    const started = it.instance.start();
    await it.pass(20 * SECOND_MS);
    expect(set).toHaveBeenCalledTimes(1);
    const stopped = it.instance.stop();
    await it.pass(15 * SECOND_MS);
    expect(it.instance.state).toBe('stopped');
    write?.();
    await it.during(Promise.all([started, stopped]));
    await it.pass(3 * MINUTE_MS);
    expect(it.states).toEqual(['starting', 'stopping', 'stopped']);
    expect(it.simulator.log.connections).toBe(0);
    expect(it.instance.facts().frames).toBe(0);
  });
});

describe.each(SIMULATED_VENUES)('without any fault, on %s', (venue) => {
  test('a quiet exchange is well all the time', async () => {
    const it = open({ venue, isQuiet: true });
    await it.during(it.instance.start());
    await it.pass(30 * SECOND_MS);
    const ill = new Map<string, number>();
    for (let at = 0; at < 360; at += 1) {
      await it.pass(5 * SECOND_MS);
      for (const each of failing(it)) ill.set(each, at * 5);
    }
    expect([...ill]).toEqual([]);
  });
});
