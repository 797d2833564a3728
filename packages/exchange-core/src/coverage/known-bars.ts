import {
  MICROS_PER_MS,
  TIMEFRAMES,
  candleClassOf,
  closeTimeOf,
  isClosed,
  openTimeOf,
  timeframeMs,
} from '@livermore/schemas';
import type { Exchange, OpenTimeRange, Series, Timeframe } from '@livermore/schemas';
import type { AbsenceStore, CandleCacheStrategy, StoredCandle, UnservedStore } from '@livermore/cache';
import type { Company, FeedWitness, PageAnswer } from '../ports';
import type { CandlePage, ExchangeProtocol } from '../protocol/protocol';
import { unreadableBars } from './evidence';
import type { KnownBar, KnownBars } from './evidence';
import { isTooMuch, quietVerdictOf } from './quiet-proof';
import type { LongerBar, QuietInput } from './quiet-proof';

export interface KnownBarsOptions {
  readonly exchange: Exchange;
  readonly protocol: Pick<ExchangeProtocol, 'emptyBuckets'>;
  readonly cache: Pick<CandleCacheStrategy, 'readExchangeCandles'>;
  readonly absences: Pick<AbsenceStore, 'read'>;
  readonly unserved: Pick<UnservedStore, 'read'>;
  readonly feed?: FeedWitness;
  readonly company?: Company;
}

/** What is known of a page, and the very bars of it that were read. */
export interface KnownPage extends KnownBars {
  readonly stored: readonly StoredCandle[];
}

/** Longer bars of which a missing one is at most this many-eth part are looked at: a minute of four hours, no day. */
const LARGEST_PARENT_BARS = 288;
/** A frame may come this late after what it tells of happened, ms. */
export const LATE_FRAME_MS = 5_000;

/** Gathers what is known of the bars an answer lacks: from the cache, from the feed, and from other symbols. */
export class KnownBarsReader {
  readonly #options: KnownBarsOptions;

  constructor(options: KnownBarsOptions) {
    this.#options = options;
  }

  /**
   * Reads what there is to know, once for the page.
   * @param missing open times (ms) of the page's bars that are not in the answer: where there are none, no bar is read
   */
  async read(page: CandlePage, answer: PageAnswer, missing: readonly number[]): Promise<KnownPage> {
    const { exchange, cache, absences, unserved } = this.#options;
    const around = missing.length === 0 ? page : spanAround(page);
    const [cached, asked, absent] = await Promise.all([
      missing.length === 0 ? [] : cache.readExchangeCandles(exchange.id, page, inclusive(around)),
      unserved.read(exchange.id, page, inclusive(around)),
      absences.read(exchange.id, page, inclusive(page)),
    ]);
    const byOpenTime = new Map(cached.map((bar) => [bar.timestamp, bar]));
    const lacking = missing.filter((openTime) => isToJudge(byOpenTime.get(openTime)));
    const input = await this.#quietInput(page, answer, { cached, asked, missing, lacking });
    const before = byOpenTime.get(page.from - timeframeMs(page.timeframe));
    const stored = cached.filter((bar) => bar.timestamp >= page.from && bar.timestamp < page.to);
    return {
      ...(before !== undefined && isClosed(before) ? { priceBefore: before.close } : {}),
      stored,
      inside: new Map(stored.map((bar) => [bar.timestamp, knownBarOf(bar)])),
      askedAt: asked,
      absent: new Set(absent),
      quiet: (openTime) => (input === undefined ? 'unproven' : quietVerdictOf(openTime, input)),
      isTooMuch: (openTime) => input !== undefined && isTooMuch(openTime, input),
    };
  }

  async #quietInput(
    page: CandlePage,
    answer: PageAnswer,
    found: {
      readonly cached: readonly StoredCandle[];
      readonly asked: ReadonlyMap<number, number>;
      readonly missing: readonly number[];
      readonly lacking: readonly number[];
    },
  ): Promise<QuietInput | undefined> {
    const { protocol, feed, company } = this.#options;
    if (protocol.emptyBuckets !== 'omitted' || found.missing.length === 0) return undefined;
    const { symbol, timeframe } = page;
    const closed = answer.candles.filter((row) => closeTimeOf(timeframe, row.timestamp) <= answer.answeredAt);
    const volumes = new Map(
      [...found.cached.filter(isClosed), ...closed].map((bar) => [bar.timestamp, bar.volume]),
    );
    const newest = Math.max(0, ...answer.candles.map((row) => row.timestamp));
    const mayBeUnreadable = unreadableBars(answer.unreadable);
    const isOld = (openTime: number) =>
      answer.answeredAt - closeTimeOf(timeframe, openTime) >= OLD_READING_MS;
    const unserved = [...found.asked.keys(), ...found.lacking].filter((at) => !mayBeUnreadable(at));
    const input: QuietInput = {
      timeframe,
      unserved: new Set(unserved),
      volumes,
      longer: await this.#longerBars(page, found.missing),
      isObserved: (openTime) =>
        feed?.quietDuring(symbol, openTime, closeTimeOf(timeframe, openTime) + LATE_FRAME_MS) === true &&
        (isOld(openTime) || isQuietAtTimes(openTime, timeframe, found.cached)),
      isHeard: (openTime) =>
        feed?.heardDuring(symbol, openTime + LATE_FRAME_MS, closeTimeOf(timeframe, openTime)) === true,
      isInCompany: () => false,
    };
    const isOpen = (openTime: number) =>
      openTime < newest &&
      isOld(openTime) &&
      !input.isHeard(openTime) &&
      quietVerdictOf(openTime, input) === 'unproven';
    const open = new Set(found.lacking.filter(isOpen));
    if (company === undefined || open.size === 0) return input;
    const well = await company.tradedIn(timeframe, rangeOf([...open], timeframe));
    return { ...input, isInCompany: (openTime) => open.has(openTime) && well.has(openTime) };
  }

  /** Native longer bars, and quiet ones, around what is missing. */
  async #longerBars(
    { symbol, timeframe }: Series,
    missing: readonly number[],
  ): Promise<readonly LongerBar[]> {
    const { exchange, cache } = this.#options;
    const longer = TIMEFRAMES.filter((each) => isParent(each, timeframe));
    const lists = await Promise.all(
      longer.map(async (parent) => {
        const [first = 0] = missing;
        const window = { from: openTimeOf(parent, first), to: missing.at(-1) ?? first };
        const bars = await cache.readExchangeCandles(exchange.id, { symbol, timeframe: parent }, window);
        return bars.filter(isDecisive);
      }),
    );
    return lists.flat();
  }
}

/** A reading this long after the close, ms, is not of a bar as it was while it formed. */
const OLD_READING_MS = 600_000;

/**
 * A bar that says itself how much was traded in it: the venue's own, settled or read long after its close, or one that
 * was proven to be quiet. What a stream's last frame said may lack the last trades.
 */
function isDecisive(bar: StoredCandle): boolean {
  if (!isClosed(bar)) return false;
  if (bar.source === 'no-trades') return true;
  const isVenues = bar.source === 'rest' || bar.source === 'stream';
  if (isVenues && candleClassOf(bar) === 4) return true;
  const age = (bar.sequenceNum ?? 0) / MICROS_PER_MS - closeTimeOf(bar.timeframe, bar.timestamp);
  return bar.source === 'rest' && candleClassOf(bar) === 2 && age >= OLD_READING_MS;
}

function isParent(longer: Timeframe, timeframe: Timeframe): boolean {
  const parts = timeframeMs(longer) / timeframeMs(timeframe);
  return parts > 1 && parts <= LARGEST_PARENT_BARS;
}

/** Of so many bars before one, at least so many must be known to tell how its series is. */
const HABIT_BARS = 60;
const HABIT_KNOWN = 30;

/**
 * Whether a series has quiet bars at all, as far as the hour before a bar tells. Where it has none, that nothing came and
 * no row is there is rather two losses than one quiet bar: a longer bar is to say so, or time to pass.
 */
function isQuietAtTimes(openTime: number, timeframe: Timeframe, cached: readonly StoredCandle[]): boolean {
  const from = openTime - HABIT_BARS * timeframeMs(timeframe);
  const before = cached.filter((bar) => bar.timestamp >= from && bar.timestamp < openTime && isClosed(bar));
  return before.length < HABIT_KNOWN || before.some((bar) => bar.source === 'no-trades');
}

/** The page, widened to whole parents and by the bars before it, which have its last price and its habits. */
function spanAround(page: CandlePage): OpenTimeRange {
  const step = timeframeMs(page.timeframe);
  const parents = TIMEFRAMES.filter((each) => isParent(each, page.timeframe));
  const largest = parents.at(-1) ?? page.timeframe;
  const last = page.to - step;
  return {
    from: Math.min(openTimeOf(largest, page.from), page.from - HABIT_BARS * step),
    to: openTimeOf(largest, last) + timeframeMs(largest),
  };
}

function knownBarOf(bar: StoredCandle): KnownBar {
  const { close, volume } = bar;
  return { close, volume, isClosed: isClosed(bar), isQuiet: isClosed(bar) && bar.source === 'no-trades' };
}

function isToJudge(bar: StoredCandle | undefined): boolean {
  return bar === undefined || !isClosed(bar) || bar.source === 'no-trades';
}

function rangeOf(openTimes: readonly number[], timeframe: Timeframe): OpenTimeRange {
  return { from: Math.min(...openTimes), to: Math.max(...openTimes) + timeframeMs(timeframe) };
}

function inclusive({ from, to }: OpenTimeRange): OpenTimeRange {
  return { from, to: to - 1 };
}
