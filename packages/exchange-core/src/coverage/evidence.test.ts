import { closeAsOf, timeframeMs } from '@livermore/schemas';
import type { SourcedCandle } from '@livermore/schemas';
import { seededRandom } from '@livermore/utils';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { restAsOf } from '../as-of';
import { ASKED_APART_MS, WITHDRAWN_APART_MS, judgeMissing, missingBuckets } from './evidence';
import type { Evidence, EvidenceInput, KnownBar, KnownBars } from './evidence';
import type { QuietVerdict } from './quiet-proof';

const STEP = timeframeMs('1m');
const FROM = 1_700_000_040_000;
const BARS = 10;
const page = { symbol: 'ABC', timeframe: '1m', from: FROM, to: FROM + BARS * STEP } as const;
/** Long after the page. */
const LATER = page.to + 600_000;
const limits = { confirmMs: 60_000 };
const timeOf = (bar: number) => FROM + bar * STEP;
const all = (count: number) => Array.from({ length: count }, (_, bar) => bar);
const without = (...bars: number[]) => all(BARS).filter((bar) => !bars.includes(bar));

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

function inputOf(bars: readonly number[], over: Partial<EvidenceInput> = {}): EvidenceInput {
  const answeredAt = over.answeredAt ?? LATER;
  return {
    exchange: 'sandbox',
    emptyBuckets: 'omitted',
    limits,
    page,
    candles: bars.map((bar) => row(bar, answeredAt)),
    answeredAt,
    ...over,
  };
}

const judge = (bars: readonly number[], over: Partial<EvidenceInput> = {}) =>
  judgeMissing(inputOf(bars, over));

function known(over: Partial<KnownBars> = {}): KnownBars {
  const nothing: KnownBars = {
    inside: new Map(),
    askedAt: new Map(),
    absent: new Set(),
    quiet: () => 'unproven',
    isTooMuch: () => false,
  };
  return { ...nothing, ...over };
}

const proven = (over: Partial<KnownBars> = {}) => known({ quiet: () => 'conserved', ...over });
const knownBar = (over: Partial<KnownBar> = {}): KnownBar => ({
  close: 99,
  volume: 5,
  isClosed: true,
  ...over,
});
const onlyThirdRefuted = (openTime: number): QuietVerdict =>
  openTime === timeOf(3) ? 'refuted' : 'observed';
/** All were asked for in vain so long before the answer at `answeredAt`. */
const askedBefore = (agoMs: number, answeredAt = LATER) => ({
  askedAt: new Map(all(BARS).map((bar) => [timeOf(bar), answeredAt - agoMs])),
});

/** The verdict on each of the given bars. */
function verdicts(evidence: Evidence, bars: readonly number[]): string[] {
  return bars.map((bar) => {
    const time = timeOf(bar);
    const flat = evidence.quiet.find((each) => each.timestamp === time);
    if (flat !== undefined) return `quiet at ${flat.close}`;
    if (evidence.absent.includes(time)) return 'absent';
    return evidence.unsettled.includes(time) ? 'unsettled' : 'none';
  });
}

describe('what an answer lacks', () => {
  it('is every closed bar that is neither in it nor known, and no bar that is still open', () => {
    const answeredAt = timeOf(8) + 20_000;
    const inside = new Map([
      [timeOf(3), knownBar()],
      [timeOf(4), knownBar({ isClosed: false })],
    ]);
    const input = inputOf([0, 1, 2], { answeredAt, known: known({ inside }) });
    expect(missingBuckets(input)).toEqual([4, 5, 6, 7].map(timeOf));
    expect(verdicts(judgeMissing(input), [3, 8, 9])).toEqual(['none', 'none', 'none']);
  });

  it('is nothing where everything was served, the bar after the page included', () => {
    const evidence = judge(all(BARS + 1));
    expect(evidence).toEqual({
      quiet: [],
      absent: [],
      unsettled: [],
      unserved: [],
      stillQuiet: [],
      refuted: [],
      doubtful: [],
      withdrawn: [],
    });
  });
});

describe.each(['flat', 'omitted'] as const)(
  'a missing bar of a venue with %s empty buckets',
  (emptyBuckets) => {
    const asked = askedBefore(ASKED_APART_MS);

    it.each([
      { why: 'was first asked for just now', over: {}, verdict: 'unsettled', unserved: true },
      {
        why: 'was asked for milliseconds ago',
        over: { known: known(askedBefore(5)) },
        verdict: 'unsettled',
        unserved: true,
      },
      {
        why: 'was asked for a moment less than two minutes ago',
        over: { known: known(askedBefore(ASKED_APART_MS - 1)) },
        verdict: 'unsettled',
        unserved: true,
      },
      {
        why: 'was asked for two minutes ago',
        over: { known: known(asked) },
        verdict: 'absent',
        unserved: false,
      },
      {
        why: 'is remembered as absent',
        over: { known: known({ absent: new Set([timeOf(3)]) }) },
        verdict: 'absent',
        unserved: false,
      },
      {
        why: 'has a row that cannot be read',
        over: { known: known(asked), unreadable: [{ openTime: timeOf(3) }] },
        verdict: 'unsettled',
        unserved: false,
      },
      {
        why: 'has a row that cannot be read, though all else says that it is quiet',
        over: { known: proven(asked), unreadable: [{ openTime: timeOf(3) }] },
        verdict: 'unsettled',
        unserved: false,
      },
      {
        why: 'may be a row of which not even the open time can be read',
        over: { known: known(asked), unreadable: [{}] },
        verdict: 'unsettled',
        unserved: false,
      },
      {
        why: 'may be such a row, though all else says that it is quiet',
        over: { known: proven(asked), unreadable: [{ openTime: timeOf(20) }, {}] },
        verdict: 'unsettled',
        unserved: false,
      },
      {
        why: 'was seen trading while it formed',
        over: { known: proven({ ...asked, inside: new Map([[timeOf(3), knownBar({ isClosed: false })]]) }) },
        verdict: 'unsettled',
        unserved: false,
      },
      {
        why: 'is refuted by a longer bar',
        over: { known: known({ quiet: () => 'refuted' }) },
        verdict: 'unsettled',
        unserved: true,
      },
    ])('that $why: $verdict', ({ over, verdict, unserved }) => {
      const evidence = judge(without(3), { emptyBuckets, ...over });
      expect(verdicts(evidence, [3])).toEqual([verdict]);
      expect(evidence.unserved).toEqual(unserved ? [timeOf(3)] : []);
      expect(evidence.quiet).toEqual([]);
    });

    it('closed for less than REST needs is unsettled, and does not count as asked for', () => {
      const answeredAt = timeOf(9) + 59_999;
      const young = judge(without(8), {
        emptyBuckets,
        answeredAt,
        known: known(askedBefore(200_000, answeredAt)),
      });
      expect(verdicts(young, [8])).toEqual(['unsettled']);
      expect(young.unserved).toEqual([]);
      const later = answeredAt + 1;
      const old = judge(without(8), {
        emptyBuckets,
        answeredAt: later,
        known: known(askedBefore(200_000, later)),
      });
      expect(verdicts(old, [8])).toEqual(['absent']);
    });

    it('that nothing follows is unsettled, until the whole page is old', () => {
      const youngAt = page.to + 599_999;
      const young = judge(all(7), {
        emptyBuckets,
        answeredAt: youngAt,
        known: known(askedBefore(300_000, youngAt)),
      });
      expect(verdicts(young, [7, 8, 9])).toEqual(['unsettled', 'unsettled', 'unsettled']);
      expect(young.unserved).toEqual([]);
      expect(verdicts(judge(all(7), { emptyBuckets, known: known(asked) }), [7, 8, 9])).toEqual([
        'absent',
        'absent',
        'absent',
      ]);
      expect(verdicts(judge([], { emptyBuckets, known: known(asked) }), [0, 9])).toEqual([
        'absent',
        'absent',
      ]);
    });
  },
);

describe('the first two empty answers, milliseconds apart', () => {
  it('never make an absence, whatever the venue, and though the stream had shown the bar', () => {
    const answeredAt = timeOf(9) + 2_000;
    const seen = new Map([[timeOf(8), knownBar({ isClosed: false })]]);
    for (const emptyBuckets of ['flat', 'omitted'] as const) {
      const first = judge([], { emptyBuckets, answeredAt, known: known({ inside: seen }) });
      expect(first.absent).toEqual([]);
      const askedAt = new Map(first.unserved.map((openTime) => [openTime, answeredAt]));
      const again = known({ inside: seen, askedAt });
      const second = judge([], { emptyBuckets, answeredAt: answeredAt + 5, known: again });
      expect(second.absent).toEqual([]);
      expect(second.unsettled).toEqual(all(9).map(timeOf));
    }
  });
});

describe('a bar that is proven quiet', () => {
  it('is flat at the close before it, and true at its own close', () => {
    const evidence = judge(without(3, 4), { known: proven() });
    expect(verdicts(evidence, [3, 4])).toEqual(['quiet at 102', 'quiet at 102']);
    expect(evidence.quiet[0]).toEqual({
      ...row(3, LATER, 102),
      volume: 0,
      source: 'no-trades',
      sequenceNum: closeAsOf('1m', timeOf(3)),
    });
    expect([evidence.unserved, evidence.unsettled]).toEqual([[], []]);
  });

  it.each(['observed', 'conserved', 'in company'] as const)(
    'is so when it is %s, however young',
    (verdict) => {
      const answeredAt = timeOf(5) + 1;
      const quiet = (openTime: number): QuietVerdict => (openTime === timeOf(4) ? verdict : 'unproven');
      expect(verdicts(judge(all(4), { answeredAt, known: known({ quiet }) }), [4])).toEqual(['quiet at 103']);
    },
  );

  it('has the price of a known bar before it, inside the page or before', () => {
    const inside = new Map([[timeOf(3), knownBar({ close: 55 })]]);
    expect(verdicts(judge(without(3, 4), { known: proven({ inside }) }), [4])).toEqual(['quiet at 55']);
    expect(verdicts(judge(without(0, 1), { known: proven({ priceBefore: 77 }) }), [0, 1])).toEqual([
      'quiet at 77',
      'quiet at 77',
    ]);
  });

  it('is given no price that is not known: neither at the beginning nor after a bar that is not there', () => {
    expect(verdicts(judge(without(0, 1), { known: proven() }), [0, 1])).toEqual(['unsettled', 'unsettled']);
    const evidence = judge(without(3, 4, 6), {
      known: known({ quiet: (openTime) => (openTime === timeOf(3) ? 'unproven' : 'observed') }),
    });
    expect(verdicts(evidence, [3, 4, 6])).toEqual(['unsettled', 'unsettled', 'quiet at 105']);
  });

  it('is not made up where the venue serves every bucket', () => {
    const evidence = judge(without(3), { emptyBuckets: 'flat', known: proven() });
    expect(evidence.quiet).toEqual([]);
  });
});

describe('a bar that was said to be quiet before', () => {
  const inside = new Map([3, 4].map((bar) => [timeOf(bar), knownBar({ volume: 0, isQuiet: true })]));

  it('still is, where an answer that would show a trade has none', () => {
    const evidence = judge(without(3, 4), { known: known({ inside }) });
    expect(evidence).toMatchObject({ stillQuiet: [timeOf(3), timeOf(4)], refuted: [], absent: [] });
  });

  it('is absent from the moment a longer bar refutes it', () => {
    const quiet = (openTime: number): QuietVerdict => (openTime === timeOf(3) ? 'refuted' : 'unproven');
    const evidence = judge(without(3, 4), { known: known({ inside, quiet }) });
    expect(evidence).toMatchObject({ stillQuiet: [timeOf(4)], refuted: [timeOf(3)], absent: [timeOf(3)] });
  });

  it('hands on no price where it is refuted, nor do the quiet bars behind it that carry its price', () => {
    const evidence = judge(without(3, 4, 5), { known: known({ inside, quiet: onlyThirdRefuted }) });
    expect(evidence).toMatchObject({ refuted: [timeOf(3)], stillQuiet: [timeOf(4)] });
    expect(verdicts(evidence, [5])).toEqual(['unsettled']);
    const later = judge(without(3, 4, 5, 7), { known: known({ inside, quiet: onlyThirdRefuted }) });
    expect(verdicts(later, [5, 7])).toEqual(['unsettled', 'quiet at 106']);
  });

  it('hands on no price once the bar before it was taken back', () => {
    const left = new Map([...inside].slice(1));
    const evidence = judge(without(3, 4, 5), { known: known({ inside: left, quiet: onlyThirdRefuted }) });
    expect(verdicts(evidence, [3, 5])).toEqual(['unsettled', 'unsettled']);
  });

  it('hands its own price on at the beginning of what is known', () => {
    const first = new Map([[timeOf(0), knownBar({ volume: 0, isQuiet: true })]]);
    const evidence = judge(without(0, 1), { known: proven({ inside: first }) });
    expect(verdicts(evidence, [1])).toEqual(['quiet at 99']);
  });

  it('is unsettled where it is refuted and its row may be one that cannot be read', () => {
    const quiet = (openTime: number): QuietVerdict => (openTime === timeOf(3) ? 'refuted' : 'unproven');
    const over = { unreadable: [{}], known: known({ inside, quiet }) };
    expect(judge(without(3, 4), over)).toMatchObject({
      refuted: [timeOf(3)],
      absent: [],
      unsettled: [timeOf(3)],
      stillQuiet: [],
    });
  });

  it('is not judged where the answer has a row of it, or might not show one', () => {
    expect(judge(all(BARS), { known: known({ inside }) })).toMatchObject({ stillQuiet: [], refuted: [] });
    const unread = judge(without(3, 4), { unreadable: [{ openTime: timeOf(3) }], known: known({ inside }) });
    expect(unread.stillQuiet).toEqual([timeOf(4)]);
    const nothingLater = judge(all(3), { answeredAt: page.to + 300_000, known: known({ inside }) });
    expect(nothingLater.stillQuiet).toEqual([]);
  });
});

describe('a bar that is known to have traded and is not in the answer', () => {
  const third = timeOf(3);
  const allButThird = all(BARS + 1).filter((bar) => bar !== 3);
  const tooMuch = (over: Partial<KnownBars> = {}) =>
    known({ inside: new Map([[third, knownBar()]]), isTooMuch: (openTime) => openTime === third, ...over });
  const judged = (bars: readonly number[], over: Partial<KnownBars> = {}) => {
    const { doubtful, withdrawn, absent } = judge(bars, { known: tooMuch(over), answeredAt: LATER });
    return { doubtful, withdrawn, absent };
  };
  const NOTHING = { doubtful: [], withdrawn: [], absent: [] };

  it('is doubtful where a longer bar has no room for it, and withdrawn when it is so ten minutes later', () => {
    expect(judged(allButThird)).toEqual({ ...NOTHING, doubtful: [third] });
    expect(judged(allButThird, askedBefore(WITHDRAWN_APART_MS - 1))).toEqual({
      ...NOTHING,
      doubtful: [third],
    });
    const again = judged(allButThird, askedBefore(WITHDRAWN_APART_MS));
    expect(again).toEqual({ ...NOTHING, withdrawn: [third], absent: [third] });
  });

  it.each<[string, readonly number[], Partial<KnownBars>]>([
    ['a longer bar has room for it', allButThird, { isTooMuch: () => false }],
    ['it is in the answer', all(BARS + 1), {}],
    ['it still forms', allButThird, { inside: new Map([[third, knownBar({ isClosed: false })]]) }],
    [
      'it was said to be quiet',
      allButThird,
      { inside: new Map([[third, knownBar({ isQuiet: true, volume: 0 })]]) },
    ],
  ])('stands where %s', (_name, bars, over) => {
    const { doubtful, withdrawn } = judged(bars, { ...askedBefore(WITHDRAWN_APART_MS), ...over });
    expect({ doubtful, withdrawn }).toEqual({ doubtful: [], withdrawn: [] });
  });
});

describe('whatever is missing', () => {
  const worldArb = fc.record({
    seed: fc.integer(),
    emptyBuckets: fc.constantFrom('flat' as const, 'omitted' as const),
    length: fc.integer({ min: 1, max: 60 }),
    served: fc.constantFrom(0, 0.2, 0.9, 1),
    ageMs: fc.integer({ min: -1_000_000, max: 1_000_000 }),
    priceBefore: fc.constantFrom(undefined, 50),
  });

  it('gives every closed bar that is not there exactly one verdict, and no other bar any', () => {
    fc.assert(
      fc.property(worldArb, ({ seed, emptyBuckets, length, served, ageMs, priceBefore }) => {
        const random = seededRandom(seed);
        const pick = <T>(of: readonly [T, ...T[]]): T => of[Math.floor(random.next() * of.length)] ?? of[0];
        const whole = { ...page, to: FROM + length * STEP };
        const answeredAt = whole.to + ageMs;
        const bars = all(length + 1).filter((bar) => random.next() < served && timeOf(bar) <= answeredAt);
        const inside = new Map<number, KnownBar>();
        const askedAt = new Map<number, number>();
        const absent = new Set<number>();
        const said = new Map<number, QuietVerdict>();
        const tooMuch = new Set(
          all(length)
            .filter(() => random.next() < 0.5)
            .map(timeOf),
        );
        for (const bar of all(length)) {
          if (random.next() < 0.3) {
            const isQuiet = random.next() < 0.5;
            inside.set(
              timeOf(bar),
              knownBar({ isClosed: isQuiet || random.next() < 0.5, isQuiet, volume: isQuiet ? 0 : 1 }),
            );
          }
          if (random.next() < 0.3) askedAt.set(timeOf(bar), answeredAt - random.next() * 2 * ASKED_APART_MS);
          if (random.next() < 0.1) absent.add(timeOf(bar));
          said.set(timeOf(bar), pick(['observed', 'unproven', 'refuted', 'conserved']));
        }
        const input = inputOf(bars, {
          emptyBuckets,
          page: whole,
          answeredAt,
          known: {
            inside,
            askedAt,
            absent,
            quiet: (openTime) => said.get(openTime) ?? 'unproven',
            isTooMuch: (openTime) => tooMuch.has(openTime),
            ...(priceBefore === undefined ? {} : { priceBefore }),
          },
        });
        const missing = missingBuckets(input);
        const evidence = judgeMissing(input);
        const quiet = evidence.quiet.map((candle) => candle.timestamp);
        const said1 = [...quiet, ...evidence.absent, ...evidence.unsettled];
        expect(new Set(said1).size).toBe(said1.length);
        expect(said1.toSorted((a, b) => a - b)).toEqual(
          [...missing, ...evidence.refuted, ...evidence.withdrawn].toSorted((a, b) => a - b),
        );
        for (const list of [quiet, evidence.absent, evidence.unsettled, evidence.stillQuiet]) {
          expect(list).toEqual(list.toSorted((a, b) => a - b));
        }
        for (const openTime of quiet) expect(['observed', 'conserved']).toContain(said.get(openTime));
        for (const openTime of evidence.unserved) expect(evidence.unsettled).toContain(openTime);
        for (const openTime of evidence.withdrawn) {
          expect(tooMuch).toContain(openTime);
          expect(inside.get(openTime)).toMatchObject({ isClosed: true });
          expect(answeredAt - (askedAt.get(openTime) ?? answeredAt)).toBeGreaterThanOrEqual(
            WITHDRAWN_APART_MS,
          );
        }
        for (const openTime of evidence.absent) {
          const first = askedAt.get(openTime) ?? Number.POSITIVE_INFINITY;
          const isOld = answeredAt - first >= ASKED_APART_MS;
          expect(isOld || absent.has(openTime) || evidence.refuted.includes(openTime)).toBe(true);
        }
      }),
      { numRuns: 400 },
    );
  });
});
