import { HARDCODED_CONFIG } from '@livermore/schemas';
import type { OpenTimeRange, Series } from '@livermore/schemas';
import type { Lane } from '../ports';
import { YOUNG_CAP_MS } from './ladder';
import type { Setback } from './ladder';

/** Bars of a series to be fetched, why, and what came of it so far. Times of ours (`since`, `dueAt`) are ms. */
export interface GapPart extends OpenTimeRange {
  readonly lane: Extract<Lane, 'repair' | 'boundary'>;
  readonly reasons: readonly string[];
  /** Since when it is known to be open. */
  readonly since: number;
  /** When it is asked for; 0: now. */
  readonly dueAt: number;
  /** Whether it waits for a turn then: an answer had nothing of it, or nothing says that there is anything. */
  readonly isPaced: boolean;
  /** Its last setback, how many of that kind there were in a row, and in whose words; absent before the first. */
  readonly setback?: {
    readonly kind: Setback['kind'];
    readonly tries: number;
    readonly message: string;
  };
}

/** One series' bars that are to be fetched. */
export interface Gap {
  readonly series: Series;
  /** Ascending, and so far apart that no two of them fit a request. */
  readonly parts: readonly GapPart[];
}

/** What is told of a part of a gap. Instants in ms, by our clock. */
export interface OpenGap {
  readonly series: Series;
  readonly from: number;
  readonly to: number;
  readonly sinceMs: number;
  readonly reason: string;
  /** What the last try met; absent before the first has ended. */
  readonly lastError?: string;
  /** When it is tried next; absent where that is now. */
  readonly nextTryAt?: number;
}

/** Reasons that are kept of a part. */
const MAX_REASONS = 8;

/**
 * Parts in order, those in one where together they have no more than so many bars of `step` ms. The cache keeps so many
 * bars of a series: older ones, at `newest` (ms) or at the end of the newest part, would be fetched in vain, and are left out.
 */
export function joinedParts(
  parts: readonly GapPart[],
  step: number,
  { bars, newest }: { readonly bars: number; readonly newest: number },
): readonly GapPart[] {
  const end = Math.max(newest, ...parts.map((part) => part.to));
  const oldest = end - HARDCODED_CONFIG.cache.maxCandlesPerSeries * step;
  const joined: GapPart[] = [];
  for (const part of parts.toSorted((a, b) => a.from - b.from)) {
    if (part.to <= oldest) continue;
    const from = Math.max(part.from, oldest);
    const last = joined.at(-1);
    if (last !== undefined && (from <= last.to || part.to - last.from <= bars * step)) {
      joined.splice(-1, 1, oneOf(last, part));
    } else joined.push({ ...part, from });
  }
  return joined;
}

/** Two parts in one: asked for when the first of them is, after no fewer setbacks than the one that had more. */
function oneOf(a: GapPart, b: GapPart): GapPart {
  const known = (a.setback?.tries ?? 0) >= (b.setback?.tries ?? 0) ? a.setback : b.setback;
  const isOneInVain = isNoNews(a, b) || isNoNews(b, a);
  return {
    from: Math.min(a.from, b.from),
    to: Math.max(a.to, b.to),
    lane: a.lane === 'repair' ? a.lane : b.lane,
    reasons: [...new Set([...a.reasons, ...b.reasons])].slice(0, MAX_REASONS),
    since: Math.min(a.since, b.since),
    dueAt: dueOf(a, b),
    isPaced: isOneInVain || (a.isPaced && b.isPaced),
    ...(known === undefined ? {} : { setback: known }),
  };
}

/** Whether nothing says that there is anything of a part that was not asked for yet. */
function isUnfounded({ isPaced, setback }: GapPart): boolean {
  return isPaced && setback === undefined;
}

/** When two parts in one are asked for. */
function dueOf(a: GapPart, b: GapPart): number {
  if (isUnfounded(a)) return dueWith(a, b);
  return isUnfounded(b) ? dueWith(b, a) : Math.min(a.dueAt, b.dueAt);
}

/** An unfounded part takes the time of the one it joins, and waits no longer for that than a young gap may; for a refusal, to its end. */
function dueWith({ since, dueAt }: GapPart, other: GapPart): number {
  const kind = other.setback?.kind;
  const latest = kind === 'refused' || kind === 'held' ? Infinity : since + YOUNG_CAP_MS;
  return Math.max(dueAt, Math.min(other.dueAt, latest));
}

/** Whether all of `b` was asked for in vain already, as part of `a`: asking again takes its turn. */
function isNoNews(a: GapPart, b: GapPart): boolean {
  return a.isPaced && a.setback !== undefined && a.from <= b.from && b.to <= a.to;
}

/** Every reason of some parts, once. */
export function reasonOf(parts: readonly GapPart[]): string {
  return [...new Set(parts.flatMap((part) => part.reasons))].join(', ');
}

/** The so many parts that are open longest. `now`: ms, our clock. */
export function oldestOf(gaps: Iterable<Gap>, most: number, now: number): readonly OpenGap[] {
  const open = [...gaps].flatMap(({ series, parts }) => parts.map((part) => ({ series, part })));
  return open
    .toSorted((a, b) => a.part.since - b.part.since)
    .slice(0, most)
    .map(({ series: { symbol, timeframe }, part }) => ({
      series: { symbol, timeframe },
      from: part.from,
      to: part.to,
      sinceMs: part.since,
      reason: reasonOf([part]),
      ...(part.setback === undefined ? {} : { lastError: part.setback.message }),
      ...(part.dueAt > now ? { nextTryAt: part.dueAt } : {}),
    }));
}
