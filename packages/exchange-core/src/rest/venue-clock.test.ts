import { ManualClock, ReplayClock, seededRandom } from '@livermore/utils';
import type { Clock } from '@livermore/utils';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FAKE_EXCHANGE, FakeRestVenue, fakeRest } from '../testing/fake-rest-venue';
import { createRestRuntime } from './rest-runtime';
import { VenueClock } from './venue-clock';
import { errorAt, unmeasured, withSample, withStamp } from './venue-clock-estimate';
import type { ClockEstimate } from './venue-clock-estimate';

const MINUTES_5 = 300_000;
const LIMIT = { weight: 100, perMs: 60_000, window: 'fixed', reserve: 0 } as const;

/** A machine whose wall clock can be set without time passing, as an operator or a waking machine does. */
class SettableClock extends ManualClock {
  wallOffset = 0;

  override now(): number {
    return super.now() + this.wallOffset;
  }
}

const sampleAt = (sentAt: number, offset: number) => ({
  sentAt,
  receivedAt: sentAt + 40,
  serverTime: sentAt + 20 + offset,
});

describe('the estimate of a venue’s clock', () => {
  it('holds the truth within its error, whatever the delays, as long as nobody sets a clock', () => {
    const delays = fc.tuple(fc.integer({ min: 0, max: 2_000 }), fc.integer({ min: 0, max: 2_000 }));
    const steps = fc.array(fc.record({ waitMs: fc.integer({ min: 0, max: 600_000 }), delays }), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(steps, fc.integer({ min: -MINUTES_5, max: MINUTES_5 }), (path, offset) => {
        let estimate = unmeasured(0, 0);
        let steady = 0;
        for (const {
          waitMs,
          delays: [up, down],
        } of path) {
          steady += waitMs;
          const serverTime = Math.floor(steady + up + offset);
          estimate = withSample(estimate, { sentAt: steady, receivedAt: steady + up + down, serverTime });
          estimate = withStamp(estimate, steady + offset, steady + up + down);
          steady += up + down;
          expect(Math.abs(estimate.offset - offset)).toBeLessThanOrEqual(errorAt(estimate, steady));
        }
      }),
    );
  });

  const measured: ClockEstimate = { offset: 1_000, errorMs: 30, asOf: 0 };

  it('is narrowed by a quick answer and hardly moved by a slow one', () => {
    const quick = withSample(measured, sampleAt(0, 1_010));
    expect(quick.errorMs).toBeLessThan(25);
    const slow = withSample(measured, { sentAt: 0, receivedAt: 8_000, serverTime: 1_000 + 7_900 });
    expect(Math.abs(slow.offset - 1_000)).toBeLessThanOrEqual(1);
  });

  it('doubts one answer that contradicts it, and follows two in a row that agree', () => {
    const doubting = withSample(measured, sampleAt(0, 301_000));
    expect(doubting.offset).toBe(1_000);
    expect(withSample(doubting, sampleAt(1_000, 301_000)).offset).toBeCloseTo(301_000, 0);
  });

  it('is not led astray by an answer that a cache repeats', () => {
    const cached = { sentAt: 30_000, receivedAt: 30_040, serverTime: 1_020 };
    const doubting = withSample(measured, cached);
    const again = withSample(doubting, { ...cached, sentAt: 31_000, receivedAt: 31_040 });
    expect(again.offset).toBe(1_000);
    expect(withSample(again, sampleAt(60_000, 1_000)).offset).toBeCloseTo(1_000, 0);
  });

  it('is never behind a stamp the venue has put on a frame, unless that is absurd', () => {
    expect(withStamp(measured, 5_500, 4_480).offset).toBe(1_020);
    expect(withStamp(measured, 5_000, 4_480)).toBe(measured);
    const absurd = withStamp(measured, 999_000, 4_480);
    expect(absurd.offset).toBe(1_000);
    expect(absurd.doubt).toBeDefined();
  });
});

describe('the venue’s clock', () => {
  it('is the machine’s own until something is known', () => {
    const clock = new ManualClock();
    const time = new VenueClock(clock);
    expect(time.now()).toBe(clock.now());
    expect(time.errorMs()).toBe(Number.POSITIVE_INFINITY);
  });

  it.each([MINUTES_5, -MINUTES_5])('does not move when this machine’s clock is set by %i ms', (byMs) => {
    const clock = new SettableClock();
    const time = new VenueClock(clock);
    time.measured({ sentAt: clock.monotonicMs(), receivedAt: clock.monotonicMs(), serverTime: clock.now() });
    const before = time.now();
    let doubts = 0;
    time.listen({ doubted: () => (doubts += 1), stepped: () => undefined });
    clock.wallOffset = byMs;
    expect(time.now()).toBe(before);
    expect(time.errorMs()).toBe(Number.POSITIVE_INFINITY);
    expect(doubts).toBe(1);
  });

  it('runs on the replayed clock in a replay, where real time means nothing', () => {
    const clock: Clock = new ReplayClock({ startMs: 1_600_000_000_000, speed: 'max' });
    const time = new VenueClock(clock);
    expect(time.now()).toBe(clock.now());
    expect(time.steadyMs()).toBe(clock.now());
  });
});

function setUp(skewMs: number, clock = new SettableClock()) {
  const venue = new FakeRestVenue({
    clock: { ...clockOf(clock) },
    limit: LIMIT,
    skewMs,
    uplinkMs: 40,
    downlinkMs: 10,
  });
  const protocol = { rest: fakeRest(LIMIT) };
  const runtime = createRestRuntime({
    exchange: FAKE_EXCHANGE,
    protocol,
    get: venue.get,
    clock,
    random: seededRandom(1),
  });
  const abort = new AbortController();
  return { clock, venue, abort, ...runtime };
}

/** The venue does not share the machine's wall clock, only the passing of time. */
function clockOf(clock: SettableClock): Clock {
  return {
    now: () => clock.monotonicMs(),
    monotonicMs: () => clock.monotonicMs(),
    setTimer: (callback, delayMs) => clock.setTimer(callback, delayMs),
    sleep: (ms, signal) => clock.sleep(ms, signal),
  };
}

describe('keeping it measured', () => {
  it.each([0, MINUTES_5, -MINUTES_5])(
    'finds the venue’s time to within the round trip when it is %i ms off',
    async (skewMs) => {
      const { clock, venue, time, sync, abort } = setUp(skewMs);
      await Promise.all([sync.measure(abort.signal), clock.advance(2_000)]);
      expect(Math.abs(time.now() - venue.now)).toBeLessThanOrEqual(26);
      expect(time.errorMs()).toBeLessThan(30);
      expect(venue.seen).toHaveLength(3);
    },
  );

  it('measures again every few minutes, and soon after the machine’s clock was set or the venue’s', async () => {
    const { clock, venue, time, sync, abort } = setUp(0);
    const running = sync.run(abort.signal);
    await clock.advance(10_000);
    const atFirst = venue.seen.length;
    expect(atFirst).toBe(3);
    await clock.advance(400_000);
    expect(venue.seen.length).toBe(atFirst + 3);

    clock.wallOffset = MINUTES_5;
    time.now();
    await clock.advance(10_000);
    expect(venue.seen.length).toBe(atFirst + 6);
    expect(Math.abs(time.now() - venue.now)).toBeLessThanOrEqual(26);

    venue.skewMs = 90_000;
    time.observe(venue.now);
    await clock.advance(10_000);
    expect(Math.abs(time.now() - venue.now)).toBeLessThanOrEqual(26);
    abort.abort();
    await running;
    expect(clock.pendingTimers).toBe(0);
  });

  it('goes on trying while the venue cannot be reached', async () => {
    const { clock, venue, time, sync, abort } = setUp(MINUTES_5);
    venue.answer = () => ({ status: 503, headers: {}, body: '' });
    const running = sync.run(abort.signal);
    await clock.advance(120_000);
    expect(time.errorMs()).toBe(Number.POSITIVE_INFINITY);
    venue.answer = undefined;
    await clock.advance(120_000);
    expect(Math.abs(time.now() - venue.now)).toBeLessThanOrEqual(26);
    abort.abort();
    await running;
  });
});
