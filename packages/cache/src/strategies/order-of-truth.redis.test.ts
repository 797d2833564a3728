import { closeAsOf } from '@livermore/schemas';
import type { CandleSource, CandleStanding, UnifiedCandle } from '@livermore/schemas';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createRedis } from '../redis';
import { EXAMPLE_OPEN_TIME, candleWith, freshExchangeId } from '../testing';
import { CandleCacheStrategy } from './candle-cache';

/**
 * What becomes of a candle over another, for every pair of kinds. The expectation is worked out here from the rules in
 * words (docs/decisions, the order of truth), not from the command.
 */

const SERIES = { symbol: 'BTCUSDT', timeframe: '1m' } as const;
const CLOSE = closeAsOf('1m', EXAMPLE_OPEN_TIME);
const SECOND = 1_000_000;
/** As-of of what is cached: late enough for a second reading to count wherever it is apart. */
const CACHED_AT = CLOSE + 20 * SECOND;

interface Kind {
  readonly name: string;
  readonly rank: 0 | 1 | 2 | 3 | 4;
  readonly source: CandleSource;
  readonly standing?: CandleStanding;
}

const FORMING: Kind = { name: 'forming', rank: 0, source: 'stream' };
const STREAMED: Kind = { name: 'streamed', rank: 3, source: 'stream' };
const READING: Kind = { name: 'reading', rank: 2, source: 'rest' };
const MADE_ONCE: Kind = { name: 'made once', rank: 2, source: 'derived', standing: 'once' };
const MADE_FINAL: Kind = { name: 'made of finals', rank: 3, source: 'derived' };
const WEAK: readonly Kind[] = [
  { name: 'no-trades', rank: 1, source: 'no-trades' },
  { name: 'snapshot', rank: 1, source: 'snapshot' },
  { name: 'stand-in', rank: 1, source: 'stand-in' },
  { name: 'unwitnessed reading', rank: 1, source: 'rest', standing: 'unwitnessed' },
  { name: 'unwitnessed final', rank: 1, source: 'stream', standing: 'unwitnessed' },
];
const SETTLED: Kind = { name: 'settled', rank: 4, source: 'rest', standing: 'settled' };
const FINAL: Kind = { name: 'final', rank: 4, source: 'rest', standing: 'final' };
const INCOMING = [FORMING, ...WEAK, MADE_ONCE, READING, MADE_FINAL, STREAMED];
const CACHED = [...INCOMING, SETTLED, FINAL];

const VALUES = { equal: {}, more: { volume: 13 }, less: { volume: 12 }, prices: { close: 106 } } as const;
type Values = keyof typeof VALUES;
/** How the new candle's as-of lies to that of what is cached. */
const AGES = { older: -1, equal: 0, newer: SECOND, 'newer and apart': 30 * SECOND } as const;
type Age = keyof typeof AGES;

interface Expected {
  readonly written: boolean;
  readonly doubted: boolean;
  readonly settled: boolean;
}
const NOTHING: Expected = { written: false, doubted: false, settled: false };
const WRITTEN: Expected = { ...NOTHING, written: true };
const DOUBTED: Expected = { ...NOTHING, doubted: true };
const SETTLES: Expected = { ...WRITTEN, settled: true };
const writtenIf = (holds: boolean) => (holds ? WRITTEN : NOTHING);

function expectedOf(cached: Kind, fresh: Kind, values: Values, age: Age): Expected {
  const isNewer = age === 'newer' || age === 'newer and apart';
  if (cached.rank === 0) return fresh.rank === 0 ? writtenIf(isNewer) : WRITTEN;
  if (fresh.rank === 0) return NOTHING;
  if (fresh.rank === 1) return overByWeak(cached, values, isNewer);
  if (cached.rank === 1) return WRITTEN;
  if (fresh === READING) return readOver(cached, values, age, isNewer);
  if (fresh === STREAMED) return streamedOver(cached, values, age, isNewer);
  if (fresh.rank > cached.rank) return WRITTEN;
  return writtenIf(fresh.rank === cached.rank && cached.source === 'derived' && isNewer);
}

/** Weak evidence stands above nothing but weaker: less volume is a part of the bar. */
function overByWeak(cached: Kind, values: Values, isNewer: boolean): Expected {
  if (cached.rank > 1) return NOTHING;
  return writtenIf(values === 'more' || (values !== 'less' && isNewer));
}

function readOver(cached: Kind, values: Values, age: Age, isNewer: boolean): Expected {
  if (values === 'equal') {
    // Told alike by the stream and a reading: whichever was first.
    if (cached.rank === 3) return SETTLES;
    return cached.rank === 2 && age === 'newer and apart' ? SETTLES : NOTHING;
  }
  if (!isNewer) return NOTHING;
  return cached.rank === 2 && values === 'more' ? WRITTEN : DOUBTED;
}

function streamedOver(cached: Kind, values: Values, age: Age, isNewer: boolean): Expected {
  if (cached.rank === 2) return cached === READING && values === 'equal' ? SETTLES : WRITTEN;
  if (cached === MADE_FINAL) return WRITTEN;
  if (cached.rank === 4) return values !== 'equal' && isNewer ? DOUBTED : NOTHING;
  // A bar that lost trades is told by somebody who missed them, or corrected: a second voice decides.
  if (values === 'less' && isNewer) return DOUBTED;
  // Two finals of one instant: the one with more volume, so that the order of arrival decides nothing.
  return writtenIf(values !== 'equal' && (isNewer || (age === 'equal' && values === 'more')));
}

function candleOf(kind: Kind, asOf: number, over: Partial<UnifiedCandle> = {}): UnifiedCandle {
  const { source, standing } = kind;
  const sequenceNum = kind.rank === 0 ? asOf - CACHED_AT + CLOSE - 40 * SECOND : asOf;
  return candleWith({ sequenceNum, source, ...(standing === undefined ? {} : { standing }), ...over });
}

describe('a candle over another, by the order of truth', () => {
  let redis: Redis;
  let cache: CandleCacheStrategy;

  beforeAll(() => {
    redis = createRedis(inject('redisUrl'));
    cache = new CandleCacheStrategy(redis);
  });

  afterAll(async () => {
    await redis.quit();
  });

  const PAIRS = CACHED.flatMap((cached) => INCOMING.map((fresh) => ({ cached, fresh })));

  it.each(PAIRS)('$fresh.name over $cached.name', async ({ cached, fresh }) => {
    for (const values of Object.keys(VALUES).filter(isValues)) {
      for (const age of Object.keys(AGES).filter(isAge)) {
        const exchangeId = freshExchangeId();
        const old = candleOf(cached, CACHED_AT);
        await cache.writeExchangeCandle(exchangeId, old);
        const candle = candleOf(fresh, CACHED_AT + AGES[age], VALUES[values]);
        const { written, doubted, settled, ...rest } = await cache.writeExchangeCandle(exchangeId, candle);
        const expected = expectedOf(cached, fresh, values, age);
        expect({ values, age, written, doubted, settled }).toEqual({ values, age, ...expected });
        const isKept = !expected.written;
        const [stored] = await cache.readExchangeCandles(exchangeId, SERIES);
        const { open, high, low, close, volume } = isKept ? old : candle;
        expect(stored).toMatchObject({ open, high, low, close, volume });
        expect(stored?.sequenceNum).toBe(isKept ? old.sequenceNum : candle.sequenceNum);
        const isOther = values !== 'equal';
        const wasClosed = cached.rank > 0;
        const corrected = wasClosed && isOther && !isKept;
        expect(stored?.corrected).toBe(corrected ? true : undefined);
        expect(rest).toEqual({
          replaced: true,
          changed: isOther,
          wasClosed,
          corrected,
          agrees: wasClosed && !isOther && fresh.rank >= 2,
          previousSource: cached.source,
        });
        // A reading that another one put aside stays as a doubt, and a newer one that a final put aside.
        const isReading = (kind: Kind) => kind.rank === 2 && kind.source === 'rest';
        const isFormer = isReading(fresh) || (fresh.rank === 3 && age === 'older');
        const isPutAside = expected.written && isOther && isReading(cached) && isFormer;
        const doubts = await cache.readDoubts(exchangeId, SERIES);
        expect(doubts.map((doubt) => doubt.volume)).toEqual(
          isPutAside ? [old.volume] : expected.doubted ? [candle.volume] : [],
        );
      }
    }
  });

  describe('a second reading that equals the doubt', () => {
    const MINUTE = 60 * SECOND;
    const CASES = [
      { over: STREAMED, values: 'more', waits: 30 * SECOND },
      { over: STREAMED, values: 'prices', waits: 30 * SECOND },
      { over: STREAMED, values: 'less', waits: 10 * MINUTE },
      { over: MADE_FINAL, values: 'more', waits: 30 * SECOND },
      { over: READING, values: 'less', waits: 10 * MINUTE },
      { over: READING, values: 'prices', waits: 30 * SECOND },
      { over: SETTLED, values: 'more', waits: 10 * MINUTE },
      { over: FINAL, values: 'less', waits: 10 * MINUTE },
    ] as const;

    it.each(CASES)(
      'replaces a $over.name bar, with $values, after $waits µs',
      async ({ over, values, waits }) => {
        const exchangeId = freshExchangeId();
        await cache.writeExchangeCandle(exchangeId, candleOf(over, CACHED_AT));
        const at = (asOf: number) =>
          cache.writeExchangeCandle(exchangeId, candleOf(READING, asOf, VALUES[values]));
        const first = CACHED_AT + 5 * SECOND;
        expect(await at(first)).toMatchObject(DOUBTED);
        // A repeat of a write whose answer was lost is no second reading, nor is one too soon.
        expect(await at(first)).toMatchObject(DOUBTED);
        expect(await at(first + waits - 1)).toMatchObject(DOUBTED);
        expect(await at(first + waits)).toMatchObject({
          ...SETTLES,
          settled: over.rank < 4,
          corrected: true,
        });
        const [stored] = await cache.readExchangeCandles(exchangeId, SERIES);
        expect(stored).toMatchObject({ ...VALUES[values], standing: 'settled', corrected: true });
        expect(await cache.readDoubts(exchangeId, SERIES)).toEqual([]);
      },
    );

    it('counts from the last reading that said something else', async () => {
      const exchangeId = freshExchangeId();
      const say = (minutes: number, values: Values) =>
        cache.writeExchangeCandle(
          exchangeId,
          candleOf(READING, CACHED_AT + minutes * MINUTE, VALUES[values]),
        );
      await cache.writeExchangeCandle(exchangeId, candleOf(SETTLED, CACHED_AT));
      for (const minutes of [1, 13, 25]) {
        expect(await say(minutes, 'less')).toMatchObject(DOUBTED);
        expect(await say(minutes + 6, minutes === 13 ? 'prices' : 'equal')).toMatchObject({ written: false });
      }
    });
  });

  it('is final when it stood a day, or through nine tenths of the life of its series', async () => {
    const HOUR = 3_600 * SECOND;
    for (const { timeframe, hours } of [
      { timeframe: '1m', hours: 15 },
      { timeframe: '5m', hours: 24 },
    ] as const) {
      const exchangeId = freshExchangeId();
      const close = closeAsOf(timeframe, EXAMPLE_OPEN_TIME);
      const at = (asOf: number, standing?: CandleStanding) =>
        cache.writeExchangeCandle(exchangeId, {
          ...candleOf(READING, asOf),
          timeframe,
          ...(standing === undefined ? {} : { standing }),
        });
      const stateOf = async () =>
        (await cache.readExchangeCandles(exchangeId, { symbol: 'BTCUSDT', timeframe }))[0]?.standing;
      await at(close + SECOND, 'settled');
      await at(close + hours * HOUR - 1);
      expect(await stateOf()).toBe('settled');
      await at(close + hours * HOUR);
      expect(await stateOf()).toBe('final');
      expect(await at(close + 2 * hours * HOUR)).toMatchObject({ written: false, agrees: true });
    }
  });
});

function isValues(text: string): text is Values {
  return text in VALUES;
}

function isAge(text: string): text is Age {
  return text in AGES;
}
