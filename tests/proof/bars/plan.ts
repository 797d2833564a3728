import { exportMarket } from '@livermore/replay/testing';
import { TIMEFRAMES } from '@livermore/schemas';
import type { Timeframe } from '@livermore/schemas';
import { DAY_MS, createSeededMarket, defaultUniverse } from '@livermore/simulator';
import type { SeededSymbol } from '@livermore/simulator';
import type { ProofVenue } from '../data';

/** What one run lives through. Times are ms. */
export interface RunPlan {
  readonly venue: ProofVenue;
  readonly seed: number;
  readonly symbols: readonly SeededSymbol[];
  readonly from: number;
  readonly to: number;
  /** Bars that close later than this after the start are corrected no more. */
  readonly correctsForMs: number;
  /** How long the replay goes on after the end. */
  readonly settleMs: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** How long the exchange is live. */
const LIVE_MS = 90 * MINUTE_MS;
/**
 * A longer bar that closes at the end holds corrections of its minutes, and the stream tells it without them: the audit
 * comes by ten to fifteen minutes after it was last there, and believes what it reads on a second reading ten minutes later.
 */
const SETTLE_MS = 30 * MINUTE_MS;
/**
 * The latest correction comes ten minutes after a close, is read by the audit within fifteen more, and believed on a
 * second reading ten minutes after the first: what is corrected must close this long before the end of the run.
 */
const UNCORRECTED_MS = 40 * MINUTE_MS;
/**
 * The audit reads a series within ten minutes as long as all of them fit into 2 % of the venue's allowance: about 600
 * series on Binance (2 of 6,000 a minute each), about 96 on Coinbase (1 of 8 a second each).
 */
export const SYMBOLS_PER_RUN: Readonly<Record<ProofVenue, number>> = { binance: 36, coinbase: 16 };

/** The middle of the first run's day; every seed has a day of its own. */
const FIRST_DAY = Date.UTC(2024, 0, 1);
const DAYS = 700;
/** Every third run goes over a midnight, the herd of all closes; the others begin at some full quarter of an hour. */
const MIDNIGHT_EVERY = 3;
const QUARTERS = 86;

/** The run of a seed: which symbols, when. A pure function of the seed, so that no two runs share a bar. */
export function planOf(venue: ProofVenue, seed: number): RunPlan {
  const universe = defaultUniverse(venue).filter((each) => each.status === 'trading');
  const count = Math.min(SYMBOLS_PER_RUN[venue], universe.length);
  const symbols = Array.from({ length: count }, (_, at) => universe[(at + seed * count) % universe.length]);
  const day = FIRST_DAY + (seed % DAYS) * DAY_MS;
  const isOverMidnight = seed % MIDNIGHT_EVERY === 0;
  const from = isOverMidnight ? day - HOUR_MS : day + ((seed * 7) % QUARTERS) * 15 * MINUTE_MS;
  return {
    venue,
    seed,
    symbols: symbols.filter((each) => each !== undefined),
    from,
    to: from + LIVE_MS,
    correctsForMs: LIVE_MS - UNCORRECTED_MS,
    settleMs: SETTLE_MS,
  };
}

/** What is recorded before a run, in days: enough for every warmup, and no more, since short bars are many. */
const DAYS_BEFORE: Readonly<Record<Timeframe, number>> = {
  '1m': 2,
  '5m': 4,
  '15m': 8,
  '1h': 20,
  '4h': 40,
  '1d': 110,
};
/** And after it: the thinnest symbol's last trade must lie behind the end. */
const DAYS_AFTER = 2;

/** Writes the market of a run as a recording. */
export function exportRun({ venue, seed, symbols, from, to }: RunPlan, folder: string): void {
  const market = createSeededMarket({ seed, symbols });
  const today = Math.floor(from / DAY_MS) * DAY_MS;
  const end = Math.ceil(to / DAY_MS) * DAY_MS + DAYS_AFTER * DAY_MS;
  for (const timeframe of TIMEFRAMES) {
    exportMarket(market, {
      folder,
      intervals: [timeframe],
      range: { from: today - DAYS_BEFORE[timeframe] * DAY_MS, to: end },
      omitsEmpty: venue === 'coinbase',
    });
  }
}
