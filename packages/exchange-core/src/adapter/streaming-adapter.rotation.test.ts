import { openTimeOf } from '@livermore/schemas';
import { describe, expect, it } from 'vitest';
import { feedBench } from '../testing';
import type { FakeProtocolOptions } from '../testing';

describe('leaving a connection by overlap', () => {
  const HOUR = 3_600_000;
  const LIMITS = { rotateAfterMs: HOUR, silentAfterMs: 600_000, deadAfterMs: 600_000 };

  /** A venue that sends a numbered close every 100 ms; bars are a minute long, so numbers are made into open times. */
  const numbered = async (options: FakeProtocolOptions = {}) => {
    const all = feedBench({ limits: LIMITS, ...options });
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
    const all = feedBench({ limits: { ...LIMITS, topicsPerConnection: 1 } });
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
