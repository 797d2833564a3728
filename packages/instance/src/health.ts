import type { Hole } from '@livermore/exchange-core';
import { seriesKey } from '@livermore/schemas';
import type { IdleConnection, InstanceFacts } from './facts';
import { LOSS_SENTENCES } from './store-loss';

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

/** A feed on which nothing at all came for so long, ms, is not live; a connection may come back within it. */
const SILENT_MS = 60_000;
/** And the only one there is within this, ms: what is silent for long is opened anew, and that is no fault. */
const RECONNECT_MS = 10_000;
/** A bar that contradicts its parts for this long, ms, is known to be wrong, or one of them is. */
const CONTRADICTED_MS = 60_000;
/** Writes that were held so short a time ago, ms, may be held again. */
const CALM_MS = 10_000;

/**
 * Judges a running exchange from its facts and from a Redis that was asked just now. *Active* never hides a dead
 * socket: every check says what it saw. `now`: the venue's time, ms.
 */
export function judgeHealth(
  facts: InstanceFacts,
  redis: { readonly ok: boolean; readonly detail: string },
  now: number,
): Health {
  const checks: HealthCheck[] = [
    { name: 'redis', ...redis },
    writesCheck(facts),
    { name: 'state', ok: facts.state === 'active', detail: stateDetail(facts, now) },
    feedCheck(facts),
    dataCheck(facts),
    { name: 'holes', ok: facts.holes.overdue === 0, detail: holesDetail(facts, now) },
    {
      name: 'truth',
      ok: facts.truth.contradictions.oldestMs <= CONTRADICTED_MS,
      detail: truthDetail(facts),
    },
    {
      name: 'venue',
      ok: isServed(facts),
      detail: venueDetail(facts),
    },
  ];
  return { ok: checks.every((check) => check.ok), state: facts.state, checks };
}

function feedCheck({ connections, idlest }: InstanceFacts): HealthCheck {
  const live = (connections.live ?? 0) + (connections.rotating ?? 0);
  const all = Object.values(connections).reduce((total, count) => total + count, 0);
  const worst = idlest === undefined ? '' : `; ${idleText(idlest)}`;
  const patience = live > 0 ? SILENT_MS : RECONNECT_MS;
  const ok = all > 0 && (idlest === undefined || idlest.forMs < patience);
  return { name: 'feed', ok, detail: `${live} live of ${all} connections${worst}` };
}

function idleText({ name, state, forMs, reason, nextTryInMs }: IdleConnection): string {
  const why = reason === undefined ? '' : ` (${reason})`;
  const next = nextTryInMs === undefined ? '' : `, next try in ${Math.ceil(nextTryInMs / 1000)} s`;
  return `${name} ${state}, without data for ${Math.round(forMs / 1000)} s${why}${next}`;
}

function ago(ms: number): string {
  return `${Math.round(ms / 1000)} s ago`;
}

function dataCheck({ lastFrameAgeMs, lastDataAgeMs }: InstanceFacts): HealthCheck {
  const name = 'data';
  if (lastFrameAgeMs === undefined) return { name, ok: false, detail: 'none yet' };
  const candle = lastDataAgeMs === undefined ? 'no candle yet' : `newest candle ${ago(lastDataAgeMs)}`;
  const detail = `newest frame ${ago(lastFrameAgeMs)}, ${candle}`;
  return { name, ok: lastFrameAgeMs <= SILENT_MS, detail };
}

/** No answer says that all is well between two times at which it is not. */
function writesCheck({ redisTrouble, lastRedisTrouble }: InstanceFacts): HealthCheck {
  const name = 'writes';
  if (redisTrouble !== undefined) return { name, ok: false, detail: `held: Redis is ${redisTrouble}` };
  if (lastRedisTrouble === undefined || lastRedisTrouble.agoMs >= CALM_MS) {
    return { name, ok: true, detail: 'accepted' };
  }
  const { trouble, agoMs } = lastRedisTrouble;
  return { name, ok: false, detail: `accepted again; Redis was ${trouble} ${ago(agoMs)}` };
}

function stateDetail(facts: InstanceFacts, now: number): string {
  const { state, warmup, inVain, rest, venueClockOffsetMs, bannedUntil } = facts;
  if (inVain !== undefined) {
    // Nothing leaves while a ban lasts.
    const nextTryAt = Math.max(inVain.nextTryAt, bannedUntil ?? 0);
    const inMs = Math.max(0, nextTryAt + venueClockOffsetMs - now);
    const what = inVain.what.replaceAll('_', ' ');
    const next = inMs === 0 ? 'asked for again now' : `next try in ${Math.ceil(inMs / 1000)} s`;
    return `${state}: no ${what}: ${inVain.error}; ${next}`;
  }
  if (state === 'starting' && rest.lastFailure !== undefined) {
    return `starting: no answer from the venue yet: ${rest.lastFailure.message}; asked for again now`;
  }
  return state === 'warming' && warmup !== undefined ? `warming, ${warmup.percentComplete} %` : state;
}

/** What the last try to fetch a hole met, and when it is fetched next, as far as that is told. */
function nextOf({ gaps, venueClockOffsetMs }: InstanceFacts, hole: Hole, now: number): string {
  const gap = gaps.oldest.find(
    ({ series, from, to }) =>
      seriesKey(series) === seriesKey(hole) && from <= hole.openTime && hole.openTime < to,
  );
  if (gap === undefined) return '';
  const error = gap.lastError === undefined ? '' : `, ${gap.lastError}`;
  const inMs = gap.nextTryAt === undefined ? 0 : gap.nextTryAt + venueClockOffsetMs - now;
  return inMs <= 0 ? `${error}, asked for now` : `${error}, next try in ${Math.ceil(inMs / 1000)} s`;
}

function holesDetail(facts: InstanceFacts, now: number): string {
  const { holes, gaps, loss } = facts;
  const { overdue, series, undecided, oldest } = holes;
  const waiting = `${undecided} undecided, ${gaps.open} gaps being repaired`;
  if (oldest === undefined) return `none overdue, ${waiting}`;
  const { symbol, timeframe, openTime, noticedAt } = oldest;
  const bar = `${symbol} ${timeframe} ${new Date(openTime).toISOString()}`;
  const since = `for ${Math.round((now - noticedAt) / 1000)} s`;
  const why = loss === undefined || loss.at > noticedAt + CALM_MS ? '' : `; ${LOSS_SENTENCES[loss.reason]}`;
  const next = nextOf(facts, oldest, now);
  return `${overdue} bars of ${series} series are missing, ${bar} ${since} the longest${next}; ${waiting}${why}`;
}

function truthDetail({ truth }: InstanceFacts): string {
  const { unsettled, contradictions, audit } = truth;
  return `${unsettled} bars wait for another reading, ${contradictions.open} contradict their parts, ${audit.verified} series verified`;
}

function isServed({ bannedUntil, blocked, rest }: InstanceFacts): boolean {
  return (
    bannedUntil === undefined &&
    blocked === undefined &&
    rest.pause === undefined &&
    rest.breaker === 'closed'
  );
}

function venueDetail({ bannedUntil, blocked, rest, weight }: InstanceFacts): string {
  const { pause, breaker, lastFailure } = rest;
  const next = pause === undefined ? '' : `; next try at ${instant(pause.until)}`;
  if (blocked !== undefined) return `refuses this location: ${blocked}${next}`;
  if (bannedUntil !== undefined) return `has banned this address until ${instant(bannedUntil)}`;
  if (pause !== undefined) return `REST is paused: ${pause.reason}${next}`;
  if (breaker !== 'closed')
    return `REST fails: ${lastFailure?.message ?? 'no answer'}; one request tries now`;
  return `weight ${weight.used} of ${weight.limit}`;
}

/** @example instant(0) // '1970-01-01T00:00:00Z' */
function instant(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
