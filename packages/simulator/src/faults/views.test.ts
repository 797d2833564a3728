import { ManualClock } from '@livermore/utils';
import { afterEach, describe, expect, it } from 'vitest';
import { createSimulator } from '../create-simulator';
import { INTERVAL_MS } from '../market/intervals';
import type { Interval, Market } from '../market/market';
import { mergeBars } from '../market/merge';
import { createSeededMarket } from '../market/seeded-market';
import { defaultUniverse } from '../market/universe';
import { SIMULATED_VENUES } from '../simulator';
import type { SimulatedVenue, Simulator } from '../simulator';
import { candlesOf, symbolAt } from '../testing/candle-rows';
import type { CandleRow } from '../testing/candle-rows';
import { disagreeing } from './disagreeing';
import type { FaultScript, OrderedFault } from './fault';

const NOW = 1_795_312_805_123;
const MINUTE = 60_000;
const DAY = 1440 * MINUTE;

let running: Simulator | undefined;
afterEach(() => running?.close());

const markets = new Map<SimulatedVenue, Market>(
  SIMULATED_VENUES.map((venue) => [
    venue,
    createSeededMarket({ seed: 1, symbols: defaultUniverse(venue).slice(0, 3) }),
  ]),
);

function start(venue: SimulatedVenue, faults: FaultScript) {
  const clock = new ManualClock(NOW);
  const market = markets.get(venue) ?? createSeededMarket({ seed: 1, symbols: [] });
  const simulator = createSimulator({ venue, market, clock, faults });
  running = simulator;
  const symbol = symbolAt(venue, 'BTC');
  const rest = (interval: Interval = '1m', bars = 10) =>
    candlesOf(venue, simulator.transport, { symbol, interval, bars, now: clock.now() });
  /** What the tape has, as the same rows. */
  const tape = (interval: Interval = '1m', at = clock.now(), of: Market = market): readonly CandleRow[] => {
    const open = Math.floor(at / INTERVAL_MS[interval]) * INTERVAL_MS[interval];
    const from = open - 9 * INTERVAL_MS[interval];
    return of
      .bars(symbol, interval, from, open + 1, at)
      .filter((bar) => bar.trades > 0 || venue !== 'coinbase')
      .map(rowOf);
  };
  return { clock, simulator, symbol, market, rest, tape };
}

function rowOf(
  bar: { readonly openTime: number } & Record<'open' | 'high' | 'low' | 'close' | 'volume', string>,
) {
  const { openTime, open, high, low, close, volume } = bar;
  return [openTime, ...[open, high, low, close, volume].map(Number)];
}

/** Whether the newest closed bar is not there, or not as it closed. */
function isBehind(rows: readonly CandleRow[], truth: readonly CandleRow[], now: number): boolean {
  const newest = Math.floor(now / MINUTE) * MINUTE - MINUTE;
  const [shown, closed] = [rows, truth].map((some) => some.find(([open]) => open === newest));
  return JSON.stringify(shown) !== JSON.stringify(closed);
}

const opens = (rows: readonly CandleRow[]) => rows.map(([open]) => open);
const lasting = (fault: OrderedFault): FaultScript => [{ at: 0, fault }];

describe.each(SIMULATED_VENUES)('REST at %s', (venue) => {
  it('is the tape where nothing is ordered', async () => {
    const { rest, tape, clock, simulator } = start(venue, []);
    expect(await rest()).toEqual(tape());
    await clock.advance(MINUTE);
    expect([await rest('5m'), simulator.faultsApplied.size]).toEqual([tape('5m'), 0]);
  });

  it.each([3000, 10_000, 200_000])('as it was %i ms ago: nothing newer, nothing further', async (byMs) => {
    const { rest, tape, clock, simulator } = start(venue, lasting({ kind: 'rest-stale', byMs }));
    let behind = 0;
    for (let step = 0; step < 12; step += 1) {
      const rows = await rest('1m', 10);
      expect(rows.slice(-5)).toEqual(tape('1m', clock.now() - byMs).slice(-5));
      if (isBehind(rows, tape(), clock.now())) behind += 1;
      await clock.advance(7000);
    }
    expect(behind).toBeGreaterThan(0);
    expect(simulator.faultsApplied.get('rest-stale')).toBe(behind);
  });

  it('shows closed rows as they were before the close, beside a fresh one', async () => {
    const byMs = 10_000;
    const { rest, tape, clock, simulator } = start(
      venue,
      lasting({ kind: 'rest-stale', byMs, keepsNewest: true }),
    );
    await clock.advance(MINUTE - (clock.now() % MINUTE) + 4000);
    const late = await rest();
    expect(late.at(-1)).toEqual(tape().at(-1));
    expect(late.at(-2)).toEqual(tape('1m', clock.now() - byMs).at(-1));
    expect(late.at(-2)).not.toEqual(tape().at(-2));
    expect(late.slice(0, -2)).toEqual(tape().slice(0, -2));
    await clock.advance(byMs - 4000);
    expect(await rest()).toEqual(tape());
    expect(simulator.faultsApplied.get('rest-stale')).toBe(1);
  });

  it('comes from replicas of different age, by turns', async () => {
    const lagsMs = [0, 2000, 70_000];
    const { rest, tape, clock, simulator } = start(venue, lasting({ kind: 'rest-replicas', lagsMs }));
    const seen = new Set<number>();
    let behind = 0;
    for (let step = 0; step < 40; step += 1) {
      const rows = await rest('1m', 9);
      if (isBehind(rows, tape(), clock.now())) behind += 1;
      const lag = lagsMs.find((each) => {
        const then = tape('1m', clock.now() - each);
        return JSON.stringify(rows.slice(-3)) === JSON.stringify(then.slice(-3));
      });
      expect(lag).toBeDefined();
      seen.add(lag ?? -1);
      await clock.advance(3000);
    }
    expect([...seen].toSorted((a, b) => a - b)).toEqual(lagsMs);
    expect(behind).toBeGreaterThan(5);
    expect(simulator.faultsApplied.get('rest-replicas')).toBe(behind);
  });

  it('is empty with status 200 for the series named, for as long as ordered', async () => {
    const script: FaultScript = [{ at: 0, for: '30s', fault: { kind: 'rest-empty', timeframe: '1m' } }];
    const { rest, tape, clock, simulator } = start(venue, script);
    expect([await rest('1m'), await rest('5m')]).toEqual([[], tape('5m')]);
    expect(simulator.log.statuses.get(200)).toBe(2);
    await clock.advance(30_000);
    expect(await rest('1m')).toEqual(tape('1m'));
    expect(simulator.faultsApplied.get('rest-empty')).toBe(1);
  });

  it('lies in as many answers as ordered, well-formed, and then no more', async () => {
    const { rest, tape, clock, simulator } = start(
      venue,
      lasting({ kind: 'rest-lies', answers: 2, price: 1.1, volume: 3, timeframe: '1m' }),
    );
    const answers = [];
    for (let step = 0; step < 3; step += 1) {
      answers.push([await rest('1m'), tape('1m')] as const);
      await clock.advance(2000);
    }
    const ratios = answers.map(([rows, truth]) =>
      [4, 5].map((field) => Number(rows[0]?.[field]) / Number(truth[0]?.[field])),
    );
    expect(ratios.flat().map((ratio) => Math.round(ratio * 1000) / 1000)).toEqual([1.1, 3, 1.1, 3, 1, 1]);
    expect(simulator.faultsApplied.get('rest-lies')).toBe(2);
  });
});

describe.each(SIMULATED_VENUES)('answers of another length at %s', (venue) => {
  it('hold the rows of the next longer timeframe, once for each series or in a share', async () => {
    const { rest, tape, simulator } = start(venue, lasting({ kind: 'rest-coarse', answers: 1 }));
    const rows = await rest('1m', 30);
    expect(rows.slice(-5)).toEqual(tape('5m').slice(-5));
    expect(await rest('1m', 9)).toEqual(tape('1m').slice(-9));
    expect(await rest('5m', 9)).not.toEqual(tape('5m').slice(-9));
    expect(simulator.faultsApplied.get('rest-coarse')).toBe(2);
  });
});

describe.each(SIMULATED_VENUES)('a deleted bar at %s', (venue) => {
  it('is the first that closes, gone so long after it, with its part of longer bars, until the fault ends', async () => {
    const { rest, tape, clock, market, symbol, simulator } = start(venue, [
      { at: 0, for: '4m', fault: { kind: 'bar-deleted', afterMs: 60_000 } },
    ]);
    const [bar] = market.bars(symbol, '1m', NOW - MINUTE, NOW, NOW + MINUTE);
    const close = bar?.closeTime ?? 0;
    await clock.advance(close + 59_999 - clock.now());
    expect(await rest('1m', 10)).toEqual(tape());
    expect(simulator.faultsApplied.size).toBe(0);
    await clock.advance(1);
    // A venue that counts rows gives an older one for it.
    expect((await rest('1m', 10)).slice(-9)).toEqual(tape().filter(([open]) => open !== bar?.openTime));
    const longer = (rows: readonly CandleRow[]) =>
      Number(rows.find(([open = 0]) => open <= (bar?.openTime ?? 0) && open + 5 * MINUTE >= close)?.[5]);
    expect(longer(tape('5m')) - longer(await rest('5m', 10))).toBeCloseTo(Number(bar?.volume), 6);
    expect(simulator.faultsApplied.get('bar-deleted')).toBe(2);
    await clock.advance(4 * MINUTE);
    expect([await rest('1m', 10), await rest('5m', 10)]).toEqual([tape('1m'), tape('5m')]);
  });

  it('is gone from its own series only where that is ordered', async () => {
    const { rest, tape, clock } = start(venue, lasting({ kind: 'bar-deleted', alsoParents: false }));
    await clock.advance(2 * MINUTE);
    expect((await rest('1m', 10)).slice(-9)).not.toEqual(tape().slice(-9));
    expect(await rest('5m', 10)).toEqual(tape('5m'));
  });
});

describe('an invented row', () => {
  it('stands for the newest bucket in which nothing traded, in as many answers as ordered', async () => {
    const thin = defaultUniverse('coinbase').filter(({ base }) => base === 'BAND');
    const clock = new ManualClock(NOW);
    const simulator = createSimulator({
      venue: 'coinbase',
      market: createSeededMarket({ seed: 1, symbols: thin }),
      clock,
      faults: lasting({ kind: 'row-invented', barsAgo: 2, answers: 1, volume: 3.5, price: 1.1 }),
    });
    running = simulator;
    const rest = () =>
      candlesOf('coinbase', simulator.transport, {
        symbol: 'BAND-USD',
        interval: '1m',
        bars: 10,
        now: clock.now(),
      });
    const open = NOW - (NOW % MINUTE) - 3 * MINUTE;
    const [quiet] = simulator.truth.bars('BAND-USD', '1m', open, open + 1, NOW);
    expect(quiet?.trades).toBe(0);
    const price = Math.floor(Number(quiet?.close) * 1.1 * 10_000) / 10_000;
    expect(await rest()).toEqual([[open, price, price, price, price, 3.5]]);
    expect(await rest()).toEqual([]);
    expect(simulator.faultsApplied.get('row-invented')).toBe(1);
  });
});

describe.each(SIMULATED_VENUES)('corrections at %s', (venue) => {
  const every = { kind: 'revised-candle', every: 3, afterMs: 90_000, alsoParents: true } as const;

  it('come so long after the close, in each third bar, in longer bars too, and are the final truth', async () => {
    const { rest, simulator, clock, market, symbol } = start(venue, lasting({ ...every, volume: 1.5 }));
    const asTaped = (rows: readonly CandleRow[]) =>
      rows.filter((row) => {
        const [bar] = market.bars(symbol, '1m', Number(row[0]), Number(row[0]) + 1, clock.now());
        return Number(bar?.volume) === row[5];
      });
    await clock.advance(10 * MINUTE);
    const rows = (await rest('1m', 12)).filter(([open]) => Number(open) + MINUTE > NOW);
    const changed = rows.filter((row) => !asTaped(rows).includes(row));
    expect(changed.length).toBeGreaterThanOrEqual(2);
    for (const [open] of changed) expect(Number(open) + MINUTE + 90_000).toBeLessThanOrEqual(clock.now());
    const steps = opens(changed).map((open) => Number(open) / MINUTE);
    expect(new Set(steps.map((step) => step % 3)).size).toBe(1);
    const later = clock.now() + 24 * 60 * MINUTE;
    const final = (interval: Interval) =>
      simulator.truth.bars(symbol, interval, NOW - (NOW % 900_000), NOW + 10 * MINUTE, later);
    expect(changed.map((row) => row)).toEqual(
      final('1m')
        .map(rowOf)
        .filter(([open]) => opens(changed).includes(open)),
    );
    for (const parent of final('5m')) {
      const parts = final('1m').filter(
        (bar) => bar.openTime >= parent.openTime && bar.closeTime <= parent.closeTime,
      );
      if (parts.length < 5) continue;
      const { volume, quoteVolume, high, low } =
        mergeBars(parts, parent.openTime, parent.closeTime) ?? parent;
      expect(parent).toMatchObject({ volume, quoteVolume, high, low });
    }
    expect(simulator.faultsApplied.get('revised-candle')).toBeGreaterThan(0);
  });

  it('have acted once an answer holds a changed bar, each line of the script for itself', async () => {
    const { rest, clock, simulator } = start(venue, [
      { at: 0, fault: { kind: 'revised-candle', timeframe: '1m', barsAgo: 0 } },
      { at: 0, fault: { kind: 'revised-candle', timeframe: '5m', barsAgo: 0, afterMs: 5000 } },
      { at: 0, fault: { kind: 'rest-replicas', lagsMs: [2000] } },
    ]);
    const acted = () => [...simulator.faultLines];
    await rest('1m');
    await clock.advance(4000);
    await rest('5m');
    expect(acted()).toEqual([]);
    await rest('1m');
    expect(acted()).toEqual([[0, 1]]);
    await clock.advance(4000);
    await rest('5m');
    expect(acted()).toEqual([
      [0, 1],
      [1, 1],
    ]);
  });

  it('take volume away and move highs and lows where ordered, and no earlier than ordered', async () => {
    const { rest, tape, clock } = start(venue, [
      {
        at: '1m',
        for: 1,
        fault: { kind: 'revised-candle', barsAgo: 0, volume: 0.5, price: 0.01, afterMs: 20_000 },
      },
    ]);
    await clock.advance(MINUTE + 19_999);
    expect(await rest('5m')).toEqual(tape('5m'));
    await clock.advance(1);
    const [told, truth] = [await rest('5m'), tape('5m')];
    const different = told.flatMap((row, at) =>
      JSON.stringify(row) === JSON.stringify(truth[at]) ? [] : [[row, truth[at] ?? []] as const],
    );
    expect(different).toHaveLength(1);
    const [[now, before] = [[], []]] = different;
    expect(Number(now[5]) / Number(before[5])).toBeCloseTo(0.5, 4);
    expect(Number(now[2]) / Number(before[2])).toBeCloseTo(1.01, 4);
    expect([now[1], now[3], now[4]]).toEqual([before[1], before[3], before[4]]);
  });
});

describe.each(SIMULATED_VENUES)('a script of disagreeing views at %s', (venue) => {
  it('is the same for the same seed, and acts in most of its ways within an hour', async () => {
    expect(disagreeing(venue, { seed: 3 })).toEqual(disagreeing(venue, { seed: 3 }));
    expect(disagreeing(venue, { seed: 4 })).not.toEqual(disagreeing(venue, { seed: 3 }));
    const { clock, rest, simulator } = start(venue, disagreeing(venue, { seed: 3, strength: 4 }));
    for (let step = 0; step < 400; step += 1) {
      await rest('1m', 60);
      await clock.advance(9000);
    }
    expect([...simulator.faultsApplied.keys()].toSorted()).toEqual(
      ['rest-replicas', 'rest-stale', 'revised-candle', 'row-bad'].toSorted(),
    );
  });

  it('can be ordered as one fault, and ends as one', async () => {
    const { clock, rest, tape, simulator } = start(venue, [
      { at: 0, for: '10m', fault: { kind: 'disagreeing', seed: 3 } },
    ]);
    for (let step = 0; step < 30; step += 1) {
      await rest('1m', 9);
      await clock.advance(1000);
    }
    expect(simulator.faultsApplied.get('rest-replicas')).toBeGreaterThan(0);
    await clock.advance(40 * MINUTE);
    expect(await rest()).toEqual(tape());
  });

  it('has longer bars that are not the sum of their parts where nobody streams them, from their close on', () => {
    const { simulator, market, symbol } = start(venue, disagreeing(venue));
    const from = Math.ceil(NOW / DAY) * DAY;
    const [to, later] = [from + 20 * DAY, from + 21 * DAY];
    const parts = simulator.truth.bars(symbol, '5m', from, to, later);
    const odd = (['15m', '1h', '4h', '1d'] as const).map((interval) =>
      simulator.truth.bars(symbol, interval, from, to, later).filter((bar) => {
        const own = parts.filter((part) => part.openTime >= bar.openTime && part.closeTime <= bar.closeTime);
        const sum = mergeBars(own, bar.openTime, bar.closeTime);
        return Number(sum?.volume) !== Number(bar.volume);
      }),
    );
    // Of 1920, 480, 120 and 20 bars one in 97, 29, 10 and 10.
    const counts = odd.map((bars) => bars.length);
    if (venue === 'coinbase') expect(counts.map((count) => Math.round(count / 2))).toEqual([10, 8, 6, 1]);
    else expect(counts).toEqual([0, 0, 0, 0]);
    for (const { openTime, closeTime } of odd[1] ?? []) {
      const volume = (of: Market) => of.bars(symbol, '1h', openTime, openTime + 1, closeTime)[0]?.volume;
      expect(Number(volume(simulator.truth))).toBeGreaterThan(1.002 * Number(volume(market)));
    }
  });

  it('corrects no bar that closes after the time it is told', async () => {
    const script = disagreeing(venue, { strength: 10, correctsFor: '20m' });
    const { clock, simulator, market, symbol } = start(venue, script);
    await clock.advance(60 * MINUTE);
    const changed = (from: number, to: number) =>
      simulator.truth
        .bars(symbol, '1m', from, to, clock.now() + 24 * 60 * MINUTE)
        .filter((bar, at) => bar.volume !== market.bars(symbol, '1m', from, to, clock.now())[at]?.volume);
    expect(changed(NOW, NOW + 20 * MINUTE).length).toBeGreaterThan(0);
    expect(changed(NOW + 20 * MINUTE, NOW + 59 * MINUTE)).toEqual([]);
  });
});
