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

/** A cache and a bus that keep a diary, and can be told to fail. */
function world(overrides: Partial<CandleWriterOptions> = {}) {
  const diary: string[] = [];
  const clock = new ManualClock(OPEN);
  const fails: unknown[] = [];
  /** Minutes whose announcement is refused. */
  const unsaid = new Set<number>();
  const contexts: WriteContext[] = [];
  let outcome = NEW;
  const retraction = { removed: true, wasTold: false };
  const text = (each: { timestamp: number; close: number }) =>
    `${(each.timestamp - OPEN) / 60_000}@${each.close}`;
  const writer = new CandleWriter({
    exchangeId: 1,
    clock,
    venueTime: clock,
    logger: silentLogger,
    cache: {
      async writeExchangeCandle(_id, each, context) {
        await Promise.resolve();
        contexts.push(context ?? {});
        const failure = fails.shift();
        if (failure !== undefined) throw failure;
        diary.push(`write ${(each.timestamp - OPEN) / 60_000}@${each.close}`);
        return outcome;
      },
      async writeExchangeCandles(_id, _series, candles, context) {
        contexts.push(context ?? {});
        diary.push(`history ${candles.length}`);
        return candles.map(() => outcome);
      },
      async retract(_id, _series, { openTime, asOf }, cause) {
        diary.push(`retract ${(openTime - OPEN) / 60_000} judged at ${asOf} for ${cause}`);
        return retraction;
      },
    },
    bus: {
      async publishClose(_id, each, label = 'live') {
        if (unsaid.has((each.timestamp - OPEN) / 60_000)) throw new Error('Connection is closed.');
        diary.push(`announce ${text(each)}${label === 'live' ? '' : ` as ${label}`}`);
      },
    },
    ...overrides,
  });
  const answer = (next: WriteOutcome) => {
    outcome = next;
  };
  return { diary, clock, fails, unsaid, writer, answer, contexts, retraction };
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
    answer(outcomeWith({ replaced: true, changed: false, wasClosed: true }));
    writer.take(close(0), 0);
    await writer.drain();
    expect(diary).toEqual(['write 0@10']);
  });

  it('announces a correction of a closed bar', async () => {
    const { writer, diary, answer } = world();
    answer(outcomeWith({ replaced: true, wasClosed: true, news: 'correction' }));
    writer.take(close(0), 0);
    await writer.drain();
    expect(diary).toContain('announce 0@10 as correction');
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
    answer(outcomeWith({ written: false, replaced: true, changed: false, wasClosed: true }));
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

  it('says of a close why it is told, as the write that stored it decided', async () => {
    for (const label of ['live', 'late', 'correction', 'retracted'] as const) {
      const { writer, diary, answer } = world();
      answer(outcomeWith({ news: label }));
      writer.take(close(0), 0);
      await writer.drain();
      expect(diary[1]).toBe(`announce 0@10${label === 'live' ? '' : ` as ${label}`}`);
    }
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

describe('an announcement that fails', () => {
  const series = { symbol: 'BTCUSDT', timeframe: '1m' } as const;
  const three = [0, 1, 2].map((minute) => candle(minute, true));

  it('keeps no other bar of its page from being said and handed on, and is made with the next write', async () => {
    const closed: number[] = [];
    const { writer, diary, unsaid, answer } = world({
      onClosed: (each) => closed.push((each.timestamp - OPEN) / 60_000),
    });
    unsaid.add(1);
    answer(outcomeWith({ news: 'late' }));
    await expect(writer.writeHistory(series, three, { cause: 'repair' })).rejects.toThrow('closed');
    expect(closed).toEqual([0, 1, 2]);
    expect(diary.slice(1)).toEqual(['announce 0@10 as late', 'announce 2@10 as late']);
    unsaid.clear();
    answer(outcomeWith({ written: false, changed: false, wasClosed: true }));
    await writer.writeHistory(series, three, { cause: 'repair' });
    expect(diary.slice(3)).toEqual(['history 3', 'announce 1@10 as late']);
    await writer.writeHistory(series, three, { cause: 'repair' });
    expect(diary.slice(5)).toEqual(['history 3']);
  });

  it('is made before the next one of a streamed close', async () => {
    const { writer, diary, unsaid } = world();
    unsaid.add(1);
    await expect(writer.writeHistory(series, three, { cause: 'repair' })).rejects.toThrow('closed');
    unsaid.clear();
    diary.length = 0;
    writer.take(close(3), 0);
    await writer.drain();
    expect(diary).toEqual(['write 3@10', 'announce 1@10', 'announce 3@10']);
  });

  it('of a bar that was taken back is made with the next call', async () => {
    const { writer, diary, unsaid, retraction } = world();
    retraction.wasTold = true;
    unsaid.add(1);
    await expect(writer.retract(candle(1, true), 'refuted')).rejects.toThrow('closed');
    unsaid.clear();
    diary.length = 0;
    retraction.wasTold = false;
    await writer.retract(candle(2, true), 'refuted');
    expect(diary.slice(1)).toEqual(['announce 1@10 as retracted']);
  });

  it('is one of a bounded number: the oldest are let go', async () => {
    const { writer, diary, unsaid } = world({ limits: { maxQueuedCloses: 2, maxInFlightWrites: 1 } });
    for (const minute of [0, 1, 2]) unsaid.add(minute);
    await expect(writer.writeHistory(series, three, { cause: 'repair' })).rejects.toThrow('closed');
    unsaid.clear();
    diary.length = 0;
    await writer.writeHistory(series, [candle(2, false)], { cause: 'repair' });
    expect(diary.slice(1)).toEqual(['announce 1@10', 'announce 2@10']);
  });

  it('is made again as what it was, and nothing is told by it before it succeeds', async () => {
    const { writer, diary, clock, unsaid, answer, contexts } = world({ liveSince: () => OPEN });
    unsaid.add(0);
    answer(outcomeWith({ wasClosed: true, news: 'correction' }));
    writer.take(close(0), 0);
    await clock.advance(50);
    answer(outcomeWith({ written: false, changed: false, wasClosed: true }));
    unsaid.clear();
    await clock.advance(5_000);
    expect(diary).toEqual(['write 0@10', 'write 0@10', 'announce 0@10 as correction']);
    expect(contexts.map(({ liveSince }) => liveSince)).toEqual([OPEN, OPEN]);
  });
});

describe('writing history', () => {
  const series = { symbol: 'BTCUSDT', timeframe: '1m' } as const;

  it('is no news in itself: it hands on who brings it, and tells only what the write calls news', async () => {
    const { writer, diary, answer, contexts } = world();
    answer(SILENT);
    await writer.writeHistory(series, [candle(0, true), candle(1, false)], { cause: 'warmup' });
    expect(contexts).toEqual([{ cause: 'warmup', now: OPEN }]);
    expect(diary).toEqual(['history 2']);
    answer(outcomeWith({ news: 'correction' }));
    await writer.writeHistory(series, [candle(0, true), candle(1, false)], { cause: 'audit' });
    expect(diary.slice(1)).toEqual(['history 2', 'announce 0@10 as correction']);
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

  it('takes a quiet bar back, against what was judged, and says so where it had been told', async () => {
    const { writer, diary, retraction } = world();
    const quiet = { ...candle(3, true), source: 'no-trades', volume: 0 } as const;
    const took = `retract 3 judged at ${quiet.sequenceNum} for refuted`;
    expect(await writer.retract(quiet, 'refuted')).toBe(true);
    expect(diary).toEqual([took]);
    retraction.wasTold = true;
    await writer.retract(quiet, 'refuted');
    expect(diary).toEqual([took, took, 'announce 3@10 as retracted']);
  });
});
