import type { StoredCandle } from '@livermore/cache';
import { TIMEFRAMES, closeAsOf, timeframeMs } from '@livermore/schemas';
import type { Timeframe } from '@livermore/schemas';
import { ManualClock, silentLogger } from '@livermore/utils';
import { describe, expect, it } from 'vitest';
import { FamilyCheck } from './family-check';
import type { RepairRequest } from './gap-repairer';

const MINUTE = 60_000;
/** 2023-11-14 00:00 UTC: on the grid of every timeframe. */
const START = 1_699_920_000_000;
const AFTER = 10_000;
const SYMBOL = 'ABC';
const FIVE = { symbol: SYMBOL, timeframe: '5m' } as const;

function candle(timeframe: Timeframe, minute: number, over: Partial<StoredCandle> = {}): StoredCandle {
  const timestamp = START + minute * MINUTE;
  return {
    timestamp,
    timeframe,
    symbol: SYMBOL,
    open: 10,
    high: 10,
    low: 10,
    close: 10,
    volume: timeframeMs(timeframe) / MINUTE,
    sequenceNum: closeAsOf(timeframe, timestamp) + 5_000_000,
    source: 'rest',
    ...over,
  };
}

function world(kept: readonly Timeframe[] = TIMEFRAMES) {
  const clock = new ManualClock(START + 5 * MINUTE);
  const bars = new Map<string, StoredCandle>();
  const requests: RepairRequest[] = [];
  let fails = 0;
  const put = (...all: readonly StoredCandle[]) => {
    for (const bar of all) bars.set(`${bar.timeframe} ${bar.timestamp}`, bar);
  };
  const check = new FamilyCheck({
    exchangeId: 1,
    exchangeName: 'sandbox',
    timeframes: kept,
    afterMs: AFTER,
    cache: {
      readExchangeCandles: (_id, { timeframe }, query) => {
        const { from = 0, to = 0 } = query ?? {};
        fails -= 1;
        if (fails >= 0) return Promise.reject(new Error('Redis is away'));
        const inside = [...bars.values()].filter(
          (bar) => bar.timeframe === timeframe && bar.timestamp >= from && bar.timestamp <= to,
        );
        return Promise.resolve(inside.toSorted((a, b) => a.timestamp - b.timestamp));
      },
    },
    repair: (request) => requests.push(request),
    venueTime: clock,
    clock,
    logger: silentLogger,
  });
  const asked = () =>
    requests
      .splice(0)
      .map(
        ({ series, from, to, reason, lane }) =>
          `${reason} ${lane} ${series.timeframe} ${(from - START) / MINUTE}..${(to - START) / MINUTE}`,
      );
  const roundAt = async (ms: number) => {
    clock.jump(START + ms - clock.now());
    await check.round();
  };
  const failOnce = () => {
    fails = 1;
  };
  return { clock, bars, put, check, asked, roundAt, failOnce };
}

const minutes = (volumes: readonly number[], over: Partial<StoredCandle> = {}) =>
  volumes.map((volume, minute) => candle('1m', minute, { volume, ...over }));
const BOTH = ['contradiction repair 5m 0..5', 'contradiction repair 1m 0..5'];
const CLOSE = 5 * MINUTE;

describe('a bar and its parts', () => {
  it('are compared once readings have come, and ask for nothing where they agree', async () => {
    const { put, check, asked, roundAt } = world();
    put(candle('5m', 0), ...minutes([1, 1, 1, 1, 1]));
    check.note(FIVE, START);
    await roundAt(CLOSE + AFTER);
    expect(asked()).toEqual([]);
    expect(check.facts).toEqual({ open: 0, oldestMs: 0, found: 0, venues: 0 });
  });

  it('are compared when a part comes late, and again when one that was taken back is there once more', async () => {
    const { put, check, asked, bars, roundAt } = world();
    const MINUTES = { symbol: SYMBOL, timeframe: '1m' } as const;
    const late = candle('1m', 2, { volume: 0.5 });
    put(candle('5m', 0), ...minutes([1, 1, 0.5, 1, 1]));
    bars.delete(`1m ${late.timestamp}`);
    check.note(FIVE, START);
    await roundAt(CLOSE + AFTER);
    expect(asked()).toEqual([]);
    put(late);
    check.note(MINUTES, late.timestamp);
    await roundAt(CLOSE + AFTER + 50_000);
    expect(asked()).toEqual(BOTH);
    bars.delete(`1m ${late.timestamp}`);
    await roundAt(CLOSE + AFTER + 95_000);
    expect(check.facts.open).toBe(0);
    put(late);
    check.note(MINUTES, late.timestamp);
    await roundAt(CLOSE + AFTER + 100_000);
    expect(check.facts).toMatchObject({ open: 1, oldestMs: 0 });
  });

  it('that contradict each other are both read again at once, and counted until they agree', async () => {
    const { put, check, asked, roundAt } = world();
    put(candle('5m', 0), ...minutes([1, 1, 0.5, 1, 1]));
    check.note(FIVE, START);
    await roundAt(CLOSE + AFTER - 1);
    expect(asked()).toEqual([]);
    await roundAt(CLOSE + AFTER);
    expect(asked()).toEqual(BOTH);
    expect(check.facts).toEqual({ open: 1, oldestMs: 0, found: 1, venues: 0 });
    await roundAt(CLOSE + AFTER + 40_000);
    expect(asked()).toEqual([]);
    expect(check.facts).toMatchObject({ open: 1, oldestMs: 40_000 });
    await roundAt(CLOSE + AFTER + 45_000);
    expect(asked()).toEqual(BOTH);
    put(...minutes([1, 1, 1, 1, 1]));
    check.note({ symbol: SYMBOL, timeframe: '1m' }, START + 2 * MINUTE);
    await roundAt(CLOSE + AFTER + 50_000);
    expect(asked()).toEqual([]);
    expect(check.facts).toEqual({ open: 0, oldestMs: 0, found: 1, venues: 0 });
  });

  it('are read again more slowly when readings change nothing, and never given up', async () => {
    const { put, check, asked, roundAt } = world();
    put(candle('5m', 0), ...minutes([1, 1, 0.5, 1, 1]));
    check.note(FIVE, START);
    const at: number[] = [];
    for (let ms = CLOSE; ms < CLOSE + 1_800_000; ms += 5_000) {
      await roundAt(ms);
      if (asked().length > 0) at.push(ms - CLOSE - AFTER);
    }
    expect(at.slice(0, 6)).toEqual([0, 45_000, 90_000, 135_000, 435_000, 735_000]);
    expect(check.facts).toMatchObject({ open: 1, found: 1 });
  });

  it('that the venue itself tells differently are no contradiction of ours, and are counted apart', async () => {
    const { put, check, asked, roundAt } = world();
    put(candle('5m', 0, { volume: 6 }), ...minutes([1, 1, 1, 1, 1], { standing: 'settled' }));
    check.note(FIVE, START);
    await roundAt(CLOSE + AFTER);
    expect(asked()).toEqual(BOTH);
    put(candle('5m', 0, { volume: 6, standing: 'settled' }));
    await roundAt(CLOSE + AFTER + 45_000);
    expect(asked()).toEqual([]);
    expect(check.facts).toEqual({ open: 0, oldestMs: 0, found: 1, venues: 1 });
    check.note(FIVE, START);
    await roundAt(CLOSE + AFTER + 50_000);
    expect(check.facts).toMatchObject({ open: 0, found: 1, venues: 1 });
  });

  it('are read again where a quiet part stands beside a bar that holds more, though all else is settled', async () => {
    const { put, check, asked, roundAt } = world();
    const settled = { standing: 'settled' } as const;
    put(candle('5m', 0, settled), ...minutes([1, 1, 1, 1, 1], settled));
    put(candle('1m', 2, { volume: 0, source: 'no-trades' }));
    check.note(FIVE, START);
    await roundAt(CLOSE + AFTER);
    expect(asked()).toEqual(BOTH);
  });

  it('are no contradiction any more when a bar of them has gone', async () => {
    const { put, check, bars, roundAt } = world();
    put(candle('5m', 0), ...minutes([1, 1, 0.5, 1, 1]));
    check.note(FIVE, START);
    await roundAt(CLOSE + AFTER);
    expect(check.facts.open).toBe(1);
    bars.clear();
    await roundAt(CLOSE + AFTER + 45_000);
    expect(check.facts).toMatchObject({ open: 0, oldestMs: 0 });
  });

  it('are counted and read again until they agree, however many bars wait to be compared', async () => {
    const { put, check, asked, roundAt } = world();
    put(candle('5m', 0), ...minutes([1, 1, 0.5, 1, 1]));
    check.note(FIVE, START);
    await roundAt(CLOSE + AFTER);
    expect(asked()).toEqual(BOTH);
    // All of a refill of many series is noted at once.
    for (let at = 1; at <= 20_100; at += 1) check.note(FIVE, START + at * 5 * MINUTE);
    await roundAt(CLOSE + AFTER + 45_000);
    expect(asked()).toEqual(BOTH);
    put(...minutes([1, 1, 1, 1, 1]));
    await roundAt(CLOSE + AFTER + 90_000);
    expect(check.facts.open).toBe(0);
  });

  it('are compared in the next round where Redis was away in this one', async () => {
    const { put, check, asked, roundAt, failOnce } = world();
    put(candle('5m', 0), ...minutes([1, 1, 0.5, 1, 1]));
    check.note(FIVE, START);
    failOnce();
    await expect(roundAt(CLOSE + AFTER)).rejects.toThrow('away');
    expect(asked()).toEqual([]);
    await roundAt(CLOSE + AFTER + 5_000);
    expect(asked()).toEqual(BOTH);
  });
});

describe('families', () => {
  it('of Binance: a changed bar is compared with its parts and its parent with it, each once', async () => {
    const { put, check, asked, roundAt } = world();
    put(candle('5m', 0), ...minutes([1, 1, 1, 1, 1]), candle('15m', 0, { volume: 16 }));
    put(candle('5m', 5), candle('5m', 10));
    check.note(FIVE, START);
    check.note(FIVE, START + 5 * MINUTE);
    await roundAt(CLOSE + AFTER);
    expect(asked()).toEqual([]);
    await roundAt(15 * MINUTE + AFTER);
    expect(asked()).toEqual(['contradiction repair 15m 0..15', 'contradiction repair 5m 0..15']);
  });

  it('of a venue whose longer bars are stood in for: the stand-in is not judged, the venue’s own is', async () => {
    const { put, check, asked, roundAt } = world(['5m', '15m']);
    put(candle('15m', 0, { volume: 99, source: 'stand-in' }));
    for (const minute of [0, 5, 10]) put(candle('5m', minute, { source: 'stream' }));
    check.note({ symbol: SYMBOL, timeframe: '15m' }, START);
    check.note(FIVE, START);
    await roundAt(15 * MINUTE + AFTER);
    expect(asked()).toEqual([]);
    put(candle('15m', 0, { volume: 16 }));
    check.note({ symbol: SYMBOL, timeframe: '15m' }, START);
    await roundAt(16 * MINUTE);
    expect(asked()).toEqual(['contradiction repair 15m 0..15', 'contradiction repair 5m 0..15']);
  });

  it('of a whole range are compared at once, as a page of the audit brings them', async () => {
    const { put, check, asked } = world();
    for (let minute = 0; minute < 60; minute += 5)
      put(candle('5m', minute, { volume: minute === 20 ? 4 : 5 }));
    for (let minute = 0; minute < 60; minute += 1) put(candle('1m', minute));
    await check.check(FIVE, { from: START, to: START + 60 * MINUTE });
    expect(asked()).toEqual(['contradiction repair 5m 20..25', 'contradiction repair 1m 20..25']);
    await check.check({ symbol: SYMBOL, timeframe: '1m' }, { from: START, to: START + 60 * MINUTE });
    expect(asked()).toEqual([]);
  });
});

describe('the comparing', () => {
  it('goes on every few seconds until it is stopped, whatever fails', async () => {
    const { put, check, asked, clock, failOnce } = world();
    put(candle('5m', 0), ...minutes([1, 1, 0.5, 1, 1]));
    check.note(FIVE, START);
    failOnce();
    const stop = new AbortController();
    const run = check.run(stop.signal);
    await clock.advance(AFTER + 10_000);
    expect(asked()).toEqual(BOTH);
    stop.abort(new Error('stop'));
    await run;
    expect(clock.pendingTimers).toBe(0);
  });
});
