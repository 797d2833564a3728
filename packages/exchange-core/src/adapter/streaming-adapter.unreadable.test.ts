import { openTimeOf } from '@livermore/schemas';
import { describe, expect, it } from 'vitest';
import { feedBench } from '../testing/feed-bench';

const ODD = { field: 'bar.price', message: 'fake: bar.price: is odd' };
const MINUTE_MS = 60_000;

/** An adapter that carries AAA, BBB and a ticker, on a venue that numbers its frames. */
async function setUp() {
  const bench = feedBench();
  bench.venue.manners.isNumbered = true;
  bench.adapter.subscribe(['AAA', 'BBB'], '1m');
  bench.adapter.subscribeTickers(['AAA']);
  void bench.adapter.connect();
  await bench.clock.advance(100);
  bench.publish('AAA');
  bench.publish('BBB');
  await bench.clock.advance(1_000);
  const { venue, clock } = bench;
  /** An entry of a frame that cannot be read, of the bar that is open. */
  const odd = async (symbol: string, extra: object = {}) => {
    const openTime = openTimeOf('1m', clock.now());
    const element = { ...ODD, symbol, topics: [`${symbol}@1m`], openTime, ...extra };
    venue.newest.push({ at: venue.now(), odd: [element] });
    await clock.advance(10);
  };
  return { ...bench, odd };
}

describe('an entry that cannot be read', () => {
  it('never looks like a lost frame, however many there are', async () => {
    const { adapter, venue, clock, of, publish } = await setUp();
    for (let second = 0; second < 600; second += 1) {
      venue.newest.push({ at: venue.now(), odd: [{ ...ODD, symbol: 'AAA' }] });
      publish('BBB');
      await clock.advance(1_000);
    }
    expect(of('feed:gap')).toEqual([]);
    expect(of('feed:repair')).toEqual([]);
    expect(adapter.facts()).toMatchObject({ gaps: 0, repairs: 0, decodeErrors: { 'bar.price': 600 } });
    expect(of('candle:update').filter(({ candle }) => candle.symbol === 'BBB')).toHaveLength(601);
  });

  it('is told with field and symbol, and what stands beside it in the frame is passed on', async () => {
    const { venue, clock, of } = await setUp();
    const before = of('candle:update').length;
    const bar = { symbol: 'BBB', timeframe: '1m', openTime: openTimeOf('1m', clock.now()) } as const;
    const odd = [{ ...ODD, symbol: 'AAA' }, ODD];
    venue.newest.push({ at: venue.now(), bar: { ...bar, price: 7, final: false }, odd });
    await clock.advance(10);
    expect(of('candle:update').slice(before)).toMatchObject([{ candle: { symbol: 'BBB', close: 7 } }]);
    expect(of('feed:decode-error')).toEqual([
      { type: 'feed:decode-error', ...ODD, symbol: 'AAA' },
      { type: 'feed:decode-error', ...ODD },
    ]);
  });

  it('owes its own series a repair since the bar it would have told of, and no other series', async () => {
    const { clock, odd, of } = await setUp();
    const openTime = openTimeOf('1m', clock.now()) - 5 * MINUTE_MS;
    await odd('AAA', { openTime });
    expect(of('feed:repair')).toEqual([
      {
        type: 'feed:repair',
        series: [{ symbol: 'AAA', timeframe: '1m' }],
        since: openTime,
        reason: 'bar.price could not be read',
      },
    ]);
  });

  it('is repaired from before the last data when its open time is not known, or lies beyond it', async () => {
    const { odd, of, venue } = await setUp();
    const lastData = venue.now();
    await odd('AAA', { openTime: undefined });
    await odd('BBB', { openTime: lastData + 3_600_000 });
    expect(of('feed:repair')).toHaveLength(2);
    for (const { since } of of('feed:repair')) {
      expect(since).toBeLessThan(lastData - 20_000);
      expect(since).toBeGreaterThan(lastData - 120_000);
    }
  });

  it('is repaired once a minute at most for each series, and nothing owed meanwhile is forgotten', async () => {
    const { clock, flow, odd, of } = await setUp();
    const first = openTimeOf('1m', clock.now()) - 10 * MINUTE_MS;
    await odd('AAA', { openTime: first });
    for (let second = 1; second < 50; second += 1) {
      await odd('AAA', { openTime: first + (60 - second) * 1_000, field: `f${second}` });
      await clock.advance(900);
    }
    await odd('BBB');
    expect(of('feed:repair').map(({ series }) => series[0]?.symbol)).toEqual(['AAA', 'BBB']);
    await flow(60, ['AAA', 'BBB']);
    const [, , owed, ...others] = of('feed:repair');
    expect(others).toEqual([]);
    expect(owed).toMatchObject({ since: first + 11_000, reason: 'f49 could not be read' });
    await flow(600, ['AAA', 'BBB']);
    expect(of('feed:repair')).toHaveLength(3);
  });

  it('that does not say whose it is owes a repair to all that its connection carries, in one note a minute', async () => {
    const { odd, of, venue, flow } = await setUp();
    const before = venue.now();
    for (let time = 0; time < 5; time += 1) await odd('', { topics: 'any', openTime: undefined });
    const [repair, ...others] = of('feed:repair');
    expect(others).toEqual([]);
    expect(repair?.series.map(({ symbol }) => symbol)).toEqual(['AAA', 'BBB']);
    expect(repair?.since).toBeGreaterThanOrEqual(before - 30_000);
    await flow(60, ['AAA', 'BBB']);
    expect(of('feed:repair').map(({ series }) => series.length)).toEqual([2, 2]);
    await flow(600, ['AAA', 'BBB']);
    expect(of('feed:repair')).toHaveLength(2);
  });

  it('is told at once with the series whose bars are unknown, before what stands beside it', async () => {
    const { clock, venue, events, odd, of } = await setUp();
    const openTime = openTimeOf('1m', clock.now());
    const bar = { symbol: 'AAA', timeframe: '1m', openTime, price: 7, final: false } as const;
    const from = events.length;
    venue.newest.push({ at: venue.now(), bar, odd: [{ ...ODD, topics: ['AAA@1m'], openTime }] });
    await clock.advance(10);
    const types = events.slice(from).map(({ type }) => type);
    expect(types.indexOf('feed:decode-error')).toBeLessThan(types.indexOf('candle:update'));
    await odd('ZZZ', { topics: 'any' });
    expect(of('feed:decode-error').map(({ series }) => series?.map(({ symbol }) => symbol))).toEqual([
      ['AAA'],
      ['AAA', 'BBB'],
    ]);
  });

  it('owes nothing to a series that nobody wants, nor after a disconnect', async () => {
    const { adapter, clock, odd, of } = await setUp();
    await odd('ZZZ');
    expect(of('feed:repair')).toEqual([]);
    await odd('AAA');
    await odd('AAA');
    await adapter.disconnect();
    await clock.advance(2 * MINUTE_MS);
    expect(of('feed:repair')).toHaveLength(1);
  });
});
