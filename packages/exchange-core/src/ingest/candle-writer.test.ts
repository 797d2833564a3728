import type { WriteContext, WriteOutcome } from '@livermore/cache';
import type { SourcedCandle } from '@livermore/schemas';
import { ManualClock, silentLogger } from '@livermore/utils';
import { describe, expect, it } from 'vitest';
import { outcomeWith } from '../testing/reports';
import { CandleWriter } from './candle-writer';
import type { CandleWriterOptions } from './candle-writer';

const OPEN = Date.UTC(2025, 4, 20);
const NEW = outcomeWith({ news: 'live' });
const SILENT = outcomeWith();

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

/** A cache that keeps a diary, and can be told to fail. */
function world(overrides: Partial<CandleWriterOptions> = {}) {
  const diary: string[] = [];
  const clock = new ManualClock(OPEN);
  const fails: unknown[] = [];
  const contexts: WriteContext[] = [];
  let outcome = NEW;
  const retraction = { removed: true, wasTold: false };
  const text = (each: { timestamp: number; close: number }) =>
    `${(each.timestamp - OPEN) / 60_000}@${each.close}`;
  const tried = async (context: WriteContext | undefined) => {
    await Promise.resolve();
    contexts.push(context ?? {});
    const failure = fails.shift();
    if (failure !== undefined) throw failure;
  };
  const writer = new CandleWriter({
    exchangeId: 1,
    clock,
    venueTime: clock,
    logger: silentLogger,
    cache: {
      async writeExchangeCandle(_id, each, context) {
        await tried(context);
        diary.push(`write ${text(each)}`);
        return outcome;
      },
      async writeExchangeCandles(_id, _series, candles, context) {
        await tried(context);
        diary.push(`write ${candles.map(text).join(' ')}`);
        return candles.map(() => outcome);
      },
      async retract(_id, _series, { openTime, asOf }, { cause }) {
        diary.push(`retract ${(openTime - OPEN) / 60_000} judged at ${asOf} for ${cause}`);
        return retraction;
      },
    },
    ...overrides,
  });
  const answer = (next: WriteOutcome) => {
    outcome = next;
  };
  return { diary, clock, fails, writer, answer, contexts, retraction };
}

const close = (minute: number, price?: number) =>
  ({ kind: 'close', candle: candle(minute, true, price) }) as const;
const update = (minute: number, price?: number) =>
  ({ kind: 'update', candle: candle(minute, false, price) }) as const;

describe('writing candles', () => {
  it('keeps every close in order and only the newest of waiting updates', async () => {
    const { writer, diary } = world();
    for (const price of [9.5, 10, 11]) writer.take(update(2, price), 0);
    writer.take(close(0), 0);
    writer.take(close(1), 0);
    await writer.drain();
    expect(diary).toEqual(['write 0@10 1@10', 'write 2@11']);
  });

  it('writes closes of a series one step after the other: a failure does not turn their order round', async () => {
    const { writer, diary, clock, fails } = world();
    fails.push(new Error("OOM command not allowed when used memory > 'maxmemory'."));
    writer.take(close(0), 0);
    await clock.advance(0);
    for (const minute of [1, 2]) writer.take(close(minute), 0);
    await clock.advance(5_000);
    expect(diary).toEqual(['write 0@10 1@10 2@10']);
  });

  it('says whether a close was news, as the write that announced it did', async () => {
    const announced: boolean[] = [];
    const { writer, answer } = world({
      onWritten: (_entry, _outcome, took) => announced.push(took.isAnnounced),
    });
    for (const outcome of [
      NEW,
      SILENT,
      outcomeWith({ replaced: true, wasClosed: true, news: 'correction' }),
    ]) {
      answer(outcome);
      writer.take(close(0), 0);
      await writer.drain();
    }
    expect(announced).toEqual([true, false, true]);
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
    expect(diary).toEqual(['write 0@10 1@10']);
    expect(writer.facts).toMatchObject({ trouble: undefined, queuedCloses: 0, inFlight: 0 });
  });

  it('drops a candle that is refused for what it is, counts it, and writes those that waited with it', async () => {
    const { writer, diary, fails } = world();
    const refusal = new Error('candle refused: high: high is below open or close');
    fails.push(refusal, refusal);
    for (const minute of [0, 1, 2]) writer.take(close(minute), 0);
    await writer.drain();
    expect(writer.facts).toMatchObject({ refused: 1, queuedCloses: 0 });
    expect(diary).toEqual(['write 1@10', 'write 2@10']);
  });

  it('once stopped, writes nothing of what waits, however long Redis was away, and takes nothing', async () => {
    const { writer, diary, clock, fails } = world();
    fails.push(new Error('Connection is closed.'), new Error('Connection is closed.'));
    writer.take(close(0), 0);
    writer.take(update(1), 0);
    await clock.advance(0);
    writer.stop();
    writer.take(close(2), 0);
    await writer.drain();
    await clock.advance(60_000);
    const late = candle(3, true);
    await expect(writer.writeHistory(late, [late], { cause: 'repair' })).rejects.toThrow('stopped');
    await expect(writer.retract(late, 'refuted')).rejects.toThrow('stopped');
    expect(diary).toEqual([]);
    expect(writer.facts).toMatchObject({ queuedCloses: 0, pendingUpdates: 0, inFlight: 0 });
  });

  it('says which series a value of another type stands in the way of, and writes it when it is gone', async () => {
    const foreign: string[] = [];
    const { writer, diary, clock, fails } = world({
      onForeign: ({ symbol, timeframe }) => foreign.push(`${symbol} ${timeframe}`),
    });
    fails.push(new Error('WRONGTYPE Operation against a key holding the wrong kind of value'));
    writer.take(close(0), 0);
    await clock.advance(1_000);
    expect(foreign).toEqual(['BTCUSDT 1m']);
    expect(diary).toEqual(['write 0@10']);
    expect(writer.facts).toMatchObject({ refused: 0, lastTrouble: { trouble: 'foreign', agoMs: 1_000 } });
  });

  it('writes no more closes of a series in one step than hold Redis for a moment', async () => {
    const { writer, diary } = world();
    for (let minute = 0; minute < 600; minute += 1) writer.take(close(minute), 0);
    await writer.drain();
    expect(diary.map((entry) => entry.split(' ').length - 1)).toEqual([250, 250, 100]);
    const written = diary.flatMap((entry) => entry.split(' ').slice(1));
    expect(written).toEqual(Array.from({ length: 600 }, (_, minute) => `${minute}@10`));
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
    expect(diary).toEqual(['write 0@10 1@10']);
  });

  it('hands on since when the feed is live: a bar that closed before is no news', async () => {
    let liveSince: number | undefined;
    const { writer, contexts, answer } = world({ liveSince: () => liveSince });
    answer(SILENT);
    writer.take(close(0), 0);
    await writer.drain();
    liveSince = OPEN + 30_000;
    writer.take(close(1), 0);
    await writer.drain();
    const series = { symbol: 'BTCUSDT', timeframe: '1m' } as const;
    await writer.writeHistory(series, [candle(2, true)], { cause: 'boundary' });
    expect(contexts).toEqual([
      { cause: 'feed', now: OPEN },
      { cause: 'feed', now: OPEN, liveSince },
      { cause: 'boundary', now: OPEN, liveSince },
    ]);
  });
});

describe('what was announced', () => {
  it('is no news again where a Redis lost what it knew: a series goes on after the newest bar told of it', async () => {
    const { writer, contexts } = world({ liveSince: () => OPEN });
    for (const minute of [3, 2]) {
      writer.take(close(minute), 0);
      await writer.drain();
    }
    await writer.writeHistory(candle(3, true), [candle(3, true)], { cause: 'sweep' });
    await writer.writeHistory({ symbol: 'ETHUSDT', timeframe: '1m' }, [candle(3, true)], { cause: 'sweep' });
    const after = OPEN + 4 * 60_000 + 1;
    expect(contexts.map(({ liveSince }) => liveSince)).toEqual([OPEN, after, after, OPEN]);
  });
});

describe('writing history', () => {
  const series = { symbol: 'BTCUSDT', timeframe: '1m' } as const;

  it('hands on who brings it', async () => {
    const { writer, diary, contexts } = world();
    await writer.writeHistory(series, [candle(0, true), candle(1, false)], { cause: 'warmup' });
    expect(contexts).toEqual([{ cause: 'warmup', now: OPEN }]);
    expect(diary).toEqual(['write 0@10 1@10']);
  });

  it('says of every closed bar what became of it, told or not', async () => {
    const seen: string[] = [];
    const { writer } = world({
      onClosed: (each, outcome) => seen.push(`${(each.timestamp - OPEN) / 60_000} ${outcome.written}`),
    });
    await writer.writeHistory(series, [candle(0, true), candle(1, false), candle(2, true)], {
      cause: 'look',
    });
    expect(seen).toEqual(['0 true', '2 true']);
    expect(await writer.writeHistory(series, [], { cause: 'look' })).toEqual([]);
  });

  it('takes a quiet bar back, against what was judged, and says so only where it was there', async () => {
    const { writer, diary, retraction } = world();
    const quiet = { ...candle(3, true), source: 'no-trades', volume: 0 } as const;
    const back: number[] = [];
    const { writer: other } = world({ onRetracted: (bar) => back.push(bar.timestamp) });
    expect(await writer.retract(quiet, 'refuted')).toBe(true);
    expect(diary).toEqual([`retract 3 judged at ${quiet.sequenceNum} for refuted`]);
    await other.retract(quiet, 'refuted');
    retraction.removed = false;
    expect(await writer.retract(quiet, 'refuted')).toBe(false);
    expect(back).toEqual([quiet.timestamp]);
  });
});
