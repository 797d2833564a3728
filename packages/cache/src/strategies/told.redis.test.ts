import { closeAsOf, openTimeOf } from '@livermore/schemas';
import type { UnifiedCandle } from '@livermore/schemas';
import { systemClock } from '@livermore/utils';
import * as fc from 'fast-check';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { CloseFeed } from '../close-feed';
import type { CloseEvent } from '../close-feed';
import { encodeCandle } from '../candle-layout';
import {
  candleCloseChannel,
  exchangeCandleCloseChannel,
  exchangeCandleKey,
  exchangeClosesKey,
  exchangeCorrectionsKey,
  exchangeLooksKey,
  exchangeToldKey,
  foreignKey,
} from '../keys';
import { redisTroubleOf } from '../errors';
import { setForeignAside } from '../foreign-values';
import { createRedis } from '../redis';
import { beginTelling } from '../told-store';
import { EXAMPLE_OPEN_TIME, anyCandle, candleWith, freshExchangeId, layout1Of } from '../testing';
import { CandleCacheStrategy } from './candle-cache';
import type { WriteContext } from './candle-cache';

/** What a write says of itself: logged and announced in the step that stores the bar. */

const SERIES = { symbol: 'BTCUSDT', timeframe: '1m' } as const;
const MINUTE = 60_000;
const OWNER = 7;
const openTimeAt = (at: number) => EXAMPLE_OPEN_TIME + at * MINUTE;
const closeAt = (at: number) => openTimeAt(at) + MINUTE;

/** The nth bar as it was `afterMs` after its close. */
function barAt(at: number, afterMs: number, over: Partial<UnifiedCandle> = {}): UnifiedCandle {
  const timestamp = openTimeAt(at);
  const sequenceNum = closeAsOf('1m', timestamp) + afterMs * 1000;
  return candleWith({ timestamp, sequenceNum, source: 'stream', ...over });
}

const LIVE = { liveSince: 0 } as const;
/** The exchange went live while the bar at 1 formed. */
const SINCE_1 = { liveSince: openTimeAt(1) + 14_000 } as const;
const REST = { source: 'rest' } as const;

describe('what is told', () => {
  let redis: Redis;
  let cache: CandleCacheStrategy;
  let exchangeId = 0;

  beforeAll(() => {
    redis = createRedis(inject('redisUrl'));
    cache = new CandleCacheStrategy(redis, { ownerUserIds: [OWNER] });
  });

  beforeEach(() => {
    exchangeId = freshExchangeId();
  });

  afterAll(async () => {
    await redis.quit();
  });

  const write = (candle: UnifiedCandle, context: WriteContext = {}) =>
    cache.writeExchangeCandle(exchangeId, candle, context);
  const newsOf = async (candle: UnifiedCandle, context?: WriteContext) => (await write(candle, context)).news;
  const writeAll = (candles: readonly UnifiedCandle[], context: WriteContext = {}) =>
    cache.writeExchangeCandles(exchangeId, SERIES, candles, context);
  const retract = (at: number) => {
    const judged = {
      openTime: openTimeAt(at),
      asOf: closeAsOf('1m', openTimeAt(at)),
      source: 'no-trades',
    } as const;
    return cache.retract(exchangeId, SERIES, judged, { cause: 'its hour traded', exchange: 'binance' });
  };

  /** Everything in the log: `label@bar`, or `refill from-to (bars)`. */
  const logged = async (): Promise<readonly string[]> => (await eventsOf(redis, exchangeId)).map(inWords);

  it('history before the first close told is one refill; a close in its turn is told once', async () => {
    expect(await newsOf(barAt(-1, 5, REST), SINCE_1)).toBeUndefined();
    expect(await newsOf(barAt(2, 5), SINCE_1)).toBe('live');
    expect(await newsOf(barAt(2, 5), SINCE_1)).toBeUndefined();
    expect(await newsOf(barAt(0, 5, REST))).toBeUndefined();
    expect(await newsOf(barAt(3, 5), SINCE_1)).toBe('live');
    expect(await logged()).toEqual(['refill -1..-1 (1)', 'live@2', 'refill 0..0 (1)', 'live@3']);
  });

  it('a page of history is one entry, whatever it holds', async () => {
    await writeAll([0, 1, 2, 5, 9].map((at) => barAt(at, 5, REST)));
    expect(await logged()).toEqual(['refill 0..9 (5)']);
  });

  it('one that closed live and is known only after the first told is late', async () => {
    expect(await newsOf(barAt(3, 5), SINCE_1)).toBe('live');
    expect(await newsOf(barAt(1, 5, REST))).toBe('late');
    expect(await newsOf(barAt(0, 5, REST))).toBeUndefined();
  });

  it('a close that was missed is late behind a later one, and in its turn before it', async () => {
    await write(barAt(0, 5), LIVE);
    await write(barAt(4, 5), LIVE);
    expect(await newsOf(barAt(2, 9_000, REST))).toBe('late');
    expect(await newsOf(barAt(5, 9_000, REST), LIVE)).toBe('live');
  });

  it('what closed while nobody watched is late: a hundred bars of it, and the rest as one refill', async () => {
    await write(barAt(0, 5), LIVE);
    const back = { liveSince: closeAt(180) + 1, now: closeAt(180) };
    await writeAll(
      Array.from({ length: 180 }, (_, at) => barAt(at + 1, 5, REST)),
      back,
    );
    expect(await newsOf(barAt(181, 5), { ...back, now: closeAt(181) })).toBe('live');
    const all = await logged();
    const late = Array.from({ length: 100 }, (_, at) => `late@${at + 81}`);
    expect(all).toEqual(['live@0', ...late, 'refill 1..80 (80)', 'live@181']);
  });

  it('pages that come newest first are all told: behind a later one there is late', async () => {
    await write(barAt(0, 5), LIVE);
    const back = { liveSince: closeAt(8) + 1, now: closeAt(8) };
    await writeAll(
      [6, 7, 8].map((at) => barAt(at, 5, REST)),
      back,
    );
    await writeAll(
      [1, 2, 3, 4, 5].map((at) => barAt(at, 5, REST)),
      back,
    );
    expect((await logged()).toSorted()).toEqual(
      ['live@0', ...[1, 2, 3, 4, 5, 6, 7, 8].map((at) => `late@${at}`)].toSorted(),
    );
  });

  it('a bar that was told, lost and fetched again is refilled, and one that was missed is not', async () => {
    for (const at of [0, 1, 3, 4]) await write(barAt(at, 5), LIVE);
    await redis.del(exchangeCandleKey(exchangeId, 'BTCUSDT', '1m'));
    await writeAll(
      [0, 1, 2, 3, 4].map((at) => barAt(at, 9_000, REST)),
      LIVE,
    );
    expect((await logged()).slice(4)).toEqual(['late@2', 'refill 0..4 (4)']);
  });

  it('what was told is said again by nobody after Redis lost everything, by a writer that knows how far it told', async () => {
    for (const at of [0, 1, 2]) await write(barAt(at, 5), LIVE);
    await redis.del(
      exchangeCandleKey(exchangeId, 'BTCUSDT', '1m'),
      exchangeToldKey(exchangeId),
      exchangeClosesKey(exchangeId),
    );
    const since = { liveSince: closeAt(2) + 1 };
    await writeAll(
      [0, 1, 2, 3].map((at) => barAt(at, 9_000, REST)),
      since,
    );
    expect(await newsOf(barAt(4, 5), since)).toBe('live');
    expect(await logged()).toEqual(['live@3', 'refill 0..2 (3)', 'live@4']);
  });

  it('what closed more than a hundred bars ago is refilled', async () => {
    await write(barAt(0, 5), LIVE);
    await write(barAt(200, 5), LIVE);
    const now = closeAt(200);
    expect(await newsOf(barAt(98, 5, REST), { now })).toBeUndefined();
    expect(await newsOf(barAt(102, 5, REST), { now })).toBe('late');
  });

  it('of what was missed no more than a hundred bars are remembered, however far a series jumps', async () => {
    await write(barAt(0, 5), LIVE);
    await write(barAt(1_000_000, 5), { ...LIVE, now: closeAt(50) });
    const text = (await redis.hget(exchangeToldKey(exchangeId), 'BTCUSDT 1m')) ?? '';
    expect(text.split(',')).toHaveLength(100);
  });

  it('other values of a told bar are a correction, the same from elsewhere is nothing', async () => {
    await write(barAt(0, 5, { source: 'stand-in' }), LIVE);
    expect(await newsOf(barAt(0, 2_000, REST))).toBeUndefined();
    expect(await newsOf(barAt(0, 9_000, { ...REST, volume: 99 }))).toBe('correction');
    expect(await logged()).toEqual(['live@0', 'correction@0']);
  });

  it('other values of a bar before the first told are none: history does not become news', async () => {
    await write(barAt(0, 5, { source: 'stand-in' }));
    await write(barAt(1, 5, { source: 'stand-in' }));
    expect(await newsOf(barAt(2, 5), SINCE_1)).toBe('live');
    const outcome = await write(barAt(0, 9_000, { ...REST, volume: 99 }), SINCE_1);
    expect(outcome).toMatchObject({ written: true, corrected: true });
    expect(outcome.news).toBeUndefined();
  });

  it('a bar that is taken back is retracted where it was told, and late if it comes after all', async () => {
    await write(barAt(0, 0, { source: 'no-trades', volume: 0 }));
    await write(barAt(1, 5), LIVE);
    await write(barAt(2, 0, { source: 'no-trades', volume: 0 }), LIVE);
    expect(await retract(0)).toEqual({ removed: true, wasTold: false });
    expect(await retract(2)).toEqual({ removed: true, wasTold: true });
    expect(await retract(2)).toEqual({ removed: false, wasTold: false });
    expect(await newsOf(barAt(2, 9_000, REST), LIVE)).toBe('late');
    expect(await newsOf(barAt(3, 5), LIVE)).toBe('live');
    const [, ...after] = await logged();
    expect(after).toEqual(['live@1', 'live@2', 'retracted@2', 'late@2', 'live@3']);
  });

  it.each([
    ['told', exchangeToldKey],
    ['closes', exchangeClosesKey],
    ['looks', exchangeLooksKey],
    ['corrections', exchangeCorrectionsKey],
  ] as const)(
    'a value of another type in the place of the %s costs no announcement',
    async (_what, keyOf) => {
      await write(barAt(0, 0, { source: 'stand-in' }), LIVE);
      await write(barAt(1, 0, { source: 'no-trades', volume: 0 }), LIVE);
      await redis.del(keyOf(exchangeId));
      await redis.set(keyOf(exchangeId), 'mine');
      const fails = [
        () => write(barAt(2, 5, REST), LIVE),
        () => write(barAt(0, 9_000, { ...REST, volume: 99 }), LIVE),
        () => retract(1),
      ];
      for (const fail of fails) await expect(fail()).rejects.toThrow('WRONGTYPE');
      expect(await cache.readExchangeCandles(exchangeId, SERIES)).toHaveLength(2);
      await setForeignAside(redis, exchangeId, [SERIES]);
      await redis.del(foreignKey(keyOf(exchangeId)));
      expect(await newsOf(barAt(2, 5, REST), LIVE)).toBe('live');
      if (keyOf === exchangeToldKey) return;
      expect(await newsOf(barAt(0, 9_000, { ...REST, volume: 99 }), LIVE)).toBe('correction');
      expect(await retract(1)).toEqual({ removed: true, wasTold: true });
    },
  );

  it('a close that may not be published is in the log, once, and refused to who wrote it', async () => {
    const admin = createRedis(inject('redisAdminUrl'));
    const name = `mute${exchangeId}`;
    await admin.call('ACL', 'SETUSER', name, 'on', '>secret', '~*', 'resetchannels', '+@all');
    const url = new URL(inject('redisUrl'));
    [url.username, url.password] = [name, 'secret'];
    const mute = createRedis(url.href);
    const writing = new CandleCacheStrategy(mute).writeExchangeCandles(
      exchangeId,
      SERIES,
      [0, 1, 2].map((at) => barAt(at, 5)),
      LIVE,
    );
    await expect(writing).rejects.toSatisfy((error) => redisTroubleOf(error) === 'locked-out');
    expect(await newsOf(barAt(1, 5), LIVE)).toBeUndefined();
    expect(await newsOf(barAt(3, 5), LIVE)).toBe('live');
    expect(await newsOf(barAt(0, 9_000, { ...REST, volume: 99 }), LIVE)).toBeUndefined();
    expect(await logged()).toEqual(['live@0', 'live@1', 'live@2', 'live@3']);
    mute.disconnect();
    await admin.call('ACL', 'DELUSER', name);
    await admin.quit();
  });

  it('what closes once the telling has begun is owed, also if nobody was there when it did', async () => {
    const hour = { symbol: 'BTCUSDT', timeframe: '1h' } as const;
    await beginTelling(redis, exchangeId, [SERIES, hour], () => openTimeAt(1) + 14_000);
    const later = { liveSince: closeAt(5) };
    expect(await newsOf(barAt(0, 5, REST), later)).toBeUndefined();
    expect(await newsOf(barAt(1, 5, REST), later)).toBe('late');
    expect(await newsOf(barAt(6, 5), later)).toBe('live');
    expect(await newsOf(barAt(3, 5, REST), later)).toBe('late');
    await beginTelling(redis, exchangeId, [SERIES, hour], () => openTimeAt(50));
    expect(await newsOf(barAt(4, 5, REST), later)).toBe('late');
    expect(await newsOf(barAt(1, 9_000, { ...REST, volume: 99 }), later)).toBe('correction');
    const hourOpen = openTimeOf('1h', openTimeAt(1));
    expect(await redis.hget(exchangeToldKey(exchangeId), 'BTCUSDT 1h')).toBe(
      `${hourOpen}:${hourOpen - 60 * MINUTE}`,
    );
  });

  it('a forming bar is told by nobody', async () => {
    expect(await newsOf(barAt(0, -1), LIVE)).toBeUndefined();
    expect(await redis.exists(exchangeToldKey(exchangeId), exchangeClosesKey(exchangeId))).toBe(0);
  });

  it.each(['junk', '1', 'NaN:NaN', '', '1:2:x', '::'])(
    '%j in the place of what was told is nothing told',
    async (junk) => {
      await redis.hset(exchangeToldKey(exchangeId), 'BTCUSDT 1m', junk);
      expect(await newsOf(barAt(0, 5), LIVE)).toBe('live');
      expect(await newsOf(barAt(1, 5), LIVE)).toBe('live');
    },
  );

  it('FND-01, FND-03: a close is on the channels of the exchange and of its owner, in the cache and in the log when it is heard', async () => {
    const channels = [
      exchangeCandleCloseChannel(exchangeId, 'BTCUSDT', '1m'),
      candleCloseChannel(OWNER, exchangeId, 'BTCUSDT', '1m'),
    ];
    const listener = createRedis(inject('redisUrl'));
    const heard: Promise<unknown>[] = [];
    listener.on('message', (channel: string, text: string) => {
      const look = Promise.all([cache.readExchangeCandles(exchangeId, SERIES), eventsOf(redis, exchangeId)]);
      heard.push(look.then(([[stored], [event]]) => [channel, JSON.parse(text), stored?.close, event?.id]));
    });
    await listener.subscribe(...channels);
    const candle = barAt(0, 5, { trades: 7 });
    await write(candle, LIVE);
    await listener.ping();
    const [event] = await eventsOf(redis, exchangeId);
    const said = { ...candle, label: 'live', id: event?.id };
    expect(await Promise.all(heard)).toEqual(
      channels.map((channel) => [channel, said, candle.close, event?.id]),
    );
    await listener.quit();
  });

  it('what is announced is the candle as it is stored, in numbers that are read back as they were', async () => {
    const listener = createRedis(inject('redisUrl'));
    const heard = new Map<string, unknown>();
    listener.on('pmessage', (_pattern: string, channel: string, text: string) =>
      heard.set(channel, JSON.parse(text)),
    );
    await listener.psubscribe('channel:exchange:*');
    await fc.assert(
      fc.asyncProperty(anyCandle, async (any) => {
        const id = freshExchangeId();
        const { timeframe, timestamp, symbol } = any;
        // A bar that is closed, of any source and standing.
        const candle = {
          ...any,
          sequenceNum: Math.max(any.sequenceNum ?? 0, closeAsOf(timeframe, timestamp)),
        };
        if (candle.sequenceNum > Number.MAX_SAFE_INTEGER) return;
        await new CandleCacheStrategy(redis).writeExchangeCandle(id, candle, LIVE);
        await listener.ping();
        const [event] = await eventsOf(redis, id);
        expect(heard.get(exchangeCandleCloseChannel(id, symbol, timeframe))).toEqual({
          ...candle,
          label: 'live',
          id: event?.id,
        });
        const { exchange: _, ...stored } = candle;
        expect(event).toEqual({ type: 'close', label: 'live', id: event?.id, candle: stored });
      }),
      { numRuns: 300 },
    );
    await listener.quit();
  });

  it('a bar that an older version left is retracted as what it was', async () => {
    const quiet = barAt(1, 0, { source: 'no-trades', volume: 0 });
    await write(barAt(0, 5), LIVE);
    await write(quiet, LIVE);
    const key = exchangeCandleKey(exchangeId, 'BTCUSDT', '1m');
    await redis.zremrangebyscore(key, quiet.timestamp, quiet.timestamp);
    await redis.zadd(key, quiet.timestamp, layout1Of(quiet));
    const heard: unknown[] = [];
    const listener = createRedis(inject('redisUrl'));
    listener.on('message', (_channel: string, text: string) => heard.push(JSON.parse(text)));
    await listener.subscribe(exchangeCandleCloseChannel(exchangeId, 'BTCUSDT', '1m'));
    await retract(1);
    await listener.ping();
    expect(heard).toMatchObject([{ ...quiet, label: 'retracted' }]);
    await listener.quit();
  });

  it('the log stands beside what was logged before, and is bounded', async () => {
    const key = exchangeClosesKey(exchangeId);
    const before = redis.pipeline();
    const member = encodeCandle(barAt(0, 5));
    for (let at = 0; at < 3_000; at += 1) {
      before.xadd(key, '*', 'series', 'BTCUSDT 1m', 'label', 'live', 'candle', member);
    }
    await before.exec();
    await write(barAt(0, 5), LIVE);
    expect(await redis.xlen(key)).toBe(3_001);
    await redis.del(key);
  });

  /** What can happen to a series, by the bar it concerns. */
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('closes'), at: fc.nat(12) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('is repaired up to'), at: fc.nat(12) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('changes'), at: fc.nat(12) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('is quiet and taken back'), at: fc.nat(12) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('is lost with its series'), at: fc.constant(0) }) },
  );

  it('whatever happens: live closes in order, each bar told once, everything else labelled', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        exchangeId = freshExchangeId();
        const cached = new Set<number>();
        const filled = (ats: readonly number[]) => {
          const fresh = ats.filter((at) => !cached.has(at));
          for (const at of fresh) cached.add(at);
          return fresh;
        };
        const came: number[] = [];
        for (const [turn, { do: what, at }] of steps.entries()) {
          if (what === 'closes') {
            await write(barAt(at, 5), LIVE);
            came.push(...filled([at]));
          } else if (what === 'is repaired up to') {
            const page = Array.from({ length: at + 1 }, (_, each) => each);
            await writeAll(
              page.map((each) => barAt(each, 9_000, REST)),
              LIVE,
            );
            came.push(...filled(page));
          } else if (what === 'changes') {
            const later = (turn + 1) * 700_000;
            const other = barAt(at, later, { ...REST, volume: 20 + turn });
            await write(other, LIVE);
            await write({ ...other, sequenceNum: (other.sequenceNum ?? 0) + 660_000_000 }, LIVE);
            came.push(...filled([at]));
          } else if (what === 'is quiet and taken back') {
            await write(barAt(at, 0, { source: 'no-trades', volume: 0 }), LIVE);
            came.push(...filled([at]));
            if ((await retract(at)).removed) cached.delete(at);
          } else {
            await redis.del(exchangeCandleKey(exchangeId, 'BTCUSDT', '1m'));
            cached.clear();
          }
        }
        const events = await eventsOf(redis, exchangeId);
        expectTold(events, came);
      }),
      { numRuns: 150 },
    );
  });
});

/** Checks a log against the bars that came to be cached, in the order in which they came. */
function expectTold(events: readonly CloseEvent[], came: readonly number[]): void {
  const live: number[] = [];
  const told = new Set<number>();
  let count = 0;
  for (const event of events) {
    if (event.type === 'refill') count += event.bars;
    if (event.type !== 'close') continue;
    const at = (event.candle.timestamp - EXAMPLE_OPEN_TIME) / MINUTE;
    if (event.label === 'correction') expect(told).toContain(at);
    else if (event.label === 'retracted') expect(told.delete(at)).toBe(true);
    else {
      count += 1;
      expect(told).not.toContain(at);
      told.add(at);
      if (event.label === 'live') live.push(at);
    }
  }
  expect(live).toEqual(live.toSorted((a, b) => a - b));
  expect(count).toBe(came.length);
}

async function eventsOf(redis: Redis, exchangeId: number): Promise<readonly CloseEvent[]> {
  const abort = new AbortController();
  const length = await redis.xlen(exchangeClosesKey(exchangeId));
  if (length === 0) return [];
  const events: CloseEvent[] = [];
  const feed = new CloseFeed(redis, exchangeId, { after: '0-0', clock: systemClock });
  for await (const event of feed.listen(abort.signal)) {
    events.push(event);
    if (events.length === length) abort.abort();
  }
  return events;
}

/** The number of a bar. */
const at = (openTime: number) => (openTimeOf('1m', openTime) - EXAMPLE_OPEN_TIME) / MINUTE;

function inWords(event: CloseEvent): string {
  if (event.type === 'close') return `${event.label}@${at(event.candle.timestamp)}`;
  if (event.type === 'refill') return `refill ${at(event.from)}..${at(event.to)} (${event.bars})`;
  return `reset: ${event.reason}`;
}
