import { TIMEFRAMES, openTimeOf, timeframeMs } from '@livermore/schemas';
import type { Timeframe } from '@livermore/schemas';
import { sumDecimals } from '@livermore/utils';

/**
 * Proof that nothing traded in a bar the venue serves no row for. Pure. In this order:
 *
 * - *observed*: the feed carried the symbol without a gap for the whole bar, nothing came, and something later arrived;
 * - *conserved*: a longer native bar holds exactly the volume of the known bars inside it, so nothing is left for this one;
 * - *in company*: other busy symbols of the venue have rows before, in and after the bar, so the venue was well.
 *
 * A longer bar that holds more than the known bars *refutes* it, whatever else speaks for it. One that holds slightly more
 * (a venue's longer bars may differ a little from their parts) leaves it *unproven*, so that what was said to be quiet before
 * stands; so does a feed that told of a trade within it. How often a series trades proves nothing of one bar.
 */
export type QuietVerdict = 'observed' | 'conserved' | 'in company' | 'refuted' | 'unproven';

/** A closed bar of a longer timeframe that the venue told itself, or that was proven to be quiet. */
export interface LongerBar {
  readonly timeframe: Timeframe;
  readonly timestamp: number;
  readonly volume: number;
}

export interface QuietInput {
  readonly timeframe: Timeframe;
  /** Open times (ms) the venue was asked for and served no row of, here or before. */
  readonly unserved: ReadonlySet<number>;
  /** Volumes of closed bars of the series by open time. */
  readonly volumes: ReadonlyMap<number, number>;
  readonly longer: readonly LongerBar[];
  readonly isObserved: (openTime: number) => boolean;
  /** Whether the feed told of a trade within the bar. */
  readonly isHeard: (openTime: number) => boolean;
  readonly isInCompany: (openTime: number) => boolean;
}

/**
 * Share of a longer bar's volume by which it may differ from its parts of its own. Of recorded Coinbase bars about one in
 * a hundred differs at all.
 */
const SLIGHT = 0.01;

/** Judges one bar (open time, ms). */
export function quietVerdictOf(openTime: number, input: QuietInput): QuietVerdict {
  const conserved = conservedVerdictOf(openTime, input);
  if (conserved === 'refuted') return 'refuted';
  if (conserved === 'strained' || input.isHeard(openTime)) return 'unproven';
  if (input.isObserved(openTime)) return 'observed';
  if (conserved === 'conserved') return 'conserved';
  return input.isInCompany(openTime) ? 'in company' : 'unproven';
}

/**
 * The shortest longer bar that can tell decides. One that is quiet itself may have been made of the very bar in question:
 * it only speaks where no other can.
 */
function conservedVerdictOf(
  openTime: number,
  input: QuietInput,
): 'conserved' | 'refuted' | 'strained' | undefined {
  const around = longerBarsAround(openTime, input);
  const inOrder = [...around.filter((bar) => bar.volume > 0), ...around.filter((bar) => bar.volume === 0)];
  for (const bar of inOrder) {
    const parts = partsOf(bar.timestamp, bar.timeframe, input);
    const known = sumDecimals(parts.volumes);
    if (known === bar.volume) return 'conserved';
    if (known < bar.volume && parts.isWhole)
      return bar.volume - known > bar.volume * SLIGHT ? 'refuted' : 'strained';
  }
  return undefined;
}

/**
 * Whether a bar (open time, ms) that is known to have traded is more than a longer bar has room for, which has room for
 * all others that are known. The shortest longer bar decides.
 */
export function isTooMuch(openTime: number, input: QuietInput): boolean {
  const [parent] = longerBarsAround(openTime, input);
  if (parent === undefined) return false;
  const own = input.volumes.get(openTime) ?? 0;
  const others = partsOf(parent.timestamp, parent.timeframe, input, openTime).volumes;
  return sumDecimals([...others, own]) > parent.volume && sumDecimals(others) <= parent.volume;
}

/** The longer bars that hold a bar, shortest first. */
function longerBarsAround(openTime: number, { timeframe: own, longer }: QuietInput): readonly LongerBar[] {
  return TIMEFRAMES.slice(TIMEFRAMES.indexOf(own) + 1).flatMap((timeframe) => {
    const parent = openTimeOf(timeframe, openTime);
    return longer.find((bar) => bar.timeframe === timeframe && bar.timestamp === parent) ?? [];
  });
}

/** Known volumes inside a longer bar, but for one of its bars where that is told; whole when every other bar in it was asked for and not served. */
function partsOf(
  parent: number,
  timeframe: Timeframe,
  { timeframe: own, volumes, unserved }: QuietInput,
  except?: number,
): { readonly volumes: readonly number[]; readonly isWhole: boolean } {
  const found: number[] = [];
  let isWhole = true;
  for (let at = parent; at < parent + timeframeMs(timeframe); at += timeframeMs(own)) {
    if (at === except) continue;
    const volume = volumes.get(at);
    if (volume !== undefined) found.push(volume);
    else if (!unserved.has(at)) isWhole = false;
  }
  return { volumes: found, isWhole };
}
