import type { Look, StoredCandle } from '@livermore/cache';
import { TIMEFRAMES, closeAsOf, timeframeMs } from '@livermore/schemas';
import type { Series } from '@livermore/schemas';
import { ManualClock, silentLogger } from '@livermore/utils';
import { describe, expect, it } from 'vitest';
import { reportWith } from '../testing/reports';
import type { RepairRequest } from './gap-repairer';
import { Looks } from './looks';

const MINUTE = 60_000;
const NOW = 28_333_334 * MINUTE;
/** What is due this much earlier is asked for. */
const GRACE = 8_000;
const SERIES = { symbol: 'ABC', timeframe: '1m' } as const;
const at = (minute: number) => NOW + minute * MINUTE;
const nameOf = ({ symbol, timeframe }: Series, openTime: number) => `${symbol} ${timeframe} ${openTime}`;

/** The list as Redis keeps it: it outlives whoever works it off. */
function list() {
  const all = new Map<string, Look>();
  return {
    all,
    store: {
      add: (_id: number, series: Series, openTimes: readonly number[], due: number) => {
        const { symbol, timeframe } = series;
        for (const openTime of openTimes) {
          all.set(nameOf(series, openTime), { series: { symbol, timeframe }, openTime, due });
        }
        return Promise.resolve();
      },
      postpone: (_id: number, dueBy: number, looks: readonly Look[]) => {
        for (const look of looks) {
          const name = nameOf(look.series, look.openTime);
          if ((all.get(name)?.due ?? Number.POSITIVE_INFINITY) <= dueBy) all.set(name, look);
        }
        return Promise.resolve();
      },
      due: (_id: number, now: number) =>
        Promise.resolve(
          [...all.values()].filter((look) => look.due <= now).toSorted((a, b) => a.due - b.due),
        ),
      remove: (_id: number, looks: readonly Pick<Look, 'series' | 'openTime'>[]) => {
        for (const { series, openTime } of looks) all.delete(nameOf(series, openTime));
        return Promise.resolve();
      },
      count: () => Promise.resolve(all.size),
    },
  };
}

interface World {
  readonly kept?: readonly string[];
  readonly fails?: () => boolean;
  readonly onPostpone?: (looks: readonly Look[]) => void;
}

function world(options: World = {}) {
  const clock = new ManualClock(NOW);
  const { all, store } = list();
  const requests: RepairRequest[] = [];
  const absent: number[] = [];
  const bars: StoredCandle[] = [];
  const start = () =>
    new Looks({
      exchangeId: 1,
      store: {
        ...store,
        due: (id, now) =>
          options.fails?.() === true ? Promise.reject(new Error('Redis is away')) : store.due(id, now),
        postpone: async (id, dueBy, looks) => {
          options.onPostpone?.(looks);
          await store.postpone(id, dueBy, looks);
        },
      },
      absences: { read: () => Promise.resolve(absent) },
      cache: { readExchangeCandles: () => Promise.resolve(bars) },
      series: () =>
        (options.kept ?? ['ABC', 'XYZ']).flatMap((symbol) =>
          TIMEFRAMES.map((timeframe) => ({ symbol, timeframe })),
        ),
      repair: (request) => requests.push(request),
      venueTime: clock,
      clock,
      logger: silentLogger,
    });
  const add = (minutes: readonly number[], due: number, series: Series = SERIES) =>
    store.add(1, series, minutes.map(at), due);
  const asked = () =>
    requests.map(
      ({ series, from, to, reason, lane }) =>
        `${reason} ${lane} ${series.symbol} ${(from - NOW) / MINUTE}..${(to - NOW) / MINUTE}`,
    );
  return { clock, all, add, start, requests, asked, absent, bars };
}

function quietBar(minute: number): StoredCandle {
  const values = { open: 1, high: 1, low: 1, close: 1, volume: 0 };
  const timestamp = at(minute);
  return { ...SERIES, ...values, timestamp, sequenceNum: closeAsOf('1m', timestamp), source: 'no-trades' };
}

describe('looks that are due', () => {
  it('are asked for in the repair lane, a little after they are due, and not before', async () => {
    const { add, start, asked, clock } = world();
    await add([-2], NOW);
    const looks = start();
    clock.jump(GRACE - 1);
    await looks.round();
    expect(asked()).toEqual([]);
    expect(looks.waiting).toBe(1);
    clock.jump(1);
    await looks.round();
    expect(asked()).toEqual(['look repair ABC -2..-1']);
  });

  it('are counted by whoever starts before anything is due', async () => {
    const { add, start } = world();
    await add([-2, -3], at(30));
    const looks = start();
    const stop = new AbortController();
    const running = looks.run(stop.signal);
    await Promise.resolve().then(() => undefined);
    stop.abort();
    await running;
    expect(looks.waiting).toBe(2);
  });

  it('are grouped: bars of a series near to each other share a request, others do not', async () => {
    const { add, start, asked } = world();
    await add([-2, -250, -240, -600], NOW - GRACE);
    await add([-3], NOW - GRACE, { symbol: 'XYZ', timeframe: '1m' });
    await start().round();
    expect(asked()).toEqual([
      'look repair ABC -600..-599',
      'look repair ABC -250..-1',
      'look repair XYZ -3..-2',
    ]);
  });

  it('are forgotten where the series is not kept, or the bar has left it', async () => {
    const { add, start, asked, all } = world({ kept: ['ABC'] });
    await add([-2], NOW - GRACE, { symbol: 'XYZ', timeframe: '1m' });
    await add([-1_001], NOW - GRACE);
    const looks = start();
    await looks.round();
    expect(asked()).toEqual([]);
    expect([all.size, looks.waiting]).toEqual([0, 0]);
  });

  it('are asked for again ever more rarely, until the step that settles a bar lets them go', async () => {
    const { add, start, requests, all, clock } = world();
    await add([-2], NOW - GRACE);
    const looks = start();
    const asked: number[] = [];
    for (let second = 0; second < 7_200; second += 5) {
      await looks.round();
      if (requests.length > asked.length) asked.push(clock.now());
      clock.jump(5_000);
    }
    const gaps = asked.slice(1).map((each, place) => each - (asked[place] ?? 0));
    expect(gaps[0]).toBeGreaterThanOrEqual(60_000);
    for (const [place, gap] of gaps.entries()) {
      expect(gap).toBeGreaterThanOrEqual(gaps[place - 1] ?? 0);
      expect(gap).toBeGreaterThanOrEqual(((asked[place] ?? 0) - at(-2)) / 2);
    }
    expect(asked.length).toBeLessThan(14);
    all.clear();
    clock.jump(86_400_000);
    const before = requests.length;
    await looks.round();
    expect(requests).toHaveLength(before);
  });

  it('are put off once they were asked for, all of a series at once, and not where that fails', async () => {
    let fails = true;
    const steps: number[] = [];
    const { add, start, asked, all } = world({
      onPostpone: (looks) => {
        steps.push(looks.length);
        if (fails) throw new Error('Redis is away');
      },
    });
    await add([-2, -3, -4], NOW - GRACE);
    await add([-3], NOW - GRACE, { symbol: 'XYZ', timeframe: '1m' });
    const looks = start();
    await expect(looks.round()).rejects.toThrow('away');
    expect(asked()).toEqual(['look repair ABC -4..-1']);
    expect([...all.values()].map((look) => look.due)).toEqual(Array.from({ length: 4 }, () => NOW - GRACE));
    fails = false;
    await looks.round();
    expect(asked().slice(1)).toEqual(['look repair ABC -4..-1', 'look repair XYZ -3..-2']);
    expect(steps).toEqual([3, 3, 1]);
  });

  it('that are noted again for a sooner time while they are asked for stay there', async () => {
    const { add, start, all } = world({ onPostpone: () => void add([-2], NOW + 1_000) });
    await add([-2], NOW - GRACE);
    await start().round();
    expect([...all.values()].map((look) => look.due)).toEqual([NOW + 1_000]);
  });

  it('are not lost by a restart, nor by a round that fails', async () => {
    let isAway = true;
    const { add, start, asked, clock } = world({ fails: () => isAway });
    await add([-2], NOW - GRACE);
    const stop = new AbortController();
    const run = start().run(stop.signal);
    await clock.advance(11_000);
    stop.abort(new Error('killed'));
    await run;
    expect(asked()).toEqual([]);
    isAway = false;
    const again = new AbortController();
    const second = start().run(again.signal);
    await clock.advance(6_000);
    again.abort(new Error('stop'));
    await second;
    expect(asked()).toEqual(['look repair ABC -2..-1']);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('the look at a verdict', () => {
  const page = { ...SERIES, from: at(-10), to: at(0) };
  const step = timeframeMs('1m');

  it('is let go when its own reading says the same, and not by a reading for another reason', async () => {
    const { add, start, all, absent, bars } = world();
    absent.push(at(-3));
    bars.push(quietBar(-5));
    await add([-3, -5], NOW - GRACE);
    const looks = start();
    const still = reportWith(page, { absent: [at(-3)], stillQuiet: [at(-5)] });
    await looks.done(still);
    expect(all.size).toBe(2);
    await looks.round();
    await looks.done(still);
    expect(all.size).toBe(0);
  });

  it('stays where the reading says something else, or nothing of it', async () => {
    const { add, start, all, absent } = world();
    absent.push(at(-3), at(-4));
    await add([-3, -4], NOW - GRACE);
    const looks = start();
    await looks.round();
    await looks.done(reportWith(page, { unsettled: [at(-3)], absent: [at(-4)] }));
    expect([...all.values()].map((look) => look.openTime)).toEqual([at(-3)]);
  });

  it('that is not a verdict when it is due is not let go by becoming one: that has its own look', async () => {
    const { add, start, all } = world();
    await add([-3], NOW - GRACE);
    const looks = start();
    await looks.round();
    await looks.done(reportWith(page, { absent: [at(-3)] }));
    expect(all.size).toBe(1);
    expect([...all.values()][0]?.due).toBeGreaterThanOrEqual(NOW + step);
  });
});
