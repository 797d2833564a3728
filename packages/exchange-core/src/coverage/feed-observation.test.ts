import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FeedObservation } from './feed-observation';

const START = 1_700_000_040_000;
const SLOT = 5_000;

function observation() {
  let aliveTo = START;
  const feed = new FeedObservation(() => aliveTo);
  const alive = (at: number) => {
    aliveTo = at;
  };
  /** Something of a symbol that was true at `at` arrived then as well, or later. */
  const heard = (symbol: string, at: number, arrivedAt = at, said = String(at)) =>
    feed.heard(symbol, at, arrivedAt, said);
  return { feed, alive, heard };
}

describe('what the feed has seen', () => {
  it('of a first frame, which may tell of a bar that is long over, only what is fresh shows that something came', () => {
    const { feed, heard } = observation();
    heard('A', START + 12_000, START + 100_000);
    heard('B', START + 12_000, START + 16_000);
    expect(feed.heardDuring('A', START, START + 60_000)).toBe(false);
    expect(feed.heardDuring('B', START, START + 60_000)).toBe(true);
    feed.interrupted();
    heard('B', START + 120_000, START + 200_000);
    heard('B', START + 240_000, START + 240_000);
    expect(feed.heardDuring('B', START + 60_000, START + 200_000)).toBe(false);
    expect(feed.heardDuring('B', START + 200_000, START + 260_000)).toBe(true);
  });

  it('what a subscription begins with shows that the symbol is carried, and no trade', () => {
    const { feed, alive } = observation();
    alive(START + 180_000);
    feed.heard('A', START + 59_999, START + 60_001, 'a', true);
    expect(feed.heardDuring('A', START, START + 60_000)).toBe(false);
    expect(feed.quietDuring('A', START + 60_001, START + 120_000)).toBe(true);
    feed.interrupted();
    feed.heard('A', START + 125_000, START + 125_100, 'b', true);
    feed.heard('A', START + 130_000, START + 130_100, 'b');
    expect(feed.heardDuring('A', START + 120_000, START + 180_000)).toBe(false);
  });

  it('a symbol is silent while it is carried and nothing comes, which is less than a proof that nothing traded', () => {
    const { feed, alive, heard } = observation();
    alive(START + 600_000);
    const silent = (from: number, to: number) => feed.silentDuring('A', START + from, START + to);
    expect(silent(0, 60_000)).toBe(false);
    feed.carried('A', START + 60_000);
    expect([silent(59_999, 120_000), silent(60_000, 600_000), silent(60_000, 600_001)]).toEqual([
      false,
      true,
      false,
    ]);
    expect(feed.quietDuring('A', START + 60_000, START + 120_000)).toBe(false);
    heard('A', START + 130_000);
    expect([silent(60_000, 130_000), silent(120_000, 180_000), silent(180_000, 240_000)]).toEqual([
      true,
      false,
      true,
    ]);
    feed.interrupted();
    expect(silent(180_000, 240_000)).toBe(false);
    feed.carried('A', START + 300_000);
    expect([silent(180_000, 240_000), silent(300_000, 360_000)]).toEqual([false, true]);
  });

  it('is nothing before a symbol was heard, and nothing of the time before', () => {
    const { feed, alive, heard } = observation();
    alive(START + 600_000);
    expect(feed.quietDuring('A', START, START + 60_000)).toBe(false);
    heard('A', START + 60_000);
    expect(feed.quietDuring('A', START, START + 60_000)).toBe(false);
    expect(feed.quietDuring('A', START + 120_000, START + 180_000)).toBe(true);
    expect(feed.quietDuring('B', START + 120_000, START + 180_000)).toBe(false);
  });

  it('is quiet only when nothing came, and only when something later arrived on the connection', () => {
    const { feed, alive, heard } = observation();
    heard('A', START);
    alive(START + 119_999);
    expect(feed.quietDuring('A', START + 60_000, START + 120_000)).toBe(false);
    alive(START + 120_000);
    expect(feed.quietDuring('A', START + 60_000, START + 120_000)).toBe(true);
    heard('A', START + 119_000);
    expect(feed.quietDuring('A', START + 60_000, START + 120_000)).toBe(false);
  });

  it('begins anew when frames may have been lost', () => {
    const { feed, alive, heard } = observation();
    heard('A', START);
    feed.interrupted();
    alive(START + 600_000);
    expect(feed.quietDuring('A', START + 60_000, START + 120_000)).toBe(false);
    heard('A', START + 200_000);
    expect(feed.quietDuring('A', START + 60_000, START + 120_000)).toBe(false);
    expect(feed.quietDuring('A', START + 300_000, START + 360_000)).toBe(true);
  });

  it('is no trade where a frame repeats the one before, but that the symbol is carried', () => {
    const { feed, alive, heard } = observation();
    heard('A', START, START, 'a');
    heard('A', START + 70_000, START + 70_000, 'a');
    alive(START + 600_000);
    expect(feed.quietDuring('A', START + 60_000, START + 120_000)).toBe(true);
    feed.interrupted();
    heard('A', START + 130_000, START + 130_000, 'a');
    expect(feed.quietDuring('A', START + 60_000, START + 120_000)).toBe(false);
    expect(feed.quietDuring('A', START + 180_000, START + 240_000)).toBe(true);
    heard('A', START + 190_000, START + 190_000, 'b');
    expect(feed.quietDuring('A', START + 180_000, START + 240_000)).toBe(false);
  });

  it('is what came for certain, also of a time before frames may have been lost', () => {
    const { feed, heard } = observation();
    expect(feed.heardDuring('A', START, START + 60_000)).toBe(false);
    heard('A', START + 12_000);
    expect(feed.heardDuring('A', START, START + 60_000)).toBe(true);
    expect(feed.heardDuring('A', START, START + 10_000)).toBe(false);
    // Somewhere in five seconds is not for certain within a part of them.
    expect(feed.heardDuring('A', START + 11_000, START + 60_000)).toBe(false);
    expect(feed.heardDuring('B', START, START + 60_000)).toBe(false);
    feed.interrupted();
    expect(feed.heardDuring('A', START, START + 60_000)).toBe(true);
  });

  it('begins anew for those symbols alone of which frames may have been lost', () => {
    const { feed, alive, heard } = observation();
    heard('A', START);
    heard('B', START);
    feed.interrupted([{ symbol: 'A' }]);
    alive(START + 600_000);
    expect(feed.quietDuring('A', START + 60_000, START + 120_000)).toBe(false);
    expect(feed.quietDuring('B', START + 60_000, START + 120_000)).toBe(true);
  });

  it('takes notice of what comes after something newer', () => {
    const { feed, alive, heard } = observation();
    alive(START + 600_000);
    heard('A', START);
    heard('A', START + 200_000);
    heard('A', START + 90_000);
    expect(feed.quietDuring('A', START + 60_000, START + 120_000)).toBe(false);
    expect(feed.quietDuring('A', START + 120_000, START + 180_000)).toBe(true);
  });

  it('says nothing of a time before the first frame came, however old the bar it told of', () => {
    const { feed, alive, heard } = observation();
    alive(START + 7_200_000);
    heard('A', START, START + 3_000_000);
    expect(feed.quietDuring('A', START + 1_800_000, START + 1_860_000)).toBe(false);
    expect(feed.quietDuring('A', START + 3_000_000, START + 3_060_000)).toBe(true);
  });

  it('says nothing of a gap, though the first frame after it tells of a bar from before', () => {
    const { feed, alive, heard } = observation();
    alive(START + 7_200_000);
    heard('A', START);
    feed.interrupted();
    heard('A', START + 1_000, START + 600_000);
    expect(feed.quietDuring('A', START + 120_000, START + 180_000)).toBe(false);
    expect(feed.quietDuring('A', START + 600_000, START + 660_000)).toBe(true);
  });

  it('says nothing of a time it had to forget', () => {
    const { feed, alive, heard } = observation();
    const slots = 2_500;
    for (let slot = 0; slot < slots; slot += 1) heard('A', START + slot * 2 * SLOT);
    alive(START + slots * 2 * SLOT);
    const quietAt = (slot: number) =>
      feed.quietDuring('A', START + (slot * 2 + 1) * SLOT, START + (slot * 2 + 2) * SLOT);
    expect(quietAt(0)).toBe(false);
    expect(quietAt(490)).toBe(false);
    expect(quietAt(600)).toBe(true);
    expect(quietAt(2_400)).toBe(true);
  });
});

type Step =
  | { readonly kind: 'heard'; readonly symbol: string; readonly backMs: number }
  | { readonly kind: 'interrupted' }
  | { readonly kind: 'silence' };

/** Everything that happened, kept whole: quiet is what no entry contradicts. */
class NaiveObservation {
  readonly #log: (Step & { readonly at: number; readonly of: number })[] = [];

  /** A step at `at`; what was heard was true at `of`. */
  note(step: Step, at: number, of: number): void {
    this.#log.push({ ...step, at, of });
  }

  quietDuring(symbol: string, from: number, to: number, now: number): boolean {
    const cut = this.#log.findLastIndex((each) => each.kind === 'interrupted');
    const heard = this.#log.slice(cut + 1).filter((each) => each.kind === 'heard' && each.symbol === symbol);
    const [first] = heard;
    if (first === undefined || first.at > from || now < to) return false;
    return !heard.some((each) => each.of >= from && each.of < to);
  }
}

const stepArb: fc.Arbitrary<Step & { readonly afterMs: number }> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('heard' as const),
      symbol: fc.constantFrom('A', 'B'),
      backMs: fc.constantFrom(0, 0, 0, 7_000, 60_000),
      afterMs: fc.nat(40_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('interrupted' as const), afterMs: fc.nat(40_000) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('silence' as const), afterMs: fc.nat(300_000) }) },
);

describe('what the feed has seen, against everything that happened', () => {
  it('is never quiet where the whole story is not, and loses no more than the edges of its slots', () => {
    fc.assert(
      fc.property(
        fc.array(stepArb, { maxLength: 60 }),
        fc.array(fc.tuple(fc.nat(60), fc.constantFrom(1, 5)), { minLength: 5, maxLength: 20 }),
        (steps, questions) => {
          const { feed, alive } = observation();
          const naive = new NaiveObservation();
          let now = START;
          for (const [at, { afterMs, ...step }] of steps.entries()) {
            now += afterMs;
            const of = step.kind === 'heard' ? now - step.backMs : now;
            naive.note(step, now, of);
            if (step.kind === 'heard') feed.heard(step.symbol, of, now, String(at));
            if (step.kind === 'interrupted') feed.interrupted();
          }
          alive(now);
          for (const [minute, minutes] of questions) {
            const from = START + minute * 60_000;
            const to = from + minutes * 60_000;
            for (const symbol of ['A', 'B']) {
              const said = feed.quietDuring(symbol, from, to);
              if (said) expect(naive.quietDuring(symbol, from, to, now)).toBe(true);
              if (naive.quietDuring(symbol, from - SLOT, to + SLOT, now)) expect(said).toBe(true);
            }
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
