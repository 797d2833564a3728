import { TIMEFRAMES, openTimeOf, timeframeMs } from '@livermore/schemas';
import type { SourcedCandle, Timeframe } from '@livermore/schemas';
import { seededRandom, sumDecimals } from '@livermore/utils';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasRecordedData } from '../testing/recorded';
import { recordedCandles } from '../testing/recorded-candles';
import { quietVerdictOf } from './quiet-proof';
import type { LongerBar, QuietInput, QuietVerdict } from './quiet-proof';

/** 2023-11-14 00:00 UTC: on the grid of every timeframe. */
const START = 1_699_920_000_000;
const MINUTE = 60_000;
const at = (minute: number) => START + minute * MINUTE;
const bar = (timeframe: Timeframe, minute: number, volume: number): LongerBar => ({
  timeframe,
  timestamp: at(minute),
  volume,
});

/** Minutes 0 to 4 with volume 1 each, but for minute 2, which the venue does not serve. */
function inputWith(over: Partial<QuietInput> = {}): QuietInput {
  return {
    timeframe: '1m',
    unserved: new Set([at(2)]),
    volumes: new Map([0, 1, 3, 4].map((minute) => [at(minute), 1])),
    longer: [],
    isObserved: () => false,
    isHeard: () => false,
    isInCompany: () => false,
    ...over,
  };
}

describe('the proof that nothing traded', () => {
  const rows = [
    { longer: 'none', observed: false, company: false, verdict: 'unproven' },
    { longer: 'none', observed: false, company: true, verdict: 'in company' },
    { longer: 'none', observed: true, company: false, verdict: 'observed' },
    { longer: 'none', observed: true, company: true, verdict: 'observed' },
    { longer: 'equal', observed: false, company: false, verdict: 'conserved' },
    { longer: 'equal', observed: false, company: true, verdict: 'conserved' },
    { longer: 'equal', observed: true, company: false, verdict: 'observed' },
    { longer: 'equal', observed: true, company: true, verdict: 'observed' },
    { longer: 'more', observed: false, company: false, verdict: 'refuted' },
    { longer: 'more', observed: false, company: true, verdict: 'refuted' },
    { longer: 'more', observed: true, company: false, verdict: 'refuted' },
    { longer: 'more', observed: true, company: true, verdict: 'refuted' },
    { longer: 'less', observed: false, company: false, verdict: 'unproven' },
    { longer: 'less', observed: false, company: true, verdict: 'in company' },
    { longer: 'less', observed: true, company: false, verdict: 'observed' },
    { longer: 'less', observed: true, company: true, verdict: 'observed' },
  ] as const;
  const volumeOf = { none: undefined, equal: 4, more: 4.5, less: 3 } as const;

  it.each(rows)(
    'a longer bar that holds $longer, observed $observed, in company $company: $verdict',
    ({ longer, observed, company, verdict }) => {
      const volume = volumeOf[longer];
      const input = inputWith({
        longer: volume === undefined ? [] : [bar('5m', 0, volume)],
        isObserved: () => observed,
        isInCompany: () => company,
      });
      expect(quietVerdictOf(at(2), input)).toBe(verdict);
    },
  );

  it.each([
    [4.04, 'unproven'],
    [4.05, 'refuted'],
  ] as const)(
    'is not to be had, whatever else speaks for it, where a longer bar holds 4 and slightly more: %d',
    (volume, verdict) => {
      const all = { isObserved: () => true, isInCompany: () => true };
      expect(quietVerdictOf(at(2), inputWith({ ...all, longer: [bar('5m', 0, volume)] }))).toBe(verdict);
    },
  );

  it('is not to be had where the feed told of a trade within the bar, whatever a longer bar holds', () => {
    const all = { isInCompany: () => true, longer: [bar('5m', 0, 4)] };
    const heard = { isHeard: (openTime: number) => openTime === at(2) };
    expect(quietVerdictOf(at(2), inputWith(all))).toBe('conserved');
    expect(quietVerdictOf(at(2), inputWith({ ...all, ...heard }))).toBe('unproven');
  });

  it('asks about the very bar, and not about its neighbours', () => {
    const asked: number[] = [];
    const ask = (openTime: number) => {
      asked.push(openTime);
      return false;
    };
    quietVerdictOf(at(2), inputWith({ isObserved: ask, isInCompany: ask }));
    expect(asked).toEqual([at(2), at(2)]);
  });

  it('adds volumes as decimals: what floating point would miss by a hair is conserved', () => {
    const volumes = new Map([0, 1, 3].map((minute) => [at(minute), (minute + 1) / 10]));
    const input = inputWith({ volumes, unserved: new Set([at(2), at(4)]), longer: [bar('5m', 0, 0.7)] });
    expect(quietVerdictOf(at(2), input)).toBe('conserved');
  });

  it('refutes only where every other bar is known or was asked for in vain', () => {
    const volumes = new Map([0, 1].map((minute) => [at(minute), 1]));
    const longer = [bar('5m', 0, 9)];
    const some = inputWith({ volumes, longer, unserved: new Set([at(2), at(3)]) });
    expect(quietVerdictOf(at(2), some)).toBe('unproven');
    const all = inputWith({ volumes, longer, unserved: new Set([at(2), at(3), at(4)]) });
    expect(quietVerdictOf(at(2), all)).toBe('refuted');
  });

  it('goes on to a longer bar where the shorter one cannot tell, and believes the shorter one where it can', () => {
    const volumes = new Map(
      Array.from({ length: 15 }, (_, minute): [number, number] => [at(minute), 1]).filter(
        ([openTime]) => openTime !== at(2) && openTime !== at(3),
      ),
    );
    const unserved = new Set([at(2)]);
    const quarter = bar('15m', 0, 13);
    const unknown = inputWith({ volumes, unserved, longer: [bar('5m', 0, 9), quarter] });
    expect(quietVerdictOf(at(2), unknown)).toBe('conserved');
    const contrary = inputWith({ longer: [bar('15m', 0, 99), bar('5m', 0, 4)] });
    expect(quietVerdictOf(at(2), contrary)).toBe('conserved');
  });

  it('lets no longer bar that is quiet itself outweigh one in which something traded', () => {
    const nothing = { volumes: new Map<number, number>(), unserved: new Set([0, 1, 2, 3, 4].map(at)) };
    const made = bar('5m', 0, 0);
    expect(quietVerdictOf(at(2), inputWith({ ...nothing, longer: [made] }))).toBe('conserved');
    const whole = Array.from({ length: 15 }, (_, minute) => at(minute));
    const contradicted = {
      volumes: nothing.volumes,
      unserved: new Set(whole),
      longer: [made, bar('15m', 0, 3)],
    };
    expect(quietVerdictOf(at(2), inputWith(contradicted))).toBe('refuted');
  });

  it('does not look at a longer bar beside it', () => {
    expect(quietVerdictOf(at(2), inputWith({ longer: [bar('5m', 5, 4), bar('15m', 15, 99)] }))).toBe(
      'unproven',
    );
  });
});

/** A series of minutes, of which some traded, with the exact longer bars of it. */
const worldArb = fc
  .record({
    seed: fc.integer(),
    share: fc.constantFrom(1, 0.9, 0.5, 0.1),
    taken: fc.uniqueArray(fc.nat(239), { minLength: 1, maxLength: 30 }),
    tellers: fc.subarray(['5m', '15m', '1h', '4h'] as const, { minLength: 1 }),
    says: fc.boolean(),
  })
  .map(({ seed, share, taken, tellers, says }) => {
    const random = seededRandom(seed);
    const units = Array.from({ length: 240 }, () =>
      random.next() < share ? Math.ceil(random.next() * 1e6) / 1e4 : 0,
    );
    const served = units.flatMap((volume, minute) =>
      volume > 0 && !taken.includes(minute) ? [[at(minute), volume] as const] : [],
    );
    const volumes = new Map(served);
    const longer = tellers.flatMap((timeframe) => {
      const bars: LongerBar[] = [];
      const parts = timeframeMs(timeframe) / MINUTE;
      for (let minute = 0; minute < 240; minute += parts) {
        const volume = sumDecimals(units.slice(minute, minute + parts));
        if (volume > 0) bars.push(bar(timeframe, minute, volume));
      }
      return bars;
    });
    const unserved = new Set(units.map((_, minute) => at(minute)).filter((each) => !volumes.has(each)));
    const input = inputWith({ volumes, unserved, longer, isObserved: () => says, isInCompany: () => says });
    return { units, taken, tellers, input };
  });

const NOT_QUIET: readonly QuietVerdict[] = ['refuted', 'unproven'];

describe('A6: against labelled truth', () => {
  it('never calls a minute quiet that was taken out, whatever else speaks for it', () => {
    fc.assert(
      fc.property(worldArb, ({ units, taken, input }) => {
        for (const minute of taken) {
          if ((units[minute] ?? 0) > 0) expect(NOT_QUIET).toContain(quietVerdictOf(at(minute), input));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('calls every quiet minute conserved whose longer bar lacks nothing', () => {
    fc.assert(
      fc.property(worldArb, ({ units, taken, tellers, input }) => {
        const [shortest = '5m'] = TIMEFRAMES.filter((each) => tellers.some((teller) => teller === each));
        const parts = timeframeMs(shortest) / MINUTE;
        for (const [minute, volume] of units.entries()) {
          const first = Math.floor(minute / parts) * parts;
          const isWhole = !taken.some((each) => each >= first && each < first + parts);
          const isTold = input.longer.some(
            (each) => each.timeframe === shortest && each.timestamp === openTimeOf(shortest, at(minute)),
          );
          if (volume > 0 || !isWhole || !isTold) continue;
          const plain = { ...input, isObserved: () => false, isInCompany: () => false };
          expect(quietVerdictOf(at(minute), plain)).toBe('conserved');
        }
      }),
    );
  });
});

describe('A6: minutes taken out of recorded days', () => {
  it.skipIf(!hasRecordedData).each([
    ['binance/2025-05/BTCUSDT', '1m', ['5m', '15m', '1h', '4h']],
    ['binance/2023-04/SUSHIBTC', '1m', ['5m', '15m', '1h']],
    ['coinbase/2025-01/BTC-USD', '15m', ['1h']],
  ] as const)(
    'are never called quiet: %s %s (skipped where ../shared/data is absent)',
    (series, own, tellers) => {
      const random = seededRandom(3);
      const bars = recordedCandles(series, own).slice(0, 20_000);
      const taken = new Set(
        bars.filter((each) => each.volume > 0 && random.next() < 0.05).map((each) => each.timestamp),
      );
      const end = bars.at(-1)?.timestamp ?? 0;
      const told = new Map(tellers.map((timeframe) => [timeframe, longerByTime(series, timeframe)]));
      const verdicts = new Map<string, number>();
      for (const openTime of taken) {
        if (openTime > end - timeframeMs('4h')) continue;
        const longer = tellers.flatMap(
          (timeframe) => told.get(timeframe)?.get(openTimeOf(timeframe, openTime)) ?? [],
        );
        const from = openTimeOf('4h', openTime);
        const around = barsFrom(bars, from, from + timeframeMs('4h'));
        const volumes = new Map(
          around.filter((each) => !taken.has(each.timestamp)).map((each) => [each.timestamp, each.volume]),
        );
        const unserved = new Set(around.map((each) => each.timestamp).filter((each) => taken.has(each)));
        const input = inputWith({ timeframe: own, volumes, unserved, longer });
        const verdict = quietVerdictOf(openTime, input);
        verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
      }
      expect(verdicts.get('conserved') ?? 0).toBe(0);
      expect(verdicts.get('refuted') ?? 0).toBeGreaterThan(
        0.95 * [...verdicts.values()].reduce((a, b) => a + b, 0),
      );
    },
  );
});

function longerByTime(series: string, timeframe: Timeframe): ReadonlyMap<number, LongerBar> {
  return new Map(recordedCandles(series, timeframe).map((each) => [each.timestamp, each]));
}

/** The bars of a range of time, of bars in ascending order. */
function barsFrom(bars: readonly SourcedCandle[], from: number, to: number): readonly SourcedCandle[] {
  let [low, high] = [0, bars.length];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((bars[middle]?.timestamp ?? to) < from) low = middle + 1;
    else high = middle;
  }
  const end = bars.findIndex((each, place) => place >= low && each.timestamp >= to);
  return bars.slice(low, end < 0 ? undefined : end);
}
