import { openTimeOf } from '@livermore/schemas';
import { describe, expect, it } from 'vitest';
import { UnstreamedTimeframeError } from '../errors';
import { feedBench } from '../testing';

const streamNames = (symbol: string) => symbol.replace('USDC', 'USD');

describe('a feed', () => {
  it('connects, subscribes what was asked for before, and delivers', async () => {
    const { clock, venue, adapter, of, publish } = feedBench();
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
    const { clock, venue, adapter } = feedBench();
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
    const { clock, adapter, of, flow } = feedBench();
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
    const { clock, venue, adapter, of } = feedBench();
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
    const { clock, venue, adapter, of, publish } = feedBench({}, { streamNames });
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
    const { adapter } = feedBench();
    expect(() => adapter.subscribe(['AAA'], '15m')).toThrow(UnstreamedTimeframeError);
    expect(() => adapter.subscribe(['AAA'], '15m')).toThrow('fake does not stream 15m; it streams 1m, 5m');
  });

  it('spreads topics over connections that are spaced, and repairs what waited for its connection', async () => {
    const { clock, venue, adapter, of, publish } = feedBench({ limits: { topicsPerConnection: 10 } });
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
    const { clock, venue, adapter, events, flow } = feedBench();
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
    const { venue, adapter, clock } = feedBench();
    venue.manners.upgrade = 'refuse';
    const connecting = adapter.connect();
    await clock.advance(120_000);
    await adapter.disconnect();
    await expect(connecting).resolves.toBeUndefined();
    expect(adapter.isConnected()).toBe(false);
    expect(clock.pendingTimers).toBe(0);
  });

  it('survives listeners that throw', async () => {
    const { clock, adapter, of, publish } = feedBench();
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
    const { clock, venue, adapter, of, publish } = feedBench();
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
    const { clock, venue, adapter, of } = feedBench();
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

describe('subscribing', () => {
  it('asks again what was not acknowledged, then replaces the connection', async () => {
    const { clock, venue, adapter, of } = feedBench();
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
    const { venue, adapter, of, flow } = feedBench({ ids: 'none' });
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
    const { clock, venue, adapter, of, flow } = feedBench({ hasListing: true });
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
    const { clock, venue, adapter, of, flow } = feedBench();
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

describe('time', () => {
  it('costs a handful of timers an hour, however many frames come', async () => {
    const { clock, adapter, flow } = feedBench();
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
