import { TIMEFRAMES, newestClosedOpenTime, timeframeMs } from '@livermore/schemas';
import type { Series, Timeframe } from '@livermore/schemas';
import { ManualClock } from '@livermore/utils';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BoundaryKeeper } from './boundary-keeper';
import type { RepairRequest } from './gap-repairer';

const MIDNIGHT = Date.UTC(2025, 4, 20);
const MINUTE = 60_000;

function keeper(flagged: readonly Timeframe[], startAt = MIDNIGHT + 30_000) {
  const clock = new ManualClock(startAt);
  const requests: RepairRequest[] = [];
  const silent: Series[] = [];
  const kept = new BoundaryKeeper({
    flagged,
    settleMs: 2_000,
    finality: { fromMs: flagged.length > 0 ? 30_000 : 120_000 },
    clock,
    venueTime: clock,
    repair: (request) => requests.push(request),
    onSilent: (series) => silent.push(series),
  });
  const said = () =>
    requests.map(
      ({ series, from, to, reason }) =>
        `${reason} ${series.timeframe} ${(from - MIDNIGHT) / MINUTE}..${(to - MIDNIGHT) / MINUTE}`,
    );
  return { clock, kept, requests, silent, said };
}

const one = (timeframe: Timeframe): Series => ({ symbol: 'X', timeframe });

describe('keeping boundaries of a stream that flags closes (BASE-04)', () => {
  it('asks for nothing while closes come', async () => {
    const { clock, kept, requests } = keeper(TIMEFRAMES);
    kept.watch(one('1m'), MIDNIGHT - MINUTE);
    kept.start();
    for (let minute = 1; minute <= 5; minute += 1) {
      kept.settled(one('1m'), MIDNIGHT + (minute - 1) * MINUTE);
      await clock.advance(MINUTE);
    }
    expect(requests).toEqual([]);
  });

  it('asks for an overdue close five seconds after its boundary, and for all of them after a sleep', async () => {
    const { clock, kept, said } = keeper(TIMEFRAMES);
    kept.watch(one('1m'), MIDNIGHT - MINUTE);
    kept.start();
    await clock.advance(34_999);
    expect(said()).toEqual([]);
    await clock.advance(2);
    expect(said()).toEqual(['overdue 1m 0..1']);
    clock.jump(10 * MINUTE);
    await clock.advance(MINUTE);
    expect(said().slice(-2)).toEqual(['overdue 1m 0..11', 'overdue 1m 0..12']);
  });

  it('asks in every round for what stays overdue, and suspects the subscription ever more rarely', async () => {
    const { clock, kept, requests, silent } = keeper(TIMEFRAMES);
    kept.watch(one('1m'), MIDNIGHT - MINUTE);
    kept.start();
    await clock.advance(60 * MINUTE);
    expect(requests).toHaveLength(60);
    expect(requests.map(({ canWait }) => canWait === true)).toEqual(requests.map((_, at) => at > 0));
    // In rounds 2, 4, 8, 16, 32 and 48.
    expect(silent).toHaveLength(6);
  });
});

describe('keeping boundaries where REST closes bars', () => {
  it('fetches each boundary when REST has settled, re-reading the two bars before', async () => {
    const { clock, kept, said } = keeper([]);
    kept.watch(one('1m'), MIDNIGHT - MINUTE);
    kept.start();
    await clock.advance(32_499);
    expect(said()).toEqual([]);
    await clock.advance(2);
    expect(said()).toEqual(['boundary 1m -2..1']);
  });

  it('asks for the venue’s own bar seconds after its boundary, whatever stands in for it', async () => {
    const { clock, kept, said } = keeper([], MIDNIGHT + 14.5 * MINUTE);
    kept.watch(one('15m'), MIDNIGHT - 15 * MINUTE);
    kept.start();
    kept.settled(one('15m'), MIDNIGHT, 'stand-in');
    await clock.advance(30_000 + 2_500);
    expect(said()).toEqual(['boundary 15m -30..15']);
    kept.settled(one('15m'), MIDNIGHT, 'stand-in');
    await clock.advance(MINUTE);
    expect(said().at(-1)).toBe('boundary 15m -30..15');
    expect(kept.behind).toBe(1);
    kept.settled(one('15m'), MIDNIGHT);
    expect(kept.behind).toBe(0);
  });

  it('takes a stand-in for an answer where closes are flagged: the stream said it', async () => {
    const { clock, kept, requests } = keeper(TIMEFRAMES);
    kept.watch(one('1m'), MIDNIGHT - MINUTE);
    kept.start();
    kept.settled(one('1m'), MIDNIGHT, 'stand-in');
    await clock.advance(MINUTE);
    expect(requests).toEqual([]);
  });

  it('reads a long bar in every round until a second reading may have settled it, and then no more', async () => {
    const { clock, kept, said } = keeper([], MIDNIGHT + 4.5 * MINUTE);
    kept.watch(one('5m'), MIDNIGHT - 5 * MINUTE);
    kept.start();
    await clock.advance(MINUTE);
    kept.settled(one('5m'), MIDNIGHT);
    await clock.advance(4 * MINUTE);
    expect(said()).toEqual(['boundary 5m -10..5', 'confirm 5m -10..5', 'confirm 5m -10..5']);
  });

  it('asks in every round for what is not there, first at once, then in its turn until the symbol gives a sign of life', async () => {
    const { clock, kept, requests } = keeper([]);
    kept.watch(one('1m'), MIDNIGHT - MINUTE);
    kept.start();
    await clock.advance(5 * MINUTE);
    const waits = () => {
      const asked = requests.splice(0).filter(({ reason }) => reason === 'boundary');
      return asked.map(({ canWait }) => canWait === true);
    };
    expect(waits()).toEqual([false, true, true, true, true]);
    kept.active('X');
    await clock.advance(2 * MINUTE);
    expect(waits()).toEqual([false, true]);
    kept.settled(one('1m'), MIDNIGHT + 6 * MINUTE, 'quiet');
    await clock.advance(MINUTE);
    expect(waits()).toEqual([true]);
    kept.settled(one('1m'), MIDNIGHT + 7 * MINUTE);
    await clock.advance(MINUTE);
    expect(waits()).toEqual([false]);
    // What is read again is no sign of life.
    kept.settled(one('1m'), MIDNIGHT + 6 * MINUTE);
    await clock.advance(MINUTE);
    expect(waits()).toEqual([true]);
  });
});

describe('bars behind the newest settled one', () => {
  it('are asked for in the next round, once, unless they have come by then', () => {
    const { kept, said } = keeper(TIMEFRAMES);
    kept.watch(one('1m'), MIDNIGHT - 10 * MINUTE);
    for (const minute of [-9, -5, -3, -1]) kept.settled(one('1m'), MIDNIGHT + minute * MINUTE);
    kept.settled(one('1m'), MIDNIGHT - 8 * MINUTE);
    kept.settled(one('1m'), MIDNIGHT - 2 * MINUTE);
    kept.round(MIDNIGHT + 6_000);
    expect(said()).toEqual(['hole 1m -7..-2']);
    kept.settled(one('1m'), MIDNIGHT);
    kept.round(MIDNIGHT + MINUTE + 6_000);
    expect(said()).toEqual(['hole 1m -7..-2']);
  });

  it('are no holes where what skipped them only stands in', () => {
    const { kept, said } = keeper([]);
    kept.watch(one('15m'), MIDNIGHT - 60 * MINUTE);
    kept.settled(one('15m'), MIDNIGHT - 15 * MINUTE, 'stand-in');
    kept.round(MIDNIGHT + 3_000);
    expect(said()).toEqual(['boundary 15m -45..0']);
  });

  it('that a warmup’s answers lacked are asked for in the first round, in their turn, but for what the round asks for anyhow', () => {
    const { kept, said, requests } = keeper([]);
    for (const minute of [-9, -8, -4, -1]) kept.lacked(one('1m'), MIDNIGHT + minute * MINUTE);
    kept.settled(one('1m'), MIDNIGHT - 9 * MINUTE);
    kept.round(MIDNIGHT - MINUTE + 3_000);
    expect(said()).toEqual([]);
    kept.watch(one('1m'), MIDNIGHT - 3 * MINUTE);
    kept.round(MIDNIGHT + 3_000);
    expect(said()).toEqual(['hole 1m -8..-2', 'boundary 1m -3..0']);
    expect(requests[0]).toMatchObject({ lane: 'repair', canWait: true });
  });

  it('are forgotten with their series', async () => {
    const { clock, kept, requests } = keeper([]);
    kept.watch(one('1m'), MIDNIGHT - 10 * MINUTE);
    kept.settled(one('1m'), MIDNIGHT - MINUTE);
    kept.forget(one('1m'));
    kept.start();
    await clock.advance(5 * MINUTE);
    expect(requests).toEqual([]);
  });

  it('are all asked for in the next round, in whatever order bars are settled', () => {
    const minutes = fc.uniqueArray(fc.integer({ min: 0, max: 40 }), { maxLength: 40 });
    fc.assert(
      fc.property(minutes, fc.boolean(), (order, isFlagged) => {
        const { kept, requests } = keeper(isFlagged ? TIMEFRAMES : []);
        kept.watch(one('1m'), MIDNIGHT - MINUTE);
        for (const minute of order) kept.settled(one('1m'), MIDNIGHT + minute * MINUTE);
        kept.round(MIDNIGHT + 41 * MINUTE + 6_000);
        for (let minute = 0; minute <= 40; minute += 1) {
          const at = MIDNIGHT + minute * MINUTE;
          const isAsked = requests.some(({ from, to }) => from <= at && at < to);
          if (!order.includes(minute)) expect(isAsked).toBe(true);
        }
      }),
    );
  });
});

describe('keeping boundaries, whatever happens', () => {
  it('asks for a longer bar at its boundary, however long the ones before it were asked for in vain', async () => {
    const { clock, kept, requests } = keeper([], MIDNIGHT + 1_000);
    kept.watch(one('15m'), MIDNIGHT - 15 * MINUTE);
    kept.start();
    await clock.advance(61 * MINUTE);
    const boundaries = [15, 30, 45, 60].map((minute) => MIDNIGHT + minute * MINUTE);
    for (const boundary of boundaries) {
      const asked = requests.filter((each) => each.to === boundary && each.reason === 'boundary');
      expect(asked.length).toBeGreaterThan(0);
    }
    // Nothing came of any: all but the first wait for their turn.
    expect(requests.filter(({ canWait }) => canWait !== true)).toHaveLength(1);
  });

  it('has asked for every bar that closed without being settled', () => {
    const step = fc.record({ settle: fc.boolean(), minutes: fc.integer({ min: 1, max: 90 }) });
    fc.assert(
      fc.property(
        fc.constantFrom(...TIMEFRAMES),
        fc.boolean(),
        fc.array(step, { maxLength: 40 }),
        (timeframe, isFlagged, steps) => {
          const { kept, requests } = keeper(isFlagged ? TIMEFRAMES : []);
          let settledTo = MIDNIGHT - timeframeMs(timeframe);
          let now = MIDNIGHT;
          kept.watch(one(timeframe), settledTo);
          for (const { settle, minutes } of steps) {
            now += minutes * MINUTE;
            const due = newestClosedOpenTime(timeframe, now);
            if (settle && due > settledTo) {
              settledTo = due;
              kept.settled(one(timeframe), due);
            }
            requests.length = 0;
            kept.active('X');
            kept.round(now + 5_000);
            const last = requests.at(-1);
            if (settledTo >= due) {
              expect(requests.every(({ reason }) => reason === 'confirm' || reason === 'hole')).toBe(true);
            } else {
              expect(last?.from).toBeLessThanOrEqual(settledTo + timeframeMs(timeframe));
              expect(last?.to).toBe(due + timeframeMs(timeframe));
            }
          }
        },
      ),
    );
  });
});
