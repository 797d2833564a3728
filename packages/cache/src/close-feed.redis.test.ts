import { closeAsOf } from '@livermore/schemas';
import { systemClock } from '@livermore/utils';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { CLOSES_KEPT_MS, CloseFeed, trimCloses } from './close-feed';
import type { CloseEvent } from './close-feed';
import { exchangeClosesKey } from './keys';
import { createRedis } from './redis';
import { CandleCacheStrategy } from './strategies/candle-cache';
import { EXAMPLE_OPEN_TIME, freshExchangeId, sourcedCandle } from './testing';

const MINUTE = 60_000;

const words = (events: readonly CloseEvent[]) =>
  events.map((event) => {
    if (event.type === 'close')
      return `${event.label} ${(event.candle.timestamp - EXAMPLE_OPEN_TIME) / MINUTE}`;
    return event.type === 'reset' ? `reset, ${event.reason}` : `refill of ${event.bars}`;
  });

describe('resuming from the log of closes', () => {
  let redis: Redis;
  let exchangeId = 0;
  let stops: (() => Promise<void>)[] = [];

  beforeAll(() => {
    redis = createRedis(inject('redisUrl'));
  });

  beforeEach(() => {
    exchangeId = freshExchangeId();
    stops = [];
  });

  afterAll(async () => {
    await redis.quit();
  });

  /** The nth bar closes. */
  const close = async (at: number) => {
    const timestamp = EXAMPLE_OPEN_TIME + at * MINUTE;
    const candle = sourcedCandle({ timestamp, sequenceNum: closeAsOf('1m', timestamp) + 5_000 });
    await new CandleCacheStrategy(redis).writeExchangeCandle(exchangeId, candle, { liveSince: 0 });
  };

  function listen(after?: string) {
    const events: CloseEvent[] = [];
    const troubles: string[] = [];
    const abort = new AbortController();
    const connections: Redis[] = [];
    const duplicate = () => {
      const connection = redis.duplicate();
      connections.push(connection);
      return connection;
    };
    const feed = new CloseFeed({ duplicate }, exchangeId, {
      clock: systemClock,
      onTrouble: (error) => troubles.push(String(error)),
      ...(after === undefined ? {} : { after }),
    });
    const over = (async () => {
      for await (const event of feed.listen(abort.signal)) events.push(event);
    })();
    const stop = async () => {
      abort.abort();
      await over;
    };
    stops.push(stop);
    return { events, troubles, feed, connections, stop };
  }

  const until = (listener: ReturnType<typeof listen>, expected: readonly string[]) =>
    vi.waitFor(() => expect(words(listener.events)).toEqual(expected), { timeout: 8_000 });

  it('hears what closed while nobody listened, once, and then what closes', async () => {
    const first = listen('0-0');
    await close(0);
    await close(1);
    await until(first, ['live 0', 'live 1']);
    await first.stop();
    await close(2);
    const second = listen(first.feed.position);
    await close(3);
    await until(second, ['live 2', 'live 3']);
    await second.stop();
    expect(first.troubles).toEqual([]);
  });

  it('begins with the next announcement where it is told no id', async () => {
    await close(0);
    const listener = listen();
    await vi.waitFor(() => expect(listener.feed.position).toBeDefined());
    await close(1);
    await until(listener, ['live 1']);
    await listener.stop();
  });

  it('begins at the beginning where the log was empty', async () => {
    const listener = listen();
    await vi.waitFor(() => expect(listener.feed.position).toBe('0-0'));
    await close(0);
    await until(listener, ['live 0']);
    await listener.stop();
  });

  it('goes through a log of many pages in order', async () => {
    for (let at = 0; at < 20; at += 1) await close(at);
    const [entry] = await redis.xrangeBuffer(exchangeClosesKey(exchangeId), '-', '+', 'COUNT', 1);
    const more = redis.pipeline();
    for (let at = 0; at < 1_480; at += 1)
      more.xadd(exchangeClosesKey(exchangeId), '*', ...(entry?.[1] ?? []));
    await more.exec();
    const listener = listen('0-0');
    await vi.waitFor(() => expect(listener.events).toHaveLength(1_500));
    const ids = listener.events.map((event) => event.id);
    expect(new Set(ids).size).toBe(1_500);
    await listener.stop();
  });

  it('says that it is behind where its id is older than the log, and gives what there is', async () => {
    for (const at of [0, 1, 2, 3]) await close(at);
    const key = exchangeClosesKey(exchangeId);
    const entries = await redis.xrange(key, '-', '+');
    await redis.xtrim(key, 'MAXLEN', '=', 2);
    const behind = listen(entries[0]?.[0]);
    await until(behind, ['reset, behind', 'live 2', 'live 3']);
    await behind.stop();
    const edge = listen(entries[2]?.[0]);
    await until(edge, ['live 3']);
    await edge.stop();
  });

  it('says that the log is lost where Redis has none any more, while it listens and when it resumes', async () => {
    await close(0);
    const listener = listen('0-0');
    await until(listener, ['live 0']);
    const { position } = listener.feed;
    await redis.del(exchangeClosesKey(exchangeId));
    await until(listener, ['live 0', 'reset, lost']);
    await close(1);
    await until(listener, ['live 0', 'reset, lost', 'live 1']);
    await listener.stop();
    const later = listen('99999999999999-0');
    await until(later, ['reset, lost', 'live 1']);
    await later.stop();
    const resumed = listen(position);
    await until(resumed, ['reset, behind', 'live 1']);
    await resumed.stop();
  });

  it('notices a log that was replaced by an older one, wherever it goes on', async () => {
    const key = exchangeClosesKey(exchangeId);
    const fields = ['series', 'BTCUSDT 1m', 'label', 'refill', 'from', 1, 'to', 2, 'bars', 2] as const;
    const fill = async (ids: readonly number[]) => {
      await redis.del(key);
      for (const id of ids) await redis.xadd(key, `${id}-0`, ...fields);
    };
    await fill([1_000, 2_000, 3_000]);
    const heard = listen('0-0');
    await vi.waitFor(() => expect(heard.feed.position).toBe('3000-0'));
    await heard.stop();
    await fill([1_000, 1_500, 2_500, 3_500]);
    const resumed = listen('3000-0');
    await until(resumed, ['reset, lost', 'refill of 2', 'refill of 2', 'refill of 2', 'refill of 2']);
    await resumed.stop();
  });

  it('is told of a log that was lost and begun anew between two looks', async () => {
    await close(0);
    const listener = listen('0-0');
    await until(listener, ['live 0']);
    await redis
      .multi()
      .del(exchangeClosesKey(exchangeId))
      .xadd(
        exchangeClosesKey(exchangeId),
        '*',
        'series',
        'BTCUSDT 1m',
        'label',
        'refill',
        'from',
        1,
        'to',
        2,
        'bars',
        2,
      )
      .exec();
    await until(listener, ['live 0', 'reset, behind', 'refill of 2']);
    await listener.stop();
  });

  it('misses nothing when its connections are cut again and again', async () => {
    const listener = listen('0-0');
    const expected: string[] = [];
    for (let at = 0; at < 40; at += 1) {
      await close(at);
      expected.push(`live ${at}`);
      if (at % 8 === 3) for (const connection of listener.connections) connection.stream.destroy();
    }
    await until(listener, expected);
    await listener.stop();
  });

  it('leaves out an entry that is none, names it, and gives those around it', async () => {
    const key = exchangeClosesKey(exchangeId);
    await close(0);
    await redis.xadd(key, '*', 'series', 'BTCUSDT 2m', 'label', 'live');
    await redis.xadd(key, '*', 'series', 'BTCUSDT 1m', 'label', 'loud', 'candle', 'x');
    await redis.xadd(key, '*', 'series', 'BTCUSDT 1m', 'label', 'live', 'candle', 'x');
    await redis.xadd(
      key,
      '*',
      'series',
      'BTCUSDT 1m',
      'label',
      'refill',
      'from',
      '-1',
      'to',
      '2',
      'bars',
      '1',
    );
    await close(1);
    const listener = listen('0-0');
    await until(listener, ['live 0', 'live 1']);
    expect(listener.troubles.map((text) => text.replaceAll(/\d+-\d+/g, 'ID'))).toEqual([
      `CacheValueError: Redis: ${key}: ID: names no series`,
      `CacheValueError: Redis: ${key}: ID: is no announcement`,
      'CacheValueError: Redis: a candle of BTCUSDT 1m: layout: is none of 1, 2 and JSON',
      `CacheValueError: Redis: ${key}: ID: does not say which bars were refilled`,
    ]);
    await listener.stop();
  });

  it('waits out a key of another type, and says so', async () => {
    const key = exchangeClosesKey(exchangeId);
    await redis.set(key, 'text');
    const listener = listen('0-0');
    await vi.waitFor(() => expect(listener.troubles.join(' ')).toContain('WRONGTYPE'));
    await redis.del(key);
    await close(0);
    await until(listener, ['live 0']);
    await listener.stop();
  });

  it('has nothing to say of a log of which only the newest entry is left, to who has heard it', async () => {
    const key = exchangeClosesKey(exchangeId);
    const fields = ['series', 'BTCUSDT 1d', 'label', 'refill', 'from', 1, 'to', 2, 'bars', 2] as const;
    for (let at = 1; at <= 250; at += 1) await redis.xadd(key, `${at}-0`, ...fields);
    await trimCloses(redis, exchangeId, 10 * CLOSES_KEPT_MS);
    expect((await redis.xrange(key, '-', '+')).at(-1)?.[0]).toBe('250-0');
    const listener = listen('250-0');
    await close(0);
    await until(listener, ['live 0']);
    await listener.stop();
    await trimCloses(redis, freshExchangeId(), 1);
  });

  it('refuses what is no id', () => {
    expect(() => new CloseFeed(redis, exchangeId, { clock: systemClock, after: '$' })).toThrow(
      '"$" is no id of a log',
    );
  });

  it('lets go of what is older than a day', async () => {
    const key = exchangeClosesKey(exchangeId);
    const fields = ['series', 'BTCUSDT 1m', 'label', 'refill', 'from', 1, 'to', 2, 'bars', 2] as const;
    const now = 10 * CLOSES_KEPT_MS;
    for (let at = 0; at < 600; at += 1)
      await redis.xadd(key, `${now - 600 * 600_000 + at * 600_000}-0`, ...fields);
    await trimCloses(redis, exchangeId, now);
    const left = await redis.xrange(key, '-', '+');
    expect(left.length).toBeLessThan(300);
    expect(left.filter(([id]) => Number(id.split('-')[0]) >= now - CLOSES_KEPT_MS)).toHaveLength(144);
  });
});
