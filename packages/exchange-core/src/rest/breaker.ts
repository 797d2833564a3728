/**
 * Whether a host serves us, as far as its answers tell. Pure; times are steady ones, ms.
 *
 *     closed ─ a run of failures, or a refusal of this location ─► open ─ the hold is over ─► half-open
 *        ▲                                                          ▲                          │
 *        └────────────────────────── it serves ─────────────────────┼──── the one probe ───────┘
 *                                                                   └──── it fails: a longer hold
 */
export interface Breaker {
  /** Failures in a row; what fails while it is open counts for nothing but the probe does. */
  readonly failures: number;
  /** Times it was opened in a row. */
  readonly opened: number;
  /** Since when it is not closed. */
  readonly since?: number;
  /** What went wrong last, in the words of whoever failed. */
  readonly reason?: string;
}

/** `unanswered`: no connection, no answer in time, a server error. `refused`: the location is not served (HTTP 451). */
export type HostFailure = 'unanswered' | 'refused';

export const closedBreaker: Breaker = { failures: 0, opened: 0 };

/** Failures in a row that open it: as many as one request makes of its own. */
const RUN = 5;
/**
 * How long nothing is sent, ms: doubled each time. A hole in the newest hour is asked for every minute, so a host that is
 * back is to be noticed sooner than that; a location that is refused is hardly served a second later.
 */
const HOLD_MS: Readonly<Record<HostFailure, { readonly base: number; readonly cap: number }>> = {
  unanswered: { base: 1_000, cap: 30_000 },
  refused: { base: 5_000, cap: 60_000 },
};

/** A request failed in one of these ways at `now`. @returns the breaker, and how long nothing may be sent (ms), if it opens */
export function failed(
  breaker: Breaker,
  failure: HostFailure,
  told: { readonly now: number; readonly reason: string },
): { readonly breaker: Breaker; readonly holdMs?: number } {
  const failures = breaker.failures + 1;
  const { opened } = breaker;
  if (failure === 'unanswered' && opened === 0 && failures < RUN) {
    return { breaker: { ...breaker, failures, reason: told.reason } };
  }
  const { base, cap } = HOLD_MS[failure];
  const holdMs = Math.min(cap, base * 2 ** Math.min(opened, 10));
  const since = breaker.since ?? told.now;
  return { breaker: { failures, opened: opened + 1, since, reason: told.reason }, holdMs };
}

/** For how long it has not been closed, ms; 0 while it is. */
export function openForMs(breaker: Breaker, now: number): number {
  return breaker.since === undefined ? 0 : now - breaker.since;
}
