import type { GapRepairerFacts } from '@livermore/exchange-core';
import type { InstanceFacts } from '../facts';
import type { TruthFacts } from '../verification';

/** What is known of how sure the candles are, where nothing waits and nothing was compared, with differences. */
export function someTruth(different: Partial<TruthFacts> = {}): TruthFacts {
  return {
    unsettled: 0,
    contradictions: { open: 0, oldestMs: 0, found: 0, venues: 0 },
    audit: {
      compared: 0,
      equal: 0,
      different: 0,
      pages: 0,
      failures: 0,
      verified: 0,
      differences: [],
    },
    ...different,
  };
}

/** What is known of gaps where there is none, with differences. */
export function someGaps(different: Partial<GapRepairerFacts> = {}): GapRepairerFacts {
  return { open: 0, repaired: 0, failures: 0, refused: 0, oldest: [], ...different };
}

/** The facts of an exchange that is well, with differences. */
export function someFacts(different: Partial<InstanceFacts> = {}): InstanceFacts {
  return {
    state: 'active',
    inVain: undefined,
    connections: { live: 1 },
    frames: 1,
    reconnects: 0,
    lastDataAgeMs: 500,
    lastFrameAgeMs: 400,
    idlest: undefined,
    symbols: 10,
    series: 60,
    seriesBehind: 0,
    gaps: someGaps(),
    holes: { overdue: 0, series: 0, undecided: 0, oldest: undefined },
    loss: undefined,
    truth: someTruth(),
    queues: { closes: 0 },
    restByStatus: { 200: 1 },
    weight: { used: 1, limit: 6_000, forecast: 0 },
    bannedUntil: undefined,
    blocked: undefined,
    rest: { breaker: 'closed' },
    venueClockOffsetMs: 0,
    redisTrouble: undefined,
    lastRedisTrouble: undefined,
    warmup: undefined,
    ...different,
  };
}
