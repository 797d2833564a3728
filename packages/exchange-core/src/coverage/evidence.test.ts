import { closeAsOf, isClosed, timeframeMs } from '@livermore/schemas';
import type { SourcedCandle } from '@livermore/schemas';
import { seededRandom } from '@livermore/utils';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { restAsOf } from '../as-of';
import { judgePage } from './evidence';
import type { EvidenceInput, KnownBars } from './evidence';

const STEP = timeframeMs('1m');
const FROM = 1_700_000_040_000;
const BARS = 10;
const page = { symbol: 'ABC', timeframe: '1m', from: FROM, to: FROM + BARS * STEP } as const;
/** Long after the page. */
const LATER = page.to + 600_000;
const limits = { settleMs: 2_000, confirmMs: 60_000 };
const timeOf = (bar: number) => FROM + bar * STEP;

function row(bar: number, answeredAt = LATER, price = 100 + bar): SourcedCandle {
  return {
    timestamp: timeOf(bar),
    open: price,
    high: price,
    low: price,
    close: price,
    volume: 1,
    symbol: 'ABC',
    timeframe: '1m',
    exchange: 'sandbox',
    sequenceNum: restAsOf('1m', timeOf(bar), answeredAt),
    source: 'rest',
  };
}

function judge(bars: readonly number[], input: Partial<EvidenceInput> = {}) {
  const answeredAt = input.answeredAt ?? LATER;
  return judgePage({
    exchange: 'sandbox',
    emptyBuckets: 'omitted',
    limits,
    page,
    candles: bars.map((bar) => row(bar, answeredAt)),
    answeredAt,
    ...input,
  });
}

/** The verdict on each of the given bars. */
function verdicts(evidence: ReturnType<typeof judge>, bars: readonly number[]): string[] {
  return bars.map((bar) => {
    const time = timeOf(bar);
    if (evidence.absent.includes(time)) return 'absent';
    if (evidence.unsettled.includes(time)) return 'unsettled';
    const candle = evidence.candles.find((each) => each.timestamp === time);
    if (candle === undefined) return 'none';
    return candle.source === 'no-trades' ? `quiet at ${candle.close}` : 'served';
  });
}

const all = (count: number) => Array.from({ length: count }, (_, bar) => bar);
const without = (...bars: number[]) => all(BARS).filter((bar) => !bars.includes(bar));

function known(input: Partial<KnownBars>): KnownBars {
  return { before: [], hasEarlier: (input.before?.length ?? 0) > 0, inside: new Map(), ...input };
}

describe('whatever the venue', () => {
  it('writes what was served, the forming bar included, and judges no bar that is still open', () => {
    const answeredAt = timeOf(5) + 20_000;
    const evidence = judge(all(6), { answeredAt });
    expect(evidence.candles).toHaveLength(6);
    expect(isClosed(evidence.candles.at(-1) ?? row(0))).toBe(false);
    expect(verdicts(evidence, [6, 7, 8, 9])).toEqual(['none', 'none', 'none', 'none']);
    const lacking = judge(all(5), { answeredAt });
    expect(verdicts(lacking, [5])).toEqual(['none']);
  });

  it('writes a row served right after the close, and has it asked for again', () => {
    const evidence = judge(all(5), { answeredAt: timeOf(5) + 1_999 });
    expect(evidence.candles).toHaveLength(5);
    expect(evidence.unsettled).toEqual([timeOf(4)]);
    expect(judge(all(5), { answeredAt: timeOf(5) + 2_000 }).unsettled).toEqual([]);
  });

  it.each(['flat', 'omitted'] as const)('leaves a bar alone that is known as closed (%s)', (emptyBuckets) => {
    const inside = new Map([[timeOf(3), { close: 99, volume: 5, isClosed: true }]]);
    const evidence = judge(without(3), { emptyBuckets, known: known({ inside }) });
    expect(verdicts(evidence, [3])).toEqual(['none']);
  });

  it.each(['flat', 'omitted'] as const)(
    'gives no verdict on a bar that is known to have traded (%s)',
    (emptyBuckets) => {
      const inside = new Map([[timeOf(3), { close: 99, volume: 5, isClosed: false }]]);
      const evidence = judge(without(3), { emptyBuckets, known: known({ inside }) });
      expect(verdicts(evidence, [3])).toEqual(['unsettled']);
    },
  );
});

describe('a venue that serves every bucket', () => {
  it.each([
    ['a later row shows that REST has moved past it', without(3), LATER, [3], ['absent']],
    [
      'the whole page is old, though nothing follows',
      all(7),
      LATER,
      [7, 8, 9],
      ['absent', 'absent', 'absent'],
    ],
    ['the whole page is old and empty', [], LATER, [0, 9], ['absent', 'absent']],
    ['it is a millisecond too young', without(8), timeOf(9) + 59_999, [8], ['unsettled']],
    [
      'nothing follows and the page is young',
      all(7),
      page.to + 59_999,
      [7, 8, 9],
      ['unsettled', 'unsettled', 'unsettled'],
    ],
  ])('judges a missing bar when %s', (_, bars, answeredAt, asked, expected) => {
    expect(verdicts(judge(bars, { emptyBuckets: 'flat', answeredAt }), asked)).toEqual(expected);
  });

  it('never makes up a bar', () => {
    expect(judge(without(3, 4), { emptyBuckets: 'flat' }).candles).toHaveLength(8);
  });
});

describe('a venue that leaves out buckets without trades', () => {
  it('calls a bracketed bucket quiet: flat at the close before it, true at its own close', () => {
    const evidence = judge(without(3, 4));
    expect(verdicts(evidence, [3, 4])).toEqual(['quiet at 102', 'quiet at 102']);
    const flat = evidence.candles[3];
    expect(flat).toEqual({
      ...row(3, LATER, 102),
      volume: 0,
      source: 'no-trades',
      sequenceNum: closeAsOf('1m', timeOf(3)),
    });
  });

  it.each([
    ['no later bucket traded', without(8, 9), undefined, [8, 9], ['unsettled', 'unsettled']],
    ['the answer is empty', [], undefined, [0, 9], ['unsettled', 'unsettled']],
    ['nothing is known before the first row', without(0, 1), undefined, [0, 1], ['absent', 'absent']],
    [
      'something is known before it, but not what came next',
      without(0, 1),
      known({ hasEarlier: true }),
      [0, 1],
      ['unsettled', 'unsettled'],
    ],
    [
      'what came next before it is absent as well: the rest of an outage',
      without(0, 1),
      known({ hasEarlier: true, followsAbsent: true }),
      [0, 1],
      ['absent', 'absent'],
    ],
    [
      'it continues a known bar',
      without(0, 1),
      known({ before: [{ close: 77, volume: 1 }] }),
      [0, 1],
      ['quiet at 77', 'quiet at 77'],
    ],
  ])('judges a missing bucket when %s', (_, bars, knownBars, asked, expected) => {
    const evidence = judge(bars, knownBars === undefined ? {} : { known: knownBars });
    expect(verdicts(evidence, asked)).toEqual(expected);
  });

  it('gives no verdict before REST is known to have the last word', () => {
    const answeredAt = timeOf(4) + 59_999;
    expect(verdicts(judge([0, 1, 2, 4], { answeredAt }), [3])).toEqual(['unsettled']);
    expect(verdicts(judge([0, 1, 2, 4], { answeredAt: answeredAt + 1 }), [3])).toEqual(['quiet at 102']);
  });

  it('takes a row without volume for no proof that trading went on', () => {
    const candles = [...all(5).map((bar) => row(bar)), { ...row(7), volume: 0 }];
    expect(verdicts(judge([], { candles }), [5, 6])).toEqual(['unsettled', 'unsettled']);
  });

  it('gives no verdict on what follows a bucket it gives no verdict on', () => {
    const inside = new Map([[timeOf(3), { close: 99, volume: 5, isClosed: false }]]);
    expect(verdicts(judge(without(3, 4), { known: known({ inside }) }), [3, 4])).toEqual([
      'unsettled',
      'unsettled',
    ]);
  });
});

/** A hundred bars without those from `from` up to `to`. */
const busy = (from: number, to: number) => all(100).filter((bar) => bar < from || bar >= to);

describe('an outage', () => {
  const long = { ...page, to: FROM + 100 * STEP };
  const later = long.to + 600_000;

  it.each([
    ['three silent minutes of a busy series are a quiet market', busy(50, 53), 'quiet at 149'],
    ['five are not', busy(50, 55), 'absent'],
    [
      'twenty of one that trades every other minute are not',
      busy(50, 70).filter((bar) => bar % 2 === 0),
      'absent',
    ],
    [
      'ten of one that trades every other minute are',
      busy(51, 60).filter((bar) => bar % 2 === 0),
      'quiet at 150',
    ],
  ])('%s', (_, bars, expected) => {
    const evidence = judge(bars, { page: long, answeredAt: later });
    expect(verdicts(evidence, [52])).toEqual([expected]);
  });

  it('is recognised in a single hour of a series that never missed one, unless its parts were quiet', () => {
    const hour = timeframeMs('1h');
    const from = Math.floor(FROM / hour) * hour;
    const hours = { symbol: 'ABC', timeframe: '1h', from, to: from + 100 * hour } as const;
    const answeredAt = hours.to + 600_000;
    const missing = from + 50 * hour;
    const candles = Array.from({ length: 100 }, (_, bar) => ({
      ...row(bar),
      timestamp: from + bar * hour,
      timeframe: '1h' as const,
      sequenceNum: restAsOf('1h', from + bar * hour, answeredAt),
    })).filter((candle) => candle.timestamp !== missing);
    const input = { page: hours, candles, answeredAt };
    expect(judge([], input).absent).toEqual([missing]);
    const isQuietWithin = (openTime: number) => openTime === missing;
    const quiet = judge([], { ...input, known: known({ isQuietWithin }) });
    expect(quiet.candles.find((candle) => candle.timestamp === missing)?.source).toBe('no-trades');
  });

  it('is recognised in a single long bar by the shorter ones the venue does not have', () => {
    const quiet = judge(without(5));
    expect(verdicts(quiet, [5])).toEqual(['quiet at 104']);
    const out = judge(without(5), { known: known({ isOut: (openTime) => openTime === timeOf(5) }) });
    expect(verdicts(out, [5])).toEqual(['absent']);
  });

  it('is recognised in a short page by what is known of the series before it', () => {
    const before = Array.from({ length: 100 }, () => ({ close: 77, volume: 1 }));
    const short = judge([7, 8, 9], { known: known({ before: [{ close: 77, volume: 1 }] }) });
    expect(verdicts(short, [0, 6])).toEqual(['quiet at 77', 'quiet at 77']);
    const informed = judge([7, 8, 9], { known: known({ before }) });
    expect(verdicts(informed, [0, 6])).toEqual(['absent', 'absent']);
  });

  it('counts quiet bars known right before the run as part of it', () => {
    const busyBars = Array.from({ length: 60 }, () => ({ close: 77, volume: 1 }));
    const quietBars = Array.from({ length: 3 }, () => ({ close: 77, volume: 0 }));
    const alone = judge(without(0, 1), { known: known({ before: busyBars }) });
    expect(verdicts(alone, [0, 1])).toEqual(['quiet at 77', 'quiet at 77']);
    const joined = judge(without(0, 1), { known: known({ before: [...busyBars, ...quietBars] }) });
    expect(verdicts(joined, [0, 1])).toEqual(['absent', 'absent']);
  });
});

/** What really happened in a bucket. */
type Truth = 'traded' | 'quiet' | 'out';

const truthArb = fc
  .record({
    seed: fc.integer(),
    length: fc.integer({ min: 1, max: 300 }),
    tradeShare: fc.constantFrom(1, 0.98, 0.9, 0.5, 0.1),
    outFrom: fc.integer({ min: 0, max: 400 }),
    outLength: fc.constantFrom(0, 1, 5, 60, 300),
    withheldAtEnd: fc.constantFrom(0, 0, 1, 3, 50),
    withheldAtStart: fc.constantFrom(0, 0, 1, 3, 50),
    ageMs: fc.integer({ min: 0, max: 200_000 }),
    knowsBefore: fc.boolean(),
  })
  .map((given) => {
    const random = seededRandom(given.seed);
    const truth = Array.from({ length: given.length }, (_, bar): Truth => {
      const traded = random.next() < given.tradeShare;
      if (bar >= given.outFrom && bar < given.outFrom + given.outLength) return 'out';
      return traded ? 'traded' : 'quiet';
    });
    return { ...given, truth };
  });

describe('against labelled truth', () => {
  it('never says that nothing traded where something did, though rows are withheld at the edges', () => {
    fc.assert(
      fc.property(truthArb, ({ truth, withheldAtEnd, withheldAtStart, ageMs, knowsBefore }) => {
        const whole = { ...page, to: FROM + truth.length * STEP };
        const answeredAt = whole.to + ageMs;
        const served = all(truth.length).filter(
          (bar) => truth[bar] === 'traded' && bar < truth.length - withheldAtEnd && bar >= withheldAtStart,
        );
        // What precedes the page is only handed in where the page's own beginning is served.
        const before = knowsBefore && withheldAtStart === 0 ? [{ close: 50, volume: 1 }] : [];
        const evidence = judge(served, { page: whole, answeredAt, known: known({ before }) });
        for (const candle of evidence.candles.filter((each) => each.source === 'no-trades')) {
          const bar = (candle.timestamp - FROM) / STEP;
          expect(truth[bar]).not.toBe('traded');
          expect(bar).toBeLessThan(Math.max(-1, ...served));
          expect(answeredAt - timeOf(bar + 1)).toBeGreaterThanOrEqual(limits.confirmMs);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('never calls an outage of an hour of a series quiet that trades at least every other minute', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.constantFrom(1, 0.9, 0.5),
        fc.integer({ min: 5, max: 200 }),
        (seed, share, from) => {
          const random = seededRandom(seed);
          const bars = all(300).filter(
            (bar) => bar === 0 || bar === 299 || (random.next() < share && (bar < from || bar >= from + 60)),
          );
          const whole = { ...page, to: FROM + 300 * STEP };
          const evidence = judge(bars, { page: whole, answeredAt: whole.to + 600_000 });
          expect(
            verdicts(
              evidence,
              all(60).map((bar) => from + bar),
            ),
          ).toEqual(all(60).map(() => 'absent'));
        },
      ),
    );
  });

  it('gives every closed bucket exactly one of: written, absent, unsettled', () => {
    fc.assert(
      fc.property(truthArb, fc.constantFrom('flat' as const, 'omitted' as const), (world, emptyBuckets) => {
        const whole = { ...page, to: FROM + world.truth.length * STEP };
        const answeredAt = whole.from + world.ageMs * 100;
        const served = all(world.truth.length).filter(
          (bar) => world.truth[bar] === 'traded' && timeOf(bar) <= answeredAt,
        );
        const evidence = judge(served, { page: whole, answeredAt, emptyBuckets });
        const written = new Set(evidence.candles.map((candle) => candle.timestamp));
        for (const bar of all(world.truth.length)) {
          const time = timeOf(bar);
          const counts = [
            written.has(time),
            evidence.absent.includes(time),
            evidence.unsettled.includes(time) && !written.has(time),
          ].filter(Boolean).length;
          const closed = time + STEP <= answeredAt;
          expect(counts).toBe(closed ? 1 : Number(served.includes(bar)));
        }
        expect(evidence.candles.map((candle) => candle.timestamp)).toEqual(
          [...written].toSorted((a, b) => a - b),
        );
      }),
    );
  });
});
