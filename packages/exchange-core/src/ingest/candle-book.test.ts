import { candleClassOf, closeAsOf, isClosed, openTimeOf, timeframeMs } from '@livermore/schemas';
import type { SourcedCandle, Timeframe } from '@livermore/schemas';
import { must } from '@livermore/utils';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CandleBook } from './candle-book';
import type { BookEntry } from './candle-book';

const DAY = Date.UTC(2025, 4, 20);
const ROLLED_UP: readonly Timeframe[] = ['15m', '1h', '4h', '1d'];

function bar(openTime: number, asOfMs: number, values: Partial<SourcedCandle> = {}): SourcedCandle {
  return {
    timestamp: openTime,
    timeframe: '5m',
    symbol: 'BTC-USD',
    exchange: 'venue',
    open: 10,
    high: 12,
    low: 9,
    close: 11,
    volume: 1,
    sequenceNum: asOfMs * 1000,
    source: 'stream',
    ...values,
  };
}

const said = (entries: readonly BookEntry[]) =>
  entries.map(({ kind, candle }) => `${kind} ${candle.timeframe} +${(candle.timestamp - DAY) / 60_000}`);

describe('a book of a venue that flags closes', () => {
  const book = new CandleBook({ closes: 'flagged', base: '1m', rolledUp: [] });

  it('passes updates and closes on as they are', () => {
    expect(said(book.observe(bar(DAY, DAY + 4_000)))).toEqual(['update 5m +0']);
    expect(said(book.observe(bar(DAY, DAY + 300_005)))).toEqual(['close 5m +0']);
  });
});

const book = () => new CandleBook({ closes: 'inferred', base: '5m', rolledUp: ROLLED_UP });

describe('a book of a venue that does not', () => {
  it('closes the bar before, not the one that appeared', () => {
    const live = book();
    live.observe(bar(DAY, DAY + 299_000, { close: 9.5 }));
    const entries = live.observe(bar(DAY + 300_000, DAY + 301_000, { close: 12 }));
    const closed = entries.find((entry) => entry.kind === 'close');
    expect(closed?.candle).toMatchObject({ timestamp: DAY, close: 9.5, sequenceNum: closeAsOf('5m', DAY) });
  });

  it('takes a final state of the bar before that comes after the new bar began', () => {
    const live = book();
    live.observe(bar(DAY, DAY + 299_000));
    live.observe(bar(DAY + 300_000, DAY + 301_000));
    const late = bar(DAY, DAY + 301_500, { close: 11.5 });
    expect(live.observe(late)[0]).toEqual({ kind: 'close', candle: late });
  });

  it('ignores an old state of a closed bar', () => {
    const live = book();
    live.observe(bar(DAY + 300_000, DAY + 301_000));
    expect(live.observe(bar(DAY, DAY + 200_000))).toEqual([]);
  });

  it('rolls longer bars up at the very close of their last child', () => {
    const live = book();
    const closes: string[] = [];
    for (let at = 0; at <= 288; at += 1) {
      const openTime = DAY + at * 300_000;
      closes.push(
        ...said(live.observe(bar(openTime, openTime + 1_000))).filter((text) => /close (?!5m)/.test(text)),
      );
    }
    expect(closes.filter((text) => text.startsWith('close 15m'))).toHaveLength(96);
    expect(closes.filter((text) => text.startsWith('close 1h'))).toHaveLength(24);
    expect(closes.filter((text) => text.startsWith('close 4h'))).toHaveLength(6);
    expect(closes.at(-1)).toBe('close 1d +0');
  });

  it('shows longer bars in progress, none of which passes for closed', () => {
    const live = book();
    live.observe(bar(DAY, DAY + 299_000, { high: 20 }));
    const entries = live.observe(bar(DAY + 300_000, DAY + 301_000, { close: 11.2 }));
    const hour = entries.find((entry) => entry.candle.timeframe === '1h');
    expect(hour).toMatchObject({
      kind: 'update',
      candle: { timestamp: DAY, high: 20, close: 11.2, volume: 2 },
    });
    expect(entries.filter(({ kind }) => kind === 'update').some(({ candle }) => isClosed(candle))).toBe(
      false,
    );
  });

  it('says nothing of a longer bar whose first children it has not seen, until it is told of them', () => {
    const live = book();
    const at = DAY + 600_000;
    expect(said(live.observe(bar(at, at + 1_000)))).toEqual(['update 5m +10']);
    live.remember([0, 1].map((n) => bar(DAY + n * 300_000, DAY + 3_600_000)));
    const after = live.observe(bar(at + 300_000, at + 301_000));
    expect(said(after)).toContain('close 15m +0');
  });

  it('makes longer bars of the streamed timeframe alone, whatever history it is told of', () => {
    const live = book();
    for (const at of [0, 1, 2]) live.observe(bar(DAY + at * 300_000, DAY + at * 300_000 + 1_000));
    live.remember([0, 1, 2, 3, 4].map((at) => bar(DAY + at * 60_000, DAY + 3_600_000, { timeframe: '1m' })));
    const entries = live.observe(bar(DAY + 900_000, DAY + 901_000));
    expect(entries.find(({ candle }) => candle.timeframe === '15m' && isClosed(candle))?.candle.volume).toBe(
      3,
    );
  });

  it('calls a sum of bars a stand-in, of the lowest standing, however good its parts are', () => {
    const live = book();
    for (const at of [0, 1, 2, 3]) live.observe(bar(DAY + at * 300_000, DAY + at * 300_000 + 1_000));
    const late = bar(DAY + 600_000, DAY + 960_000, { volume: 5 });
    const sum = live.observe(late).find(({ candle }) => candle.timeframe === '15m')?.candle;
    expect(sum).toMatchObject({ volume: 7, source: 'stand-in' });
    expect(sum === undefined ? 0 : candleClassOf(sum)).toBe(1);
    expect(sum?.standing).toBeUndefined();
  });

  it('calls a sum of quiet bars quiet', () => {
    const live = book();
    const quiet = [0, 1, 2].map((at) =>
      bar(DAY + at * 300_000, DAY + 3_600_000, {
        open: 11,
        high: 11,
        low: 11,
        volume: 0,
        source: 'no-trades',
      }),
    );
    live.remember(quiet.slice(0, 2));
    const [, sum] = live.observe(must(quiet[2], 'the last part'));
    expect(sum?.candle).toMatchObject({ timeframe: '15m', volume: 0, source: 'no-trades' });
  });

  it('never closes a bar before its time nor twice with the same state, whatever the order of states', () => {
    const state = fc.record({ at: fc.integer({ min: 0, max: 40 }), late: fc.integer({ min: 0, max: 900 }) });
    fc.assert(
      fc.property(fc.array(state, { maxLength: 60 }), (states) => {
        const live = book();
        const seen = new Set<string>();
        for (const { at, late } of states) {
          const openTime = DAY + at * 300_000;
          const micros = Math.min((openTime + late * 1_000) * 1_000, closeAsOf('5m', openTime) - 1);
          for (const { kind, candle } of live.observe(bar(openTime, 0, { sequenceNum: micros }))) {
            expect(kind === 'close').toBe(isClosed(candle));
            expect(candle.timestamp).toBe(openTimeOf(candle.timeframe, candle.timestamp));
            if (kind !== 'close') continue;
            const key = `${candle.timeframe} ${candle.timestamp} ${candle.sequenceNum}`;
            expect(seen.has(key) && candle.timeframe === '5m').toBe(false);
            seen.add(key);
            expect(candle.sequenceNum).toBeGreaterThanOrEqual(
              (candle.timestamp + timeframeMs(candle.timeframe)) * 1_000,
            );
          }
        }
      }),
    );
  });
});

const closeOf = (entries: readonly BookEntry[], timeframe: Timeframe = '5m') =>
  entries.find(({ kind, candle }) => kind === 'close' && candle.timeframe === timeframe)?.candle;
/** The nth bar of the day, a second old. */
const next = (at: number, values: Partial<SourcedCandle> = {}) =>
  bar(DAY + at * 300_000, DAY + at * 300_000 + 1_000, values);
/** The nth bar of the day, as a snapshot tells it again. */
const told = (at: number) =>
  bar(DAY + at * 300_000, DAY + (at + 1) * 300_000, { volume: 9, source: 'snapshot' });

describe('a book whose frames may have been lost', () => {
  it('closes the newest bar as unwitnessed: it may have had states that never came', () => {
    const live = book();
    live.observe(next(0));
    live.interrupted();
    const closed = closeOf(live.observe(next(1)));
    expect(closed).toMatchObject({ timestamp: DAY, standing: 'unwitnessed' });
    expect(closed === undefined ? 0 : candleClassOf(closed)).toBe(1);
    expect(closeOf(live.observe(next(2)))?.standing).toBeUndefined();
  });

  it('is sure again of a bar that is told anew', () => {
    const live = book();
    live.observe(next(0));
    live.interrupted();
    live.observe(bar(DAY, DAY + 200_000, { volume: 3 }));
    const closed = closeOf(live.observe(next(1)));
    expect(closed).toMatchObject({ volume: 3 });
    expect(closed?.standing).toBeUndefined();
  });

  it('doubts the bars of those series alone that frames were lost of', () => {
    const live = book();
    const symbols = ['BTC-USD', 'ETH-USD'];
    for (const symbol of symbols) live.observe(next(0, { symbol }));
    live.interrupted([
      { symbol: 'BTC-USD', timeframe: '5m' },
      { symbol: 'NEW-USD', timeframe: '5m' },
    ]);
    live.observe(next(0, { symbol: 'NEW-USD' }));
    const closed = [...symbols, 'NEW-USD'].map((symbol) => closeOf(live.observe(next(1, { symbol }))));
    expect(closed.map((each) => each?.standing)).toEqual(['unwitnessed', undefined, undefined]);
  });

  it('knows no doubt of other symbols’ later bars, nor of what it had never seen', () => {
    const live = book();
    live.interrupted();
    live.observe(next(0));
    expect(closeOf(live.observe(next(1)))?.standing).toBeUndefined();
  });

  it('never lets a snapshot replace a better part of a longer bar', () => {
    const live = book();
    for (const at of [0, 1]) live.observe(next(at, { volume: 10 }));
    live.interrupted();
    for (const at of [0, 1]) live.observe(told(at));
    live.observe(next(2, { volume: 10 }));
    const sum = closeOf(live.observe(next(3)), '15m');
    // The first part was whole when it closed; of the second the snapshot is all there is.
    expect(sum).toMatchObject({ volume: 29, source: 'stand-in' });
  });

  it('takes of two weak tellings of a part the one with more volume, whichever came first', () => {
    for (const isFuller of [true, false]) {
      const live = book();
      live.observe(next(0, { volume: 5 }));
      live.interrupted();
      live.observe(next(1));
      live.observe(bar(DAY, DAY + 300_000, { volume: isFuller ? 8 : 4, source: 'snapshot' }));
      for (const at of [2, 3]) live.observe(next(at));
      live.remember([next(0, { volume: 5, sequenceNum: closeAsOf('5m', DAY), standing: 'unwitnessed' })]);
      const sum = closeOf(live.observe(bar(DAY + 600_000, DAY + 960_000)), '15m');
      expect(sum?.volume).toBe(isFuller ? 10 : 7);
    }
  });

  it('keeps a part the stream was sure of, whatever weaker history it is told', () => {
    const live = book();
    for (const at of [0, 1]) live.observe(next(at, { volume: 4 }));
    live.remember([bar(DAY, DAY + 400_000, { volume: 2, source: 'rest' })]);
    for (const at of [2, 3]) live.observe(next(at, { volume: 4 }));
    expect(closeOf(live.observe(bar(DAY + 600_000, DAY + 960_000, { volume: 4 })), '15m')?.volume).toBe(12);
  });
});
