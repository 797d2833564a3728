import { openTimeOf } from '@livermore/schemas';
import { describe, expect, it } from 'vitest';
import { feedBench } from '../testing';
import type { FakeProtocolOptions } from '../testing';

const connected = async (options: FakeProtocolOptions = {}) => {
  const all = feedBench(options);
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
    const all = feedBench();
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
    const all = feedBench();
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
