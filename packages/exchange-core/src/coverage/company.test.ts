import type { StoredCandle } from '@livermore/cache';
import { closeAsOf } from '@livermore/schemas';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BusyCompany } from './company';

const MINUTE = 60_000;
const START = 28_333_334 * MINUTE;
const at = (minute: number) => START + minute * MINUTE;
const TEN = Array.from({ length: 10 }, (_, number) => `S${number}`);
const HOUR = { from: at(0), to: at(60) };

interface World {
  readonly symbols?: readonly string[];
  /** Whether a symbol traded in a minute. */
  readonly trades: (symbol: string, minute: number) => boolean;
  readonly wasDown?: (minute: number) => boolean;
  readonly change?: (bar: StoredCandle) => StoredCandle;
}

function company({ symbols = TEN, trades, wasDown = () => false, change = (bar) => bar }: World) {
  const asked: string[] = [];
  const read = new BusyCompany({
    exchangeId: 1,
    busiest: () => symbols,
    wasDown: ({ from }) => wasDown((from - START) / MINUTE),
    cache: {
      readExchangeCandles: (_id, { symbol, timeframe }, query) => {
        const { from = 0, to = 0 } = query ?? {};
        asked.push(symbol);
        const bars: StoredCandle[] = [];
        for (let timestamp = from; timestamp <= to; timestamp += MINUTE) {
          if (!trades(symbol, (timestamp - START) / MINUTE)) continue;
          const values = { open: 1, high: 1, low: 1, close: 1, volume: 1 };
          const sequenceNum = closeAsOf(timeframe, timestamp);
          bars.push(change({ ...values, symbol, timeframe, timestamp, sequenceNum, source: 'rest' }));
        }
        return Promise.resolve(bars);
      },
    },
  });
  return { read, asked };
}

const minutesIn = async (world: World) =>
  [...(await company(world).read.tradedIn('1m', HOUR))].map((openTime) => (openTime - START) / MINUTE);
const every = Array.from({ length: 60 }, (_, minute) => minute);

describe('other symbols as witnesses that the venue was well', () => {
  it('are enough when three of the ten busiest have rows before, in and after the bar', async () => {
    expect(await minutesIn({ trades: (symbol) => ['S0', 'S5', 'S9'].includes(symbol) })).toEqual(every);
    expect(await minutesIn({ trades: (symbol) => ['S0', 'S5'].includes(symbol) })).toEqual([]);
  });

  it('are not asked beyond the ten busiest, and fewer than ten prove nothing', async () => {
    const { read, asked } = company({ symbols: [...TEN, 'S10', 'S11'], trades: () => true });
    await read.tradedIn('1m', HOUR);
    expect(asked).toEqual(TEN);
    expect(await minutesIn({ symbols: TEN.slice(1), trades: () => true })).toEqual([]);
  });

  it('say nothing of an outage, nor of the bars at its edges', async () => {
    const world = { trades: (_: string, minute: number) => minute < 20 || minute > 22 };
    expect(await minutesIn(world)).toEqual(every.filter((minute) => minute < 19 || minute > 23));
  });

  it('say nothing of a time when we could not see the venue', async () => {
    const world = { trades: () => true, wasDown: (minute: number) => minute === 7 };
    expect(await minutesIn(world)).toEqual(every.filter((minute) => minute !== 7));
  });

  it.each([
    [
      'in which nothing traded',
      (bar: StoredCandle): StoredCandle => ({ ...bar, volume: 0, source: 'no-trades' }),
    ],
    ['that still form', (bar: StoredCandle): StoredCandle => ({ ...bar, sequenceNum: bar.timestamp * 1000 })],
  ])('count no bars %s', async (_, change) => {
    expect(await minutesIn({ trades: () => true, change })).toEqual([]);
  });
});

describe('other symbols, against a count by hand', () => {
  it('are enough exactly where at least three have three rows in a row, and nobody was down', async () => {
    const rows = fc.array(fc.array(fc.boolean(), { minLength: 62, maxLength: 62 }), {
      minLength: 9,
      maxLength: 12,
    });
    const down = fc.uniqueArray(fc.nat(59), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(rows, down, async (traded, downMinutes) => {
        const symbols = traded.map((_, number) => `S${number}`);
        const trades = (symbol: string, minute: number) =>
          traded[Number(symbol.slice(1))]?.[minute + 1] === true;
        const said = await minutesIn({ symbols, trades, wasDown: (minute) => downMinutes.includes(minute) });
        const isWitness = (symbol: string, minute: number) =>
          [minute - 1, minute, minute + 1].every((each) => trades(symbol, each));
        const expected = every.filter(
          (minute) =>
            symbols.length >= 10 &&
            !downMinutes.includes(minute) &&
            symbols.slice(0, 10).filter((symbol) => isWitness(symbol, minute)).length >= 3,
        );
        expect(said).toEqual(expected);
      }),
    );
  });
});
