import { seededRandom } from '@livermore/utils';
import type { SimulatedVenue } from '../simulator';
import type { Fault, FaultScript } from './fault';
import { LAGS_MS, NATIVES_DIFFER, isApplicable } from './fault-registry';

export interface DisagreeingOptions {
  /** Decides which bars are corrected and how far REST is behind (1). */
  readonly seed?: number;
  /** Scales lags and shares (1): 0.5 is a venue that agrees twice as well with itself. Above 0, at most 10. */
  readonly strength?: number;
  /**
   * How long after the start bars that close are still corrected, as durations of a script are spelled; to the end when
   * absent. A run that is compared at its end stops corrections before it, or meets some that nobody can have seen yet.
   */
  readonly correctsFor?: number | string;
}

type Line = FaultScript[number];

/**
 * A script for a whole run in which a venue's views of one tape differ moderately: closed rows some seconds behind,
 * replicas, lossy snapshots, corrections after seconds and minutes, late closing frames, longer bars that are not the
 * sum of their parts, odd entries in the listing, a bad row now and then.
 * Nothing in it is a lie for good, so whoever looks again ends with the truth. Only what acts at the venue is in it.
 */
export function disagreeing(venue: SimulatedVenue, options: DisagreeingOptions = {}): FaultScript {
  const { seed = 1, strength = 1, correctsFor } = options;
  const random = seededRandom(seed);
  const between = (low: number, high: number) => low + random.next() * (high - low);
  const staleMs = Math.round(between(3000, 6000) * strength);
  const lagsMs = (LAGS_MS[venue] ?? [0, 2000, 10_000]).map((lag) => Math.round(lag * strength));
  const faults: readonly Fault[] = [
    { kind: 'rest-stale', byMs: staleMs, keepsNewest: true },
    { kind: 'rest-replicas', lagsMs },
    { kind: 'snapshot-lossy', loses: Math.min(0.9, 0.1 * strength), share: 0.7, range: false },
    { kind: 'listing-odd', what: 'all' },
    { kind: 'row-bad', what: 'any', share: Math.min(1, 0.02 * strength) },
    { kind: 'element-bad', what: 'any', share: Math.min(1, 0.02 * strength) },
  ];
  const corrections = [
    correction(127, strength, { afterMs: between(5000, 60_000), volume: 1.04, onStream: true }),
    correction(211, strength, { afterMs: between(60_000, 600_000), volume: 1.02, price: 0.0005 }),
    correction(307, strength, { afterMs: between(120_000, 480_000), volume: 0.97 }),
  ];
  const late: Fault = {
    kind: 'closes-late',
    byMs: Math.round(between(5000, 30_000)),
    share: Math.min(1, 0.02 * strength),
  };
  const lines: readonly Line[] = [
    ...[...faults, late, ...nativesDiffer(venue, strength)].map((fault) => ({ at: 0, fault })),
    ...corrections.map((fault) => ({
      at: 0,
      fault,
      ...(correctsFor === undefined ? {} : { for: correctsFor }),
    })),
  ];
  return lines.filter(({ fault }) => isApplicable(fault.kind, venue));
}

/** Longer bars that are not the sum of their parts, from the first reading on and for good: that is the truth of them. */
function nativesDiffer(venue: SimulatedVenue, strength: number): readonly Fault[] {
  return Object.entries(NATIVES_DIFFER[venue] ?? {}).map(([timeframe, every]) =>
    correction(every, strength, { timeframe, volume: 1.003, price: 0.0001, alsoParents: false }),
  );
}

type Correction = Extract<Fault, { readonly kind: 'revised-candle' }>;

/** One bar out of `every` changes: of a minute where nothing else is said, and with it every longer bar it is part of. */
function correction(every: number, strength: number, change: Partial<Correction>): Correction {
  return {
    kind: 'revised-candle',
    barsAgo: 0,
    every: Math.max(1, Math.round(every / strength)),
    volume: 1,
    price: 0,
    alsoParents: true,
    onStream: false,
    ...change,
    afterMs: Math.round(change.afterMs ?? 0),
  };
}
