import type { InstanceFacts } from './facts';

/** One thing a health answer looked at. */
export interface HealthCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

export interface Health {
  readonly ok: boolean;
  readonly state: string;
  readonly checks: readonly HealthCheck[];
}

/** Data older than this on a live feed is not live. */
const STALE_DATA_MS = 90_000;
/** A bar that contradicts its parts for this long, ms, is one that readings do not settle. */
const CONTRADICTED_MS = 1_800_000;
/** Share of series that may be overdue for a moment, while a boundary is being worked off. */
const BEHIND_SHARE = 0.05;

/**
 * Judges a running exchange from its facts and from a Redis that was asked just now. *Active* never hides a dead
 * socket: every check says what it saw.
 */
export function judgeHealth(
  facts: InstanceFacts,
  redis: { readonly ok: boolean; readonly detail: string },
): Health {
  const live = facts.connections.live ?? 0;
  const age = facts.lastDataAgeMs;
  const checks: HealthCheck[] = [
    { name: 'redis', ...redis },
    {
      name: 'writes',
      ok: facts.redisTrouble === undefined,
      detail: facts.redisTrouble === undefined ? 'accepted' : `held: Redis is ${facts.redisTrouble}`,
    },
    { name: 'state', ok: facts.state === 'active' || facts.state === 'warming', detail: facts.state },
    {
      name: 'feed',
      ok: live > 0,
      detail: `${live} live of ${sum(Object.values(facts.connections))} connections`,
    },
    {
      name: 'data',
      ok: age !== undefined && age <= STALE_DATA_MS,
      detail: age === undefined ? 'none yet' : `newest frame ${Math.round(age / 1000)} s ago`,
    },
    {
      name: 'closes',
      ok: facts.state !== 'active' || facts.seriesBehind <= Math.ceil(facts.series * BEHIND_SHARE),
      detail: `${facts.seriesBehind} of ${facts.series} series overdue, ${facts.gaps.open} gaps open`,
    },
    {
      name: 'truth',
      ok: facts.truth.contradictions.oldestMs <= CONTRADICTED_MS,
      detail: truthDetail(facts),
    },
    {
      name: 'venue',
      ok: facts.bannedUntil === undefined && facts.blocked === undefined,
      detail: venueDetail(facts),
    },
  ];
  return { ok: checks.every((check) => check.ok), state: facts.state, checks };
}

function truthDetail({ truth }: InstanceFacts): string {
  const { unsettled, contradictions, audit } = truth;
  return `${unsettled} bars wait for another reading, ${contradictions.open} contradict their parts, ${audit.verified} series verified`;
}

function venueDetail(facts: InstanceFacts): string {
  if (facts.blocked !== undefined) return `refuses this location: ${facts.blocked}`;
  if (facts.bannedUntil !== undefined)
    return `has banned this address until ${new Date(facts.bannedUntil).toISOString()}`;
  return `weight ${facts.weight.used} of ${facts.weight.limit}`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
