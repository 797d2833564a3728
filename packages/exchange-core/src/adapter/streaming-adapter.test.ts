import type { Exchange, Timeframe } from '@livermore/schemas';
import { openTimeOf } from '@livermore/schemas';
import { ManualClock, seededRandom, silentLogger } from '@livermore/utils';
import { describe, expect, it } from 'vitest';
import { UnstreamedTimeframeError } from '../errors';
import { FakeVenue, fakeProtocol } from '../testing';
import type { FakeProtocolOptions } from '../testing';
import type { AdapterEvent } from './exchange-adapter';
import { StreamingAdapter } from './streaming-adapter';
import type { AdapterOptions } from './streaming-adapter';

const EXCHANGE: Exchange = {
  id: 9,
  name: 'fake',
  wsUrl: 'ws://127.0.0.1:1/stream',
  restUrl: 'http://127.0.0.1:1',
  isActive: true,
};

const EVENT_TYPES = [
  'candle:update',
  'candle:close',
  'ticker:update',
  'feed:connected',
  'feed:live',
  'feed:disconnected',
  'feed:reconnecting',
  'feed:gap',
  'feed:repair',
  'feed:decode-error',
  'feed:error',
  'connected',
  'disconnected',
  'reconnecting',
  'error',
] as const;

function setUp(options: FakeProtocolOptions = {}, extra: Partial<AdapterOptions> = {}) {
  const clock = new ManualClock();
  const venue = new FakeVenue(clock);
  const adapter = new StreamingAdapter({
    exchange: EXCHANGE,
    protocol: fakeProtocol(options),
    transport: venue,
    clock,
    random: seededRandom(7),
    logger: silentLogger,
    ...extra,
  });
  const events: AdapterEvent[] = [];
  for (const type of EVENT_TYPES) adapter.on(type, (event) => void events.push(event));
  const of = <T extends AdapterEvent['type']>(type: T) =>
    events.filter((event): event is Extract<AdapterEvent, { type: T }> => event.type === type);
  const publish = (symbol: string, final = false, timeframe: Timeframe = '1m', price = 10) => {
    const openTime = openTimeOf(timeframe, clock.now() - (final ? 60_000 : 0));
    venue.publish({ symbol, timeframe, openTime, price, final });
  };
  /** Lets time pass with a bar a second for each symbol. */
  const flow = async (seconds: number, symbols: readonly string[]) => {
    for (let second = 0; second < seconds; second += 1) {
      for (const symbol of symbols) publish(symbol);
      await clock.advance(1_000);
    }
  };
  return { clock, venue, adapter, events, of, publish, flow };
}

const streamNames = (symbol: string) => symbol.replace('USDC', 'USD');

describe('a feed', () => {
  it('connects, subscribes what was asked for before, and delivers', async () => {
    const { clock, venue, adapter, of, publish } = setUp();
    adapter.subscribe(['AAA', 'BBB'], '1m');
    let isDone = false;
    void adapter.connect().then(() => {
      isDone = true;
    });
    expect(adapter.isConnected()).toBe(false);
    await clock.advance(100);
    expect(isDone).toBe(true);
    expect(adapter.isConnected()).toBe(true);
    expect([...venue.newest.topics]).toEqual(['AAA@1m', 'BBB@1m']);
    publish('AAA');
    publish('BBB', true);
    await clock.advance(10);
    expect(of('candle:update').map(({ candle }) => candle.symbol)).toEqual(['AAA']);
    expect(of('candle:close').map(({ candle }) => candle.symbol)).toEqual(['BBB']);
    expect(of('connected')).toHaveLength(1);
    expect(of('feed:live')).toEqual([{ type: 'feed:live', connection: 'fake#1' }]);
    expect(of('feed:repair')).toEqual([]);
  });

  it('opens a connection although nothing is subscribed yet, and subscribes on it later', async () => {
    const { clock, venue, adapter } = setUp();
    void adapter.connect();
    await clock.advance(100);
    expect(adapter.isConnected()).toBe(true);
    for (let beat = 0; beat < 100; beat += 1) {
      venue.newest.ping();
      await clock.advance(20_000);
    }
    adapter.subscribe(['AAA'], '1m');
    adapter.subscribe(['BBB'], '5m');
    await clock.advance(100);
    expect(venue.sockets).toHaveLength(1);
    expect(venue.newest.received).toHaveLength(1);
    expect([...venue.newest.topics]).toEqual(['AAA@1m', 'BBB@5m']);
  });

  it('owes a repair to what is subscribed later: whoever asked may be fetching already', async () => {
    const { clock, adapter, of, flow } = setUp();
    adapter.subscribe(['AAA'], '1m');
    void adapter.connect();
    await clock.advance(100);
    await flow(3, ['AAA']);
    const asked = clock.now();
    adapter.subscribe(['BBB'], '5m');
    await clock.advance(200);
    const [repair] = of('feed:repair');
    expect(repair?.series).toEqual([{ symbol: 'BBB', timeframe: '5m' }]);
    expect(repair?.since).toBeLessThanOrEqual(asked - 30_000);
    expect(of('feed:repair')).toHaveLength(1);
  });

  it('takes off what nobody wants any more and passes on nothing of it', async () => {
    const { clock, venue, adapter, of } = setUp();
    adapter.subscribe(['AAA', 'BBB'], '1m');
    void adapter.connect();
    await clock.advance(100);
    adapter.unsubscribe(['AAA', 'never asked'], '1m');
    const openTime = openTimeOf('1m', clock.now());
    venue.newest.push({
      at: clock.now(),
      bar: { symbol: 'AAA', timeframe: '1m', openTime, price: 1, final: false },
    });
    await clock.advance(200);
    expect([...venue.newest.topics]).toEqual(['BBB@1m']);
    expect(of('candle:update')).toEqual([]);
  });

  it('serves an alias pair from one topic', async () => {
    const { clock, venue, adapter, of, publish } = setUp({}, { streamNames });
    adapter.subscribe(['X-USD', 'X-USDC'], '1m');
    void adapter.connect();
    await clock.advance(100);
    expect([...venue.newest.topics]).toEqual(['X-USD@1m']);
    expect(adapter.facts().topicsWanted).toBe(1);
    publish('X-USD');
    await clock.advance(10);
    expect(of('candle:update').map(({ candle }) => candle.symbol)).toEqual(['X-USD', 'X-USDC']);
    adapter.unsubscribe(['X-USD'], '1m');
    await clock.advance(200);
    publish('X-USD');
    await clock.advance(10);
    expect(of('candle:update').map(({ candle }) => candle.symbol)).toEqual(['X-USD', 'X-USDC', 'X-USDC']);
  });

  it('refuses a timeframe the venue does not stream, with its name', () => {
    const { adapter } = setUp();
    expect(() => adapter.subscribe(['AAA'], '15m')).toThrow(UnstreamedTimeframeError);
    expect(() => adapter.subscribe(['AAA'], '15m')).toThrow('fake does not stream 15m; it streams 1m, 5m');
  });

  it('spreads topics over connections that are spaced, and repairs what waited for its connection', async () => {
    const { clock, venue, adapter, of, publish } = setUp({ limits: { topicsPerConnection: 10 } });
    adapter.subscribe(
      Array.from({ length: 25 }, (_, at) => `S${at}`),
      '1m',
    );
    void adapter.connect();
    await clock.advance(1_000);
    expect(venue.sockets.map(({ topics }) => topics.size)).toEqual([9, 8, 8]);
    const [first = 0] = venue.dialledAt;
    expect(venue.dialledAt.map((at) => at - first)).toEqual([0, 200, 400]);
    expect(of('feed:repair')).toEqual([]);
    publish('S0');
    await clock.advance(10);
    const repaired = of('feed:repair').flatMap(({ series }) => series.map(({ symbol }) => symbol));
    expect(repaired).toHaveLength(16);
    expect(of('connected')).toHaveLength(1);
  });

  it('ends with nothing left behind', async () => {
    const { clock, venue, adapter, events, flow } = setUp();
    adapter.subscribe(['AAA'], '1m');
    void adapter.connect();
    await clock.advance(100);
    await flow(2, ['AAA']);
    await adapter.disconnect();
    expect(adapter.isConnected()).toBe(false);
    expect(events.at(-1)).toEqual({ type: 'disconnected', reason: 'stopped' });
    const before = events.length;
    venue.newest.push({ beat: true });
    await clock.advance(600_000);
    expect(clock.pendingTimers).toBe(0);
    expect(venue.live).toHaveLength(0);
    expect(events).toHaveLength(before);
    void adapter.connect();
    await clock.advance(100);
    expect([...venue.newest.topics]).toEqual(['AAA@1m']);
  });

  it('lets go of whoever waits for a connection when it is switched off', async () => {
    const { venue, adapter, clock } = setUp();
    venue.manners.upgrade = 'refuse';
    const connecting = adapter.connect();
    await clock.advance(120_000);
    await adapter.disconnect();
    await expect(connecting).resolves.toBeUndefined();
    expect(adapter.isConnected()).toBe(false);
    expect(clock.pendingTimers).toBe(0);
  });

  it('survives listeners that throw', async () => {
    const { clock, adapter, of, publish } = setUp();
    adapter.on('candle:update', () => {
      throw new Error('listener');
    });
    const late: string[] = [];
    adapter.on('candle:update', ({ candle }) => late.push(candle.symbol));
    adapter.subscribe(['AAA'], '1m');
    void adapter.connect();
    await clock.advance(100);
    publish('AAA');
    await clock.advance(10);
    expect(of('candle:update')).toHaveLength(1);
    expect(late).toEqual(['AAA']);
    expect(adapter.facts().listenerFaults).toBe(1);
  });

  it('counts frames it cannot read by field, passes nothing on, and goes on', async () => {
    const { clock, venue, adapter, of, publish } = setUp();
    adapter.subscribe(['AAA'], '1m');
    void adapter.connect();
    await clock.advance(100);
    venue.newest.pushText('{"at":17000');
    venue.newest.pushText('<html>502</html>');
    venue.newest.pushText('{"bar":{"symbol":7}}');
    venue.newest.push({ what: 'news' });
    publish('AAA');
    await clock.advance(10);
    expect(adapter.facts().decodeErrors).toEqual({ frame: 2, 'bar.symbol': 1 });
    expect(adapter.facts().ignored).toEqual({ news: 1 });
    expect(of('feed:decode-error').map(({ field }) => field)).toEqual(['frame', 'frame', 'bar.symbol']);
    expect(of('candle:update')).toHaveLength(1);
  });

  it('passes a repeated close on once, and a revised one again', async () => {
    const { clock, venue, adapter, of } = setUp();
    adapter.subscribe(['AAA'], '1m');
    void adapter.connect();
    await clock.advance(100);
    const at = clock.now();
    const openTime = openTimeOf('1m', at) - 60_000;
    const bar = { symbol: 'AAA', timeframe: '1m', openTime, price: 5, final: true } as const;
    venue.newest.push({ at, bar });
    venue.newest.push({ at, bar });
    venue.newest.push({ at: at + 1, bar: { ...bar, price: 6 } });
    await clock.advance(10);
    expect(of('candle:close').map(({ candle }) => candle.close)).toEqual([5, 6]);
    expect(adapter.facts().repeatedCloses).toBe(1);
  });
});

const connected = async (options: FakeProtocolOptions = {}) => {
  const all = setUp(options);
  all.adapter.subscribe(['AAA', 'BBB'], '1m');
  void all.adapter.connect();
  await all.clock.advance(100);
  await all.flow(5, ['AAA', 'BBB']);
  return all;
};

describe('a feed that loses its connection', () => {
  it('comes back, restores what is desired, and repairs from the last good data on', async () => {
    const { clock, venue, adapter, of, flow } = await connected();
    const lastData = clock.now() - 1_000;
    venue.newest.cut();
    adapter.unsubscribe(['BBB'], '1m');
    adapter.subscribe(['CCC'], '1m');
    await clock.advance(5);
    expect(adapter.isConnected()).toBe(false);
    expect(of('disconnected')).toEqual([{ type: 'disconnected', reason: 'closed with 1006' }]);
    await clock.advance(3_000);
    expect([...venue.newest.topics].toSorted()).toEqual(['AAA@1m', 'CCC@1m']);
    expect(of('reconnecting')).toHaveLength(1);
    const [repair] = of('feed:repair');
    expect(repair?.series.map(({ symbol }) => symbol).toSorted()).toEqual(['AAA', 'CCC']);
    expect(repair?.since).toBeLessThanOrEqual(lastData);
    expect(repair?.since).toBeGreaterThanOrEqual(lastData - 40_000);
    await flow(1, ['AAA']);
    expect(of('feed:live')).toHaveLength(2);
    expect(of('feed:repair')).toHaveLength(1);
  });

  it('tries for ever, one socket at a time, ever more slowly, whatever answers the upgrade', async () => {
    const { clock, venue, adapter, of, flow } = await connected();
    venue.manners.upgrade = 'refuse';
    venue.newest.cut();
    await clock.advance(6 * 3_600_000);
    const attempts = venue.sockets.length - 1;
    expect(attempts).toBeGreaterThan(6 * 60);
    expect(venue.live).toHaveLength(0);
    expect(of('feed:error')[0]?.message).toContain('503');
    expect(Math.max(...of('feed:reconnecting').map(({ delayMs }) => delayMs))).toBeLessThanOrEqual(60_000);
    expect(adapter.facts().connections[0]?.failures).toBe(attempts + 1);
    venue.manners.upgrade = 'accept';
    await flow(61, ['AAA', 'BBB']);
    expect(adapter.isConnected()).toBe(true);
    expect(of('feed:repair')).toHaveLength(1);
  });

  it('gives up a socket that never opens', async () => {
    const { clock, venue, adapter } = await connected();
    venue.manners.upgrade = 'hang';
    venue.newest.cut();
    await clock.advance(20_000);
    venue.manners.upgrade = 'accept';
    await clock.advance(20_000);
    expect(adapter.isConnected()).toBe(true);
    expect(venue.live).toHaveLength(1);
  });

  it('notices a half-open socket, and one that beats but delivers nothing', async () => {
    const { clock, venue, of } = await connected();
    venue.newest.isDeaf = true;
    await clock.advance(30_000);
    expect(of('feed:disconnected').map(({ reason }) => reason)).toEqual(['dead: no frame of any kind']);
    await clock.advance(3_000);
    for (let beat = 0; beat < 7; beat += 1) {
      venue.newest.push({ beat: true });
      venue.newest.ping();
      await clock.advance(10_000);
    }
    expect(of('feed:disconnected').at(-1)?.reason).toBe('silent: no data');
  });

  it('hears nothing of a socket it has given up', async () => {
    const { clock, venue, adapter, of, publish } = await connected();
    const old = venue.newest;
    old.isDeaf = true;
    await clock.advance(35_000);
    expect(venue.newest).not.toBe(old);
    old.isDeaf = false;
    const updates = of('candle:update').length;
    const losses = of('feed:disconnected').length;
    const openTime = openTimeOf('1m', clock.now());
    const bar = { symbol: 'AAA', timeframe: '1m', openTime, price: 1, final: false } as const;
    old.push({ at: clock.now(), bar });
    old.push({ bye: 'late' });
    await clock.advance(10);
    expect(of('candle:update')).toHaveLength(updates);
    expect(of('feed:disconnected')).toHaveLength(losses);
    publish('AAA');
    await clock.advance(10);
    expect(of('candle:update')).toHaveLength(updates + 1);
    expect(adapter.facts().connections[0]?.rotations).toBe(0);
  });

  it('reports a gap in the counter and repairs at once, without reconnecting', async () => {
    const all = setUp();
    all.venue.manners.isNumbered = true;
    all.adapter.subscribe(['AAA'], '1m');
    void all.adapter.connect();
    await all.clock.advance(100);
    await all.flow(3, ['AAA']);
    const lastData = all.clock.now() - 1_000;
    all.venue.newest.skipNumbers(2);
    await all.flow(2, ['AAA']);
    expect(all.of('feed:gap')).toEqual([
      { type: 'feed:gap', connection: 'fake#1', expected: 4, received: 6 },
    ]);
    const [repair] = all.of('feed:repair');
    expect(repair?.series).toEqual([{ symbol: 'AAA', timeframe: '1m' }]);
    expect(repair?.since).toBe(lastData - 30_000);
    expect(all.venue.sockets).toHaveLength(1);
    expect(all.adapter.facts().gaps).toBe(1);
  });

  it('drops frames that come again', async () => {
    const all = setUp();
    all.venue.manners.isNumbered = true;
    all.adapter.subscribe(['AAA'], '1m');
    void all.adapter.connect();
    await all.clock.advance(100);
    await all.flow(1, ['AAA']);
    const updates = all.of('candle:update').length;
    all.venue.newest.skipNumbers(-1);
    await all.flow(1, ['AAA']);
    expect(all.of('candle:update')).toHaveLength(updates);
    expect(all.of('feed:gap')).toHaveLength(0);
  });
});

describe('subscribing', () => {
  it('asks again what was not acknowledged, then replaces the connection', async () => {
    const { clock, venue, adapter, of } = setUp();
    venue.manners.answer = 'none';
    adapter.subscribe(['AAA'], '1m');
    void adapter.connect();
    await clock.advance(15_000);
    expect(venue.sockets).toHaveLength(1);
    expect(venue.newest.received).toHaveLength(2);
    venue.newest.ping();
    await clock.advance(10_000);
    expect(of('feed:disconnected')[0]?.reason).toBe('no acknowledgement in time: AAA@1m');
    venue.manners.answer = 'ack';
    await clock.advance(10_000);
    expect(adapter.isConnected()).toBe(true);
  });

  it('lives with one topic the venue refuses, says so, and takes it up when the venue does', async () => {
    const { venue, adapter, of, flow } = setUp({ ids: 'none' });
    venue.manners.answer = 'map';
    venue.manners.badTopics.add('BAD@1m');
    adapter.subscribe(['AAA', 'BAD', 'BBB'], '1m');
    void adapter.connect();
    await flow(120, ['AAA', 'BBB']);
    expect(adapter.isConnected()).toBe(true);
    expect(of('feed:disconnected').map(({ reason }) => reason)).toEqual([
      'the acknowledgement lacks topics: BAD@1m',
      'the acknowledgement lacks topics: BAD@1m',
    ]);
    expect(adapter.facts().connections[0]?.topicsRefused).toEqual(['BAD@1m']);
    venue.manners.badTopics.clear();
    await flow(310, ['AAA', 'BBB']);
    expect(venue.newest.topics.has('BAD@1m')).toBe(true);
    expect(adapter.facts().connections[0]?.topicsRefused).toEqual([]);
    expect(of('feed:disconnected')).toHaveLength(2);
  });

  it('finds out by the listing that an acknowledged topic is not subscribed', async () => {
    const { clock, venue, adapter, of, flow } = setUp({ hasListing: true });
    adapter.subscribe(['AAA', 'BBB'], '1m');
    void adapter.connect();
    await clock.advance(300);
    await flow(10, ['AAA', 'BBB']);
    venue.newest.topics.delete('BBB@1m');
    await flow(400, ['AAA', 'BBB']);
    expect(venue.newest.topics.has('BBB@1m')).toBe(true);
    expect(venue.sockets).toHaveLength(1);
    const [repair] = of('feed:repair');
    expect(repair?.series).toEqual([{ symbol: 'BBB', timeframe: '1m' }]);
    expect(repair?.reason).toBe('was not subscribed');
  });

  it('renews a series on request and repairs it', async () => {
    const { clock, venue, adapter, of, flow } = setUp();
    adapter.subscribe(['AAA', 'BBB'], '1m');
    void adapter.connect();
    await clock.advance(100);
    await flow(2, ['AAA', 'BBB']);
    const series = { symbol: 'BBB', timeframe: '1m' } as const;
    expect(adapter.lastDataAt(series)).toBe(clock.now() - 995);
    adapter.resubscribe([series]);
    await clock.advance(300);
    const ops = venue.newest.received.slice(-2).map(({ text }) => text);
    expect(ops[0]).toContain('"unsub","topics":["BBB@1m"]');
    expect(ops[1]).toContain('"sub","topics":["BBB@1m"]');
    expect(of('feed:repair').map((event) => event.series)).toEqual([[series]]);
  });
});

describe('leaving a connection by overlap', () => {
  const HOUR = 3_600_000;
  const LIMITS = { rotateAfterMs: HOUR, silentAfterMs: 600_000, deadAfterMs: 600_000 };

  /** A venue that sends a numbered close every 100 ms; bars are a minute long, so numbers are made into open times. */
  const numbered = async (options: FakeProtocolOptions = {}) => {
    const all = setUp({ limits: LIMITS, ...options });
    all.adapter.subscribe(['AAA'], '1m');
    void all.adapter.connect();
    await all.clock.advance(100);
    let number = 0;
    const start = openTimeOf('1m', all.clock.now()) - 10 ** 9 * 60;
    const pour = async (count: number, everyMs = 100) => {
      for (let sent = 0; sent < count; sent += 1) {
        number += 1;
        const openTime = start + number * 60_000;
        all.venue.publish({ symbol: 'AAA', timeframe: '1m', openTime, price: number, final: true });
        await all.clock.advance(everyMs);
      }
    };
    const closes = () => all.of('candle:close').map(({ candle }) => candle.close);
    const expected = () => Array.from({ length: number }, (_, at) => at + 1);
    return { ...all, pour, closes, expected };
  };

  it('misses no frame and owes no repair, on age', async () => {
    const { clock, venue, adapter, of, pour, closes, expected } = await numbered();
    await pour(60, 60_000);
    await pour(100);
    expect(venue.sockets).toHaveLength(2);
    expect(adapter.facts().connections[0]?.rotations).toBe(1);
    expect(closes()).toEqual(expected());
    expect(of('feed:repair')).toEqual([]);
    expect(of('feed:disconnected')).toEqual([]);
    await clock.advance(6_000);
    expect(venue.live).toHaveLength(1);
  });

  it('misses no frame on goodbye, although frames travel for a second', async () => {
    const { clock, venue, of, pour, closes, expected } = await numbered();
    await pour(10, 60_000);
    venue.manners.latencyMs = 1_000;
    venue.newest.push({ bye: 'maintenance' });
    await pour(100);
    await clock.advance(2_000);
    expect(venue.sockets).toHaveLength(2);
    expect(closes()).toEqual(expected());
    expect(of('feed:repair')).toEqual([]);
    expect(venue.live).toHaveLength(1);
  });

  it('repairs when the venue cuts the old connection before the successor is there', async () => {
    const { clock, venue, of, pour, adapter } = await numbered();
    await pour(10, 60_000);
    const old = venue.newest;
    venue.manners.upgrade = 'hang';
    old.push({ bye: 'maintenance' });
    await pour(3);
    venue.manners.upgrade = 'accept';
    const lastGood = clock.now() - 100;
    old.cut(1001, 'bye');
    await pour(200);
    expect(adapter.isConnected()).toBe(true);
    const [repair] = of('feed:repair');
    expect(repair?.since).toBeLessThanOrEqual(lastGood);
    expect(of('feed:repair')).toHaveLength(1);
  });

  it('keeps the old connection when the successor is refused, and tries again', async () => {
    const { venue, of, pour, closes, expected, adapter } = await numbered();
    await pour(10, 60_000);
    venue.manners.upgrade = 'refuse';
    venue.newest.push({ bye: 'maintenance' });
    await pour(50);
    expect(closes()).toEqual(expected());
    expect(of('feed:error').length).toBeGreaterThan(0);
    expect(adapter.isConnected()).toBe(true);
    venue.manners.upgrade = 'accept';
    await pour(1_300);
    expect(adapter.facts().connections[0]?.rotations).toBe(1);
    expect(closes()).toEqual(expected());
    expect(of('feed:repair')).toEqual([]);
  });

  it('repairs when the old connection does not answer the closing handshake', async () => {
    const { venue, of, pour, adapter } = await numbered();
    await pour(10, 60_000);
    venue.manners.answersClose = false;
    venue.newest.push({ bye: 'maintenance' });
    await pour(100);
    expect(adapter.facts().connections[0]?.rotations).toBe(1);
    expect(of('feed:repair').map(({ reason }) => reason)).toEqual([
      'rotation: the old connection did not answer our close',
    ]);
    expect(venue.live).toHaveLength(1);
  });

  it('repairs when the old connection is cut while it closes', async () => {
    const { venue, of, pour, adapter } = await numbered();
    await pour(10, 60_000);
    const old = venue.newest;
    venue.manners.answersClose = false;
    old.push({ bye: 'maintenance' });
    await pour(10);
    expect(adapter.facts().connections[0]?.rotations).toBe(1);
    old.cut();
    await pour(1);
    expect(of('feed:repair').map(({ reason }) => reason)).toEqual(['rotation: the old connection was cut']);
  });

  it('does not let shards of one venue rotate together', async () => {
    const all = setUp({ limits: { ...LIMITS, topicsPerConnection: 1 } });
    all.adapter.subscribe(['AAA', 'BBB', 'CCC', 'DDD'], '1m');
    void all.adapter.connect();
    for (let minute = 0; minute < 61; minute += 1) {
      for (const symbol of ['AAA', 'BBB', 'CCC', 'DDD']) all.publish(symbol);
      await all.clock.advance(60_000);
    }
    const second = all.venue.dialledAt.slice(4);
    expect(second).toHaveLength(4);
    const ordered = second.toSorted((a, b) => a - b);
    ordered.forEach((at, index) => {
      if (index > 0) expect(at - (ordered[index - 1] ?? 0)).toBeGreaterThan(1_000);
    });
  });
});

describe('time', () => {
  it('costs a handful of timers an hour, however many frames come', async () => {
    const { clock, adapter, flow } = setUp();
    adapter.subscribe(['AAA'], '1m');
    void adapter.connect();
    await clock.advance(100);
    let armed = 0;
    const setTimer = clock.setTimer.bind(clock);
    // What travels for 5 ms is the venue's doing.
    clock.setTimer = (callback, delayMs) => {
      if (delayMs !== 5) armed += 1;
      return setTimer(callback, delayMs);
    };
    await flow(3_600, ['AAA']);
    expect(armed).toBeLessThanOrEqual(3_600 / 25);
  });
});
