import { TIMEFRAMES, closeTimeOf, timeframeMs } from '@livermore/schemas';
import { ManualClock, silentLogger } from '@livermore/utils';
import { describe, expect, it } from 'vitest';
import { coinbaseProtocol } from '../protocol/coinbase/index';
import type { CandlePage } from '../protocol/protocol';
import { reportWith } from '../testing/reports';
import { BoundaryKeeper } from './boundary-keeper';
import { GapRepairer } from './gap-repairer';

const MIDNIGHT = Date.UTC(2025, 4, 20);
const MINUTE = 60_000;
/** Asked twice and all old: so old is a bar, ms, of which the venue has nothing, when it is said to be absent. */
const VERDICT_MS = 12 * MINUTE;

/** So many products on Coinbase of which nobody knows anything, because nothing has traded since they were subscribed. */
function quietVenue(products: number) {
  const clock = new ManualClock(MIDNIGHT + 30_000);
  const { rest } = coinbaseProtocol;
  let pages = 0;
  const repairer = new GapRepairer({
    clock,
    venueTime: clock,
    logger: silentLogger,
    rest,
    loader: {
      async load(page) {
        pages += 1;
        await clock.sleep(50);
        const { absent, unsettled } = verdictsOn(page, clock.now());
        for (const openTime of absent) keeper.settled(page, openTime, 'quiet');
        for (const openTime of unsettled) keeper.lacked(page, openTime);
        return reportWith(page, { absent, unsettled });
      },
    },
  });
  const keeper = new BoundaryKeeper({
    clock,
    venueTime: clock,
    flagged: [],
    settleMs: rest.limits.settleMs,
    finality: rest.limits.finality,
    repair: (request) => repairer.request(request),
  });
  const symbols = Array.from({ length: products }, (_, at) => `P${at}-USD`);
  for (const symbol of symbols) {
    for (const timeframe of TIMEFRAMES) {
      keeper.watch({ symbol, timeframe }, MIDNIGHT - timeframeMs(timeframe));
    }
  }
  keeper.start();
  return { clock, repairer, keeper, pages: () => pages };
}

function verdictsOn(page: CandlePage, now: number) {
  const closed: number[] = [];
  for (let at = page.from; closeTimeOf(page.timeframe, at) <= now && at < page.to;) {
    closed.push(at);
    at += timeframeMs(page.timeframe);
  }
  const isOld = (at: number) => now - closeTimeOf(page.timeframe, at) >= VERDICT_MS;
  return { absent: closed.filter(isOld), unsettled: closed.filter((at) => !isOld(at)) };
}

describe('products that never trade', () => {
  it('cost less than a half of what Coinbase allows, though there are 400 of them', async () => {
    const { clock, pages, repairer } = quietVenue(400);
    await clock.advance(20 * MINUTE);
    const before = pages();
    await clock.advance(60 * MINUTE);
    const perSecond = (pages() - before) / 3_600;
    expect(perSecond).toBeGreaterThan(1);
    expect(perSecond).toBeLessThan(4);
    repairer.stop();
  });

  it('are each asked for in every minute, where there are few', async () => {
    const { clock, pages, repairer, keeper } = quietVenue(10);
    await clock.advance(20 * MINUTE);
    const before = pages();
    await clock.advance(60 * MINUTE);
    expect((pages() - before) / 60).toBeGreaterThanOrEqual(10);
    // Every bar of a minute has its verdict within two minutes of the time from which on there can be one.
    const minutes = repairer.facts.oldest.filter(({ series }) => series.timeframe === '1m');
    const oldest = Math.min(clock.now(), ...minutes.map(({ from }) => from));
    expect(clock.now() - oldest).toBeLessThanOrEqual(VERDICT_MS + 3 * MINUTE);
    expect(keeper.behind).toBeGreaterThan(0);
    repairer.stop();
  });
});
