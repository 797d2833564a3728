import { redisTroubleOf } from '@livermore/cache';
import { AppError, assertNever } from '@livermore/utils';
import { DecodeError, RejectedError, UnknownSymbolError } from '../errors';

/**
 * When a hole is asked for again. Pure. Every kind of setback is on one ladder, and none of its steps is the last:
 *
 * | setback                                                   | waits                             | at most                 |
 * |-----------------------------------------------------------|-----------------------------------|-------------------------|
 * | an answer could not settle it                             | 3, 10, 30, 90 s, 5 min …          | a minute, or 10 minutes |
 * | its request failed, was refused, or could not be read     | 1, 2, 4 … s                       | a minute, or 10 minutes |
 * | Redis is in trouble                                       | 1, 2, 4 … s                       | 5 s                     |
 * | the address is banned, refused, or the host is away       | until that is over, as it says    | 3 days                  |
 * | the venue does not know the symbol                        | 1, 2, 4 … min                     | 10 min                  |
 *
 * At most a minute where a bar of it closed within the last hour, else ten minutes.
 */
export type Setback =
  | { readonly kind: 'bad-page' | 'failed' | 'redis' | 'refused' | 'unsettled' }
  /** Nothing is sent before `until` (ms, our clock). */
  | { readonly kind: 'held'; readonly until: number };

/** A hole with a bar that closed within so long, ms, is young: somebody waits for it. */
const YOUNG_MS = 3_600_000;
/** A young hole is asked for again after this at the latest, ms, and an older one after that. */
export const YOUNG_CAP_MS = 60_000;
const OLD_CAP_MS = 600_000;
const UNSETTLED_STEPS_MS = [3_000, 10_000, 30_000, 90_000, 300_000, OLD_CAP_MS];
const BASE_MS = 1_000;
const REDIS_CAP_MS = 5_000;
/** As long as the longest ban that is believed. */
const HELD_CAP_MS = 3 * 86_400_000 + 60_000;

/** What an error means for the hole that was asked for. */
export function setbackOf(error: unknown): Setback {
  if (!(error instanceof AppError)) {
    return { kind: redisTroubleOf(error) === undefined ? 'failed' : 'redis' };
  }
  if (error instanceof UnknownSymbolError) return { kind: 'refused' };
  // The page that was asked for alone is to blame: the next one may be served.
  if (error instanceof DecodeError || error instanceof RejectedError) return { kind: 'bad-page' };
  const { until } = error.details;
  return typeof until === 'number' ? { kind: 'held', until } : { kind: 'failed' };
}

/**
 * How long to wait before asking again, ms.
 * @param tries setbacks of this kind in a row before this one
 * @param hole `closedAt`: close of its newest bar; `now`: both by the same clock, ms
 */
export function waitAfter(
  setback: Setback,
  tries: number,
  hole: { readonly closedAt: number; readonly now: number; readonly localNow: number },
): number {
  const capMs = hole.now - hole.closedAt < YOUNG_MS ? YOUNG_CAP_MS : OLD_CAP_MS;
  const doubledMs = BASE_MS * 2 ** Math.min(tries, 20);
  switch (setback.kind) {
    case 'unsettled':
      return Math.min(capMs, UNSETTLED_STEPS_MS[tries] ?? OLD_CAP_MS);
    case 'bad-page':
    case 'failed':
      return Math.min(capMs, doubledMs);
    case 'redis':
      return Math.min(REDIS_CAP_MS, doubledMs);
    case 'held':
      return Math.min(HELD_CAP_MS, Math.max(BASE_MS, setback.until - hole.localNow));
    case 'refused':
      return Math.min(OLD_CAP_MS, YOUNG_CAP_MS * 2 ** Math.min(tries, 10));
    default:
      return assertNever(setback);
  }
}
