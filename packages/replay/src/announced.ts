/** What was said about each bar, and whether it was right: the pure part of listening to closes. */
import { seriesKey } from '@livermore/schemas';
import type { CandleSource, OpenTimeRange, Series } from '@livermore/schemas';
import { differingFields, flatAt } from './bar-values';
import type { BarValues } from './bar-values';
import type { TrueBar } from './compare';

/** What one announcement said: a bar, or that there is none after all. */
export type Said = (BarValues & { readonly source?: CandleSource | undefined }) | 'retracted';

/** First and last word about a bar, and whether any of them was that nothing traded. */
export interface Heard {
  readonly openTime: number;
  readonly first: Said;
  readonly last: Said;
  readonly wasQuiet: boolean;
}

/** How announced bars turned out. Each is counted once in `announced`. */
export interface AnnouncedCounts {
  readonly announced: number;
  /** The first announcement was what the bar is. */
  readonly announcedRight: number;
  /** The first was not, the last one was. */
  readonly announcedWrongFirst: number;
  /** Neither was; the last word is what another native recording says, and so is the cached bar. */
  readonly announcedOther: number;
  /** The last thing said about the bar is not what it is. */
  readonly announcedWrongLast: number;
  /** It was said at some time that nothing traded in the bar, and something did. */
  readonly announcedFalselyQuiet: number;
}

export const NOTHING_ANNOUNCED: AnnouncedCounts = {
  announced: 0,
  announcedRight: 0,
  announcedWrongFirst: 0,
  announcedOther: 0,
  announcedWrongLast: 0,
  announcedFalselyQuiet: 0,
};

/** What a bar really is, as far as it matters to what was said of it. */
export interface Actual {
  /** Undefined: the venue has none. */
  readonly bar: TrueBar | undefined;
  /** Whether the venue omits bars without trades, so that a quiet one may be said where it has none. */
  readonly omitsQuiet: boolean;
  readonly closeBefore: number | undefined;
  /** What other native recordings say of it: no error as a last word. Asked for only where it matters. */
  readonly readings: () => readonly BarValues[];
  /** The bar as it is cached now; undefined where that is not known (any more). */
  readonly cached: BarValues | undefined;
}

/** Whether an announcement said what a bar is. */
export function isRight(
  said: Said,
  { bar, omitsQuiet, closeBefore }: Pick<Actual, 'bar' | 'omitsQuiet' | 'closeBefore'>,
): boolean {
  if (said === 'retracted') return bar === undefined;
  if (bar !== undefined) return differingFields(said, bar).length === 0;
  if (said.source !== 'no-trades' || !omitsQuiet) return false;
  return differingFields(said, flatAt(closeBefore ?? said.close)).length === 0;
}

/** How a last word turned out: `other` is what another native recording says, where the cache says it too. */
type Ending = 'right' | 'other' | 'wrong';

function endingOf(last: Said, actual: Actual): Ending {
  if (isRight(last, actual)) return 'right';
  if (last === 'retracted') return 'wrong';
  const { cached, readings } = actual;
  // Whoever listens has what was said last: where the cache went on from it, nobody was told.
  if (cached !== undefined && !isSame(last, cached)) return 'wrong';
  return readings().some((reading) => isSame(last, reading)) ? 'other' : 'wrong';
}

function isSame(one: BarValues, other: BarValues): boolean {
  return differingFields(one, other).length === 0;
}

/** Bars whose last word was wrong that are remembered, in case a later word puts them right. */
const WRONG_KEPT = 10_000;

/**
 * First and last words, by series and bar, until they are judged; afterwards only which last words were wrong, so that
 * memory is bounded by what is not judged yet.
 */
export class AnnouncedLedger {
  readonly #open = new Map<string, Map<number, Heard>>();
  readonly #wrong = new Set<string>();

  note(series: Series, openTime: number, said: Said): void {
    const key = seriesKey(series);
    const heard = this.#open.get(key) ?? new Map<number, Heard>();
    this.#open.set(key, heard);
    const before = heard.get(openTime);
    const isQuiet = said !== 'retracted' && said.source === 'no-trades';
    const wasQuiet = isQuiet || before?.wasQuiet === true;
    heard.set(openTime, { openTime, first: before?.first ?? said, last: said, wasQuiet });
  }

  /** Takes what was heard of bars that opened before an instant (ms), oldest first. */
  take(series: Series, before: number): readonly Heard[] {
    const heard = this.#open.get(seriesKey(series));
    const taken = [...(heard?.values() ?? [])].filter((each) => each.openTime < before);
    for (const { openTime } of taken) heard?.delete(openTime);
    return taken.toSorted((a, b) => a.openTime - b.openTime);
  }

  /**
   * Judges what was heard of a series. `range`: the bars that are judged for the first time; what was heard of earlier
   * ones was said after they were judged, and changes that judgement.
   */
  judge(
    series: Series,
    range: OpenTimeRange,
    heard: readonly Heard[],
    actualOf: (openTime: number) => Actual,
  ): AnnouncedCounts {
    return heard.reduce((counts, each) => {
      const actual = actualOf(each.openTime);
      const isNew = each.openTime >= range.from;
      return added(counts, this.#judged(series, each, actual, isNew));
    }, NOTHING_ANNOUNCED);
  }

  #judged(series: Series, heard: Heard, actual: Actual, isNew: boolean): AnnouncedCounts {
    const { openTime, first, last, wasQuiet } = heard;
    const key = `${seriesKey(series)} ${openTime}`;
    const wasWrong = this.#wrong.delete(key);
    const ending = endingOf(last, actual);
    const isWrong = ending === 'wrong';
    if (isWrong) this.#remember(key);
    const announcedFalselyQuiet = wasQuiet && (actual.bar?.volume ?? 0) > 0 ? 1 : 0;
    if (isNew) {
      const isRightFirst = isRight(first, actual);
      return {
        announced: 1,
        announcedRight: isRightFirst ? 1 : 0,
        announcedWrongFirst: !isRightFirst && ending === 'right' ? 1 : 0,
        announcedOther: !isRightFirst && ending === 'other' ? 1 : 0,
        announcedWrongLast: isWrong ? 1 : 0,
        announcedFalselyQuiet,
      };
    }
    const change = (isWrong ? 1 : 0) - (wasWrong ? 1 : 0);
    return {
      ...NOTHING_ANNOUNCED,
      announcedWrongFirst: change < 0 && ending === 'right' ? 1 : 0,
      announcedOther: change < 0 && ending === 'other' ? 1 : 0,
      announcedWrongLast: change,
      announcedFalselyQuiet,
    };
  }

  #remember(key: string): void {
    this.#wrong.add(key);
    const [oldest] = this.#wrong;
    if (this.#wrong.size > WRONG_KEPT && oldest !== undefined) this.#wrong.delete(oldest);
  }
}

/** The sum of two counts. */
export function added(one: AnnouncedCounts, other: AnnouncedCounts): AnnouncedCounts {
  return {
    announced: one.announced + other.announced,
    announcedRight: one.announcedRight + other.announcedRight,
    announcedWrongFirst: one.announcedWrongFirst + other.announcedWrongFirst,
    announcedOther: one.announcedOther + other.announcedOther,
    announcedWrongLast: one.announcedWrongLast + other.announcedWrongLast,
    announcedFalselyQuiet: one.announcedFalselyQuiet + other.announcedFalselyQuiet,
  };
}
