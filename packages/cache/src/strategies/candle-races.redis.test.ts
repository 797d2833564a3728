import { CANDLE_SOURCES, candleClassOf, closeAsOf, isClosed } from '@livermore/schemas';
import type { CandleSource, CandleStanding, SourcedCandle } from '@livermore/schemas';
import * as fc from 'fast-check';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { StoredCandle } from '../candle-layout';
import { exchangeCandleKey } from '../keys';
import { createRedis } from '../redis';
import { EXAMPLE_OPEN_TIME, freshExchangeId, sourcedCandle } from '../testing';
import { CandleCacheStrategy } from './candle-cache';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const BARS = 6;
const MICROS = 1_000;
const SERIES = { symbol: 'BTCUSDT', timeframe: '1m' } as const;
const openTimeAt = (at: number) => EXAMPLE_OPEN_TIME + at * MINUTE_MS;

/** A state of a bar. Its prices follow from (bar, as-of), as a venue never says two things of one instant. */
function stateOf(at: number, asOfMs: number, source: CandleSource): SourcedCandle {
  const close = 100 + ((at * 31 + asOfMs) % 50);
  return sourcedCandle({
    timestamp: openTimeAt(at),
    close,
    high: 200,
    low: 50,
    volume: asOfMs,
    sequenceNum: (openTimeAt(at) + asOfMs) * MICROS,
    source,
  });
}

interface Arrival {
  readonly at: number;
  readonly asOfMs: number;
  readonly source: CandleSource;
  readonly standing: CandleStanding | undefined;
  readonly writer: number;
}

function arrivedAs({ at, asOfMs, source, standing }: Arrival): SourcedCandle {
  return { ...stateOf(at, asOfMs, source), ...(standing === undefined ? {} : { standing }) };
}

const toldOf = ({ timestamp, open, high, low, close, volume }: StoredCandle) =>
  [timestamp, open, high, low, close, volume].join(' ');

/** What the venue says in the end of every bar: twice, apart, and later than anything else. */
function readingsAt(asOfMs: number): readonly SourcedCandle[] {
  return Array.from({ length: BARS }, (_, at) => ({
    ...stateOf(at, 0, 'rest'),
    volume: 1_000 + at,
    sequenceNum: (openTimeAt(at) + asOfMs) * MICROS,
  }));
}

const agreedSeries = () => readingsAt(DAY_MS).map((candle) => `4: ${toldOf(candle)}`);

const textOf = (each: Arrival) => `${each.at} ${each.asOfMs}`;

describe('many writers on a real Redis', () => {
  const connections: Redis[] = [];
  let caches: readonly CandleCacheStrategy[] = [];
  let reader: Redis;

  beforeAll(() => {
    for (let count = 0; count < 3; count += 1) connections.push(createRedis(inject('redisUrl')));
    caches = connections.map((connection) => new CandleCacheStrategy(connection));
    reader = createRedis(inject('redisUrl'));
  });

  afterAll(async () => {
    await Promise.all([...connections, reader].map((connection) => connection.quit()));
  });

  const writerOf = (at: number) => caches[at % caches.length] ?? new CandleCacheStrategy(reader);

  it('FND-02: racing writers leave one member per open time, and no reader ever sees it missing', async () => {
    const exchangeId = freshExchangeId();
    const key = exchangeCandleKey(exchangeId, SERIES.symbol, SERIES.timeframe);
    const bars = 5;
    for (let at = 0; at < bars; at += 1) {
      await writerOf(0).addExchangeCandleIfNewer(exchangeId, stateOf(at, 0, 'stream'));
    }
    let isWriting = true;
    const counts = new Set<number>();
    const poll = (async () => {
      while (isWriting) {
        const looks = Array.from({ length: 20 }, (_, look) =>
          reader.zcount(key, openTimeAt(look % bars), openTimeAt(look % bars)),
        );
        for (const count of await Promise.all(looks)) counts.add(count);
      }
    })();
    const writes = Array.from({ length: 3_000 }, (_, step) =>
      writerOf(step).addExchangeCandleIfNewer(
        exchangeId,
        stateOf(step % bars, (step * 7_919) % MINUTE_MS, 'stream'),
      ),
    );
    const results = await Promise.all(writes);
    isWriting = false;
    await poll;
    expect([...counts]).toEqual([1]);
    expect(await reader.zcard(key)).toBe(bars);
    expect(results.filter(Boolean).length).toBeGreaterThan(bars);
  });

  it('A4: the winner of a race is always the highest as-of', async () => {
    const exchangeId = freshExchangeId();
    const states = Array.from({ length: 600 }, (_, step) => stateOf(0, (step * 7_919) % MINUTE_MS, 'stream'));
    await Promise.all(
      states.map((state, step) => writerOf(step).addExchangeCandleIfNewer(exchangeId, state)),
    );
    const newest = states.reduce((best, state) => (state.sequenceNum > best.sequenceNum ? state : best));
    const [stored] = await writerOf(0).readExchangeCandles(exchangeId, SERIES);
    expect(stored).toMatchObject({ sequenceNum: newest.sequenceNum, close: newest.close });
  });

  /** What reaches the cache about six bars: updates and closes by stream, REST, derivation; late, repeated. */
  const arrivals = fc.array(
    fc.record({
      at: fc.nat(BARS - 1),
      // While it formed, soon after its close, and in the day after.
      asOfMs: fc.oneof(
        fc.nat(MINUTE_MS - 1),
        fc.integer({ min: MINUTE_MS, max: MINUTE_MS + 4_000 }),
        fc.integer({ min: MINUTE_MS, max: DAY_MS }),
      ),
      source: fc.constantFrom(...CANDLE_SOURCES),
      standing: fc.constantFrom<CandleStanding | undefined>(undefined, 'unwitnessed', 'once'),
      writer: fc.nat(2),
    }),
    { minLength: 1, maxLength: 60 },
  );

  it('A4: any order of arrival, by any writers, with repeats, then two agreeing readings: the same series', async () => {
    await fc.assert(
      fc.asyncProperty(arrivals, fc.infiniteStream(fc.nat()), async (list, luck) => {
        const shuffled = [...list, ...list]
          .map((each) => ({ each, key: luck.next().value ?? 0 }))
          .toSorted((a, b) => a.key - b.key)
          .map(({ each }) => each);
        for (const how of ['one by one', 'concurrently', 'in bulk'] as const) {
          expect(await seriesAfter(shuffled, how)).toEqual(agreedSeries());
        }
        expect(await seriesAfter(shuffled.toReversed(), 'one by one')).toEqual(agreedSeries());
      }),
      { numRuns: 60 },
    );
  });

  async function seriesAfter(
    list: readonly Arrival[],
    how: 'one by one' | 'concurrently' | 'in bulk',
  ): Promise<readonly string[]> {
    const exchangeId = freshExchangeId();
    const candles = list.map((each) => arrivedAs(each));
    if (how === 'in bulk') await writerOf(0).writeExchangeCandles(exchangeId, SERIES, candles);
    else if (how === 'concurrently') {
      await Promise.all(
        candles.map((candle, at) =>
          writerOf(list[at]?.writer ?? 0).addExchangeCandleIfNewer(exchangeId, candle),
        ),
      );
    } else {
      for (const [at, candle] of candles.entries()) {
        await writerOf(list[at]?.writer ?? 0).addExchangeCandleIfNewer(exchangeId, candle);
      }
    }
    await writerOf(0).writeExchangeCandles(exchangeId, SERIES, readingsAt(DAY_MS + 2 * MINUTE_MS));
    await writerOf(1).writeExchangeCandles(exchangeId, SERIES, readingsAt(DAY_MS + 13 * MINUTE_MS));
    const series = await writerOf(1).readExchangeCandles(exchangeId, SERIES);
    await reader.del(exchangeCandleKey(exchangeId, SERIES.symbol, SERIES.timeframe));
    return series.map((candle) => `${candleClassOf(candle)}: ${toldOf(candle)}`);
  }

  it('A3: a reader never takes a forming bar for a closed one, under any interleaving of writes and reads', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), arrivals, async (scheduler, list) => {
        const exchangeId = freshExchangeId();
        // Final states by this oracle, which knows what was a close and never looks at as-ofs.
        const finals = new Set(list.filter((each) => each.asOfMs >= MINUTE_MS).map(textOf));
        const writes = list.map((each) =>
          scheduler
            .schedule(Promise.resolve(each), `write ${textOf(each)}`)
            .then((due) => writerOf(due.writer).addExchangeCandleIfNewer(exchangeId, arrivedAs(due))),
        );
        const reads = Array.from({ length: 5 }, (_, look) =>
          scheduler.schedule(Promise.resolve(look), 'read').then(async () => {
            const stored = await writerOf(look).readExchangeCandles(exchangeId, SERIES);
            const summary = await writerOf(look).summariseExchangeSeries(exchangeId, SERIES, {
              from: openTimeAt(0),
              to: openTimeAt(5),
            });
            for (const candle of stored) {
              const at = (candle.timestamp - EXAMPLE_OPEN_TIME) / MINUTE_MS;
              if (isClosed(candle)) expect(finals).toContain(`${at} ${candle.volume}`);
              else expect(finals).not.toContain(`${at} ${candle.volume}`);
            }
            const closedBars = new Set([...finals].map((text) => text.split(' ')[0]));
            expect(summary.closed).toBeLessThanOrEqual(closedBars.size);
          }),
        );
        await scheduler.waitAll();
        await Promise.all([...writes, ...reads]);
        await reader.del(exchangeCandleKey(exchangeId, SERIES.symbol, SERIES.timeframe));
      }),
      { numRuns: 60 },
    );
  });

  it('A3: once a bar is closed in the cache, no update opens it again', async () => {
    const exchangeId = freshExchangeId();
    const closing = closeAsOf('1m', openTimeAt(0));
    await writerOf(0).addExchangeCandleIfNewer(
      exchangeId,
      sourcedCandle({ timestamp: openTimeAt(0), sequenceNum: closing, source: 'rest' }),
    );
    const late = Array.from({ length: 200 }, (_, step) =>
      writerOf(step).addExchangeCandleIfNewer(
        exchangeId,
        sourcedCandle({ timestamp: openTimeAt(0), close: 91, sequenceNum: closing - 1 - step }),
      ),
    );
    expect((await Promise.all(late)).some(Boolean)).toBe(false);
    const [stored] = await writerOf(0).readExchangeCandles(exchangeId, SERIES);
    expect(stored !== undefined && isClosed(stored)).toBe(true);
  });
});
