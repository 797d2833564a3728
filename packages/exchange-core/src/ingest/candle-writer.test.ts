import type { WriteOutcome } from '@livermore/cache';
import type { SourcedCandle } from '@livermore/schemas';
import { ManualClock, silentLogger } from '@livermore/utils';
import { describe, expect, it } from 'vitest';
import { CandleWriter } from './candle-writer';
import type { CandleWriterOptions } from './candle-writer';

const OPEN = Date.UTC(2025, 4, 20);
const NEW: WriteOutcome = { written: true, replaced: false, changed: true, wasClosed: false };

function candle(minute: number, isFinal: boolean, close = 10): SourcedCandle {
  const timestamp = OPEN + minute * 60_000;
  return {
    timestamp,
    timeframe: '1m',
    symbol: 'BTCUSDT',
    exchange: 'venue',
    open: 10,
    high: 12,
    low: 9,
    close,
    volume: 1,
    sequenceNum: (timestamp + (isFinal ? 60_005 : 30_000)) * 1_000,
    source: 'stream',
  };
}

/** A cache and a bus that keep a diary, and can be told to fail. */
function world(overrides: Partial<CandleWriterOptions> = {}) {
  const diary: string[] = [];
  const clock = new ManualClock(OPEN);
  const fails: unknown[] = [];
  let outcome: WriteOutcome = NEW;
  const text = (each: { timestamp: number; close: number }) =>
    `${(each.timestamp - OPEN) / 60_000}@${each.close}`;
  const writer = new CandleWriter({
    exchangeId: 1,
    clock,
    logger: silentLogger,
    cache: {
      async writeExchangeCandle(_id, each) {
        await Promise.resolve();
        const failure = fails.shift();
        if (failure !== undefined) throw failure;
        diary.push(`write ${(each.timestamp - OPEN) / 60_000}@${each.close}`);
        return outcome;
      },
      async writeExchangeCandles(_id, _series, candles) {
        diary.push(`history ${candles.length}`);
        return candles.map(() => outcome);
      },
    },
    bus: {
      async publishClose(_id, each) {
        diary.push(`announce ${text(each)}`);
      },
    },
    ...overrides,
  });
  const answer = (next: WriteOutcome) => {
    outcome = next;
  };
  return { diary, clock, fails, writer, answer };
}

const close = (minute: number, price?: number) =>
  ({ kind: 'close', candle: candle(minute, true, price) }) as const;
const update = (minute: number, price?: number) =>
  ({ kind: 'update', candle: candle(minute, false, price) }) as const;

describe('writing candles', () => {
  it('announces a close only after its write resolved', async () => {
    const { writer, diary } = world();
    writer.take(close(0), 0);
    await writer.drain();
    expect(diary).toEqual(['write 0@10', 'announce 0@10']);
  });

  it('keeps every close in order and only the newest of waiting updates', async () => {
    const { writer, diary } = world();
    for (const price of [9.5, 10, 11]) writer.take(update(2, price), 0);
    writer.take(close(0), 0);
    writer.take(close(1), 0);
    await writer.drain();
    expect(diary.filter((entry) => entry.startsWith('write'))).toEqual([
      'write 0@10',
      'write 1@10',
      'write 2@11',
    ]);
  });

  it('says nothing of a close that was known', async () => {
    const { writer, diary, answer } = world();
    answer({ written: true, replaced: true, changed: false, wasClosed: true });
    writer.take(close(0), 0);
    await writer.drain();
    expect(diary).toEqual(['write 0@10']);
  });

  it('announces a correction of a closed bar', async () => {
    const { writer, diary, answer } = world();
    answer({ written: true, replaced: true, changed: true, wasClosed: true });
    writer.take(close(0), 0);
    await writer.drain();
    expect(diary).toContain('announce 0@10');
  });

  it.each([
    ['full', new Error("OOM command not allowed when used memory > 'maxmemory'.")],
    ['read-only', new Error("READONLY You can't write against a read only replica.")],
    ['unreachable', new Error('Connection is closed.')],
  ])('holds closes while Redis is %s and writes them when it is back', async (trouble, failure) => {
    const { writer, diary, clock, fails } = world();
    fails.push(failure, failure, failure);
    writer.take(close(0), 0);
    await clock.advance(50);
    expect(writer.facts.trouble).toBe(trouble);
    writer.take(close(1), 0);
    await clock.advance(5_000);
    expect(diary.filter((entry) => entry.startsWith('announce')).toSorted()).toEqual([
      'announce 0@10',
      'announce 1@10',
    ]);
    expect(writer.facts).toMatchObject({ trouble: undefined, queuedCloses: 0, inFlight: 0 });
  });

  it('announces after a retry although the first try had written, its answer being lost', async () => {
    const { writer, diary, clock, fails, answer } = world();
    fails.push(new Error('Connection is closed.'));
    answer({ written: false, replaced: true, changed: false, wasClosed: true });
    writer.take(close(0), 0);
    await clock.advance(5_000);
    expect(diary).toEqual(['write 0@10', 'announce 0@10']);
  });

  it('drops a candle that is refused for what it is, counts it, and goes on', async () => {
    const { writer, diary, fails } = world();
    fails.push(new Error('candle refused: high: high is below open or close'));
    writer.take(close(0), 0);
    writer.take(close(1), 0);
    await writer.drain();
    expect(writer.facts.refused).toBe(1);
    expect(diary).toEqual(['write 1@10', 'announce 1@10']);
  });

  it('bounds the closes that wait, and hands over what does not fit', async () => {
    const dropped: number[] = [];
    const limits = { maxQueuedCloses: 2, maxInFlightWrites: 1 };
    const { writer, diary } = world({
      limits,
      onOverflow: (each) => dropped.push((each.timestamp - OPEN) / 60_000),
    });
    for (let minute = 0; minute < 4; minute += 1) writer.take(close(minute), 0);
    await writer.drain();
    expect(dropped).toEqual([2, 3]);
    expect(writer.facts.overflowed).toBe(2);
    expect(diary.filter((entry) => entry.startsWith('write'))).toEqual(['write 0@10', 'write 1@10']);
  });

  it('announces history only when asked to, and only what is closed', async () => {
    const { writer, diary } = world();
    const series = { symbol: 'BTCUSDT', timeframe: '1m' } as const;
    await writer.writeHistory(series, [candle(0, true), candle(1, false)], { announce: false });
    await writer.writeHistory(series, [candle(0, true), candle(1, false)], { announce: true });
    expect(diary).toEqual(['history 2', 'history 2', 'announce 0@10']);
  });
});
