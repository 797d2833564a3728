import { closeTimeOf, openTimeOf } from '@livermore/schemas';
import { ManualClock, seededRandom, silentLogger } from '@livermore/utils';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FAKE_EXCHANGE, FakeVenue, fakeProtocol } from '../testing';
import type { FakeProtocolOptions } from '../testing';
import { StreamingAdapter } from './streaming-adapter';

const SYMBOLS = ['AAA', 'BBB', 'CCC', 'DDD'];
const STEP_MS = 2_000;
/** So patient that a half-open connection costs more than the margin of a repair. */
const PATIENT = { deadAfterMs: 100_000, silentAfterMs: 110_000 };
/** Start on a minute, so that each step of a run knows whether a bar closes at it. */
const START = openTimeOf('1m', 1_700_000_000_000);

/** Our machine's clock, which counts time rightly and tells it wrongly. */
class WrongClock extends ManualClock {
  aheadMs = 0;

  override now(): number {
    return super.now() + this.aheadMs;
  }

  /** Sets our clock; the venue's stays right. */
  set(venue: FakeVenue, byMs: number): void {
    this.aheadMs += byMs;
    venue.manners.aheadMs -= byMs;
  }
}

const FAULTS = {
  cut: (venue: FakeVenue) => venue.live.at(0)?.cut(),
  cutAll: (venue: FakeVenue) => venue.live.forEach((socket) => socket.cut(1001, 'bye')),
  halfOpen: (venue: FakeVenue) => venue.live.forEach((socket) => void (socket.isDeaf = true)),
  goodbye: (venue: FakeVenue) => venue.live.forEach((socket) => socket.push({ bye: 'soon' })),
  goodbyeAndCut: (venue: FakeVenue) => {
    venue.live.at(0)?.push({ bye: 'now' });
    venue.live.at(0)?.cut(1001, 'bye');
  },
  lostFrames: (venue: FakeVenue) => venue.live.forEach((socket) => socket.loseNext(130)),
  unreadable: (venue: FakeVenue) => venue.live.forEach((socket) => socket.garbleNext(130)),
  refuse: (venue: FakeVenue) => void (venue.manners.upgrade = 'refuse'),
  hang: (venue: FakeVenue) => void (venue.manners.upgrade = 'hang'),
  mute: (venue: FakeVenue) => void (venue.manners.answer = 'none'),
  error: (venue: FakeVenue) => void (venue.manners.answer = 'error'),
  ignoreClose: (venue: FakeVenue) => void (venue.manners.answersClose = false),
  slow: (venue: FakeVenue) => void (venue.manners.latencyMs = 1_500),
  setBack: (venue: FakeVenue, machine: WrongClock) => machine.set(venue, -300_000),
  setForward: (venue: FakeVenue, machine: WrongClock) => machine.set(venue, 300_000),
  heal: (venue: FakeVenue) =>
    Object.assign(venue.manners, { upgrade: 'accept', answer: 'ack', answersClose: true, latencyMs: 5 }),
} as const satisfies Record<string, (venue: FakeVenue, machine: WrongClock) => unknown>;
type Fault = keyof typeof FAULTS;
const isFault = (name: string): name is Fault => name in FAULTS;
const FAULT_NAMES = Object.keys(FAULTS).filter(isFault);

interface Plan {
  readonly faults: readonly { readonly step: number; readonly fault: Fault }[];
  readonly aheadMs: number;
  readonly seed: number;
  readonly kind: FakeProtocolOptions;
}

const plans: fc.Arbitrary<Plan> = fc.record({
  faults: fc.array(
    fc.record({ step: fc.integer({ min: 5, max: 400 }), fault: fc.constantFrom(...FAULT_NAMES) }),
    { minLength: 1, maxLength: 8 },
  ),
  aheadMs: fc.constantFrom(0, -300_000, 300_000),
  seed: fc.integer(),
  kind: fc.constantFrom<FakeProtocolOptions>(
    { limits: PATIENT },
    { limits: PATIENT, hasListing: true },
    { limits: { ...PATIENT, topicsPerConnection: 2 } },
  ),
});

interface Outcome {
  /** Close times (venue, ms) that did not arrive, by symbol. */
  readonly missed: readonly { readonly symbol: string; readonly closedAt: number }[];
  readonly repairs: readonly {
    readonly symbols: ReadonlySet<string>;
    readonly since: number;
    readonly at: number;
  }[];
  readonly adapter: StreamingAdapter;
  readonly venue: FakeVenue;
}

/** A quarter of an hour with faults, then as long as it takes to recover. */
async function run({ faults, aheadMs, seed, kind }: Plan): Promise<Outcome> {
  const clock = new WrongClock(START);
  const venue = new FakeVenue(clock);
  clock.set(venue, aheadMs);
  venue.manners.isNumbered = true;
  const adapter = new StreamingAdapter({
    exchange: FAKE_EXCHANGE,
    protocol: fakeProtocol(kind),
    transport: venue,
    clock,
    random: seededRandom(seed),
    logger: silentLogger,
  });
  const arrived = new Set<string>();
  const repairs: { symbols: Set<string>; since: number; at: number }[] = [];
  adapter.on('candle:close', ({ candle }) => arrived.add(`${candle.symbol} ${candle.timestamp}`));
  adapter.on('feed:repair', ({ series, since }) =>
    repairs.push({ symbols: new Set(series.map(({ symbol }) => symbol)), since, at: venue.now() }),
  );
  adapter.subscribe(SYMBOLS, '1m');
  void adapter.connect();
  await clock.advance(1_000);
  const closes: { symbol: string; openTime: number; closedAt: number }[] = [];
  const pass = async (steps: number, from: number) => {
    for (let step = from; step < from + steps; step += 1) {
      for (const { fault } of faults.filter((one) => one.step === step)) FAULTS[fault](venue, clock);
      const now = venue.now();
      const isBoundary = openTimeOf('1m', now) !== openTimeOf('1m', now - STEP_MS);
      for (const symbol of SYMBOLS) {
        const openTime = openTimeOf('1m', now);
        const bar = { symbol, timeframe: '1m', price: 1 } as const;
        if (isBoundary && step > 0) {
          const closed = openTime - 60_000;
          closes.push({ symbol, openTime: closed, closedAt: closeTimeOf('1m', closed) });
          venue.publish({ ...bar, openTime: closed, final: true });
        }
        venue.publish({ ...bar, openTime, final: false });
      }
      await clock.advance(STEP_MS);
    }
  };
  await pass(450, 0);
  FAULTS.heal(venue);
  await pass(200, 450);
  const missed = closes.filter(({ symbol, openTime }) => !arrived.has(`${symbol} ${openTime}`));
  return { missed, repairs, adapter, venue };
}

describe('whatever happens to its connections', () => {
  it('a feed recovers, and each close arrived or lies in what it asked to repair afterwards', async () => {
    let missedInAll = 0;
    await fc.assert(
      fc.asyncProperty(plans, async (plan) => {
        const { missed, repairs, adapter, venue } = await run(plan);
        const { connections } = adapter.facts();
        expect(connections.map(({ state }) => state)).toEqual(connections.map(() => 'live'));
        expect(venue.live).toHaveLength(connections.length);
        missedInAll += missed.length;
        for (const { symbol, closedAt } of missed) {
          const cover = repairs.find(
            (repair) => repair.symbols.has(symbol) && repair.since <= closedAt && repair.at >= closedAt,
          );
          expect(cover, `${symbol} closed at ${closedAt}`).toBeDefined();
        }
      }),
      { numRuns: 40 },
    );
    // Otherwise the faults above would not have been faults.
    expect(missedInAll).toBeGreaterThan(0);
  });

  it('a close that cannot be read lies in what is repaired afterwards, without a gap or a new connection', async () => {
    const faults = [20, 110, 160, 300].map((step) => ({ step, fault: 'unreadable' as const }));
    const { missed, repairs, adapter } = await run({
      faults,
      aheadMs: 0,
      seed: 1,
      kind: { limits: PATIENT },
    });
    expect(new Set(missed.map(({ symbol }) => symbol))).toEqual(new Set(SYMBOLS));
    for (const { symbol, closedAt } of missed) {
      const cover = repairs.filter((repair) => repair.symbols.has(symbol) && repair.since < closedAt);
      expect(cover.some(({ at }) => at >= closedAt && at < closedAt + 65_000)).toBe(true);
    }
    const { gaps, connections } = adapter.facts();
    expect([gaps, connections.map(({ reconnects }) => reconnects)]).toEqual([0, [0]]);
  });
});
