import { closeAsOf, closeTimeOf, timeframeMs } from '@livermore/schemas';
import type { SourcedCandle } from '@livermore/schemas';
import type { CandlePage, ExchangeProtocol, RestLimits } from '../protocol/protocol';
import type { UnreadableElement } from '../protocol/unreadable';
import type { QuietVerdict } from './quiet-proof';

/**
 * What becomes of the bars an answer does not contain. Pure. A bar is *quiet* (nothing traded, by proof), *absent* (the
 * venue was asked twice, minutes apart, and does not have it), or *unsettled* (ask again).
 *
 * | missing bucket                                          | flat      | omitted                  |
 * |---------------------------------------------------------|-----------|--------------------------|
 * | not closed when the answer was true                     | –         | –                        |
 * | its row could not be read, or may be one that was not   | unsettled | unsettled                |
 * | known to have traded, though not closed                 | unsettled | unsettled                |
 * | proven quiet, and the price before it is known          | –         | quiet: a flat bar        |
 * | closed for less than `confirmMs`                        | unsettled | unsettled                |
 * | the answer shows nothing later and is not all that old  | unsettled | unsettled                |
 * | first asked for less than `ASKED_APART_MS` ago          | unsettled | unsettled                |
 * | else                                                    | absent    | absent                   |
 * | said to be quiet before, and refuted by a longer bar    | –         | absent                   |
 * | known, not served for `WITHDRAWN_APART_MS`, and more    | –         | absent                   |
 * | than a longer bar has room for                          |           |                          |
 *
 * `flat`: the venue serves a row for every bucket. `omitted`: it leaves out buckets without trades.
 */
export interface EvidenceInput {
  /** Name of the exchange, as candles carry it. */
  readonly exchange: string;
  readonly emptyBuckets: ExchangeProtocol['emptyBuckets'];
  readonly limits: Pick<RestLimits, 'confirmMs'>;
  readonly page: CandlePage;
  /** The bars of the answer: ascending, unique, on the grid; one beyond the page may be among them. */
  readonly candles: readonly SourcedCandle[];
  /** Rows that could not be read. */
  readonly unreadable?: UnreadableRows;
  /** Venue time (ms) at which the answer was true at the earliest. */
  readonly answeredAt: number;
  readonly known?: KnownBars;
}

/** Rows of an answer that could not be read, each with its open time (ms) where that can be. */
export type UnreadableRows = readonly Pick<UnreadableElement, 'openTime'>[];

/** What was known before the answer. */
export interface KnownBars {
  /** Close of the bar next before the page; absent where that is not known as closed. */
  readonly priceBefore?: number;
  /** Bars inside the page by open time. Those known as closed need no verdict. */
  readonly inside: ReadonlyMap<number, KnownBar>;
  /** When a bar (open time) was first asked for in vain, ms. */
  readonly askedAt: ReadonlyMap<number, number>;
  /** Bars that are remembered as absent. */
  readonly absent: ReadonlySet<number>;
  readonly quiet: (openTime: number) => QuietVerdict;
  /** Whether a known bar is more than a longer bar around it has room for. */
  readonly isTooMuch: (openTime: number) => boolean;
}

export interface KnownBar {
  readonly close: number;
  readonly volume: number;
  readonly isClosed: boolean;
  /** It was said to be quiet, by proof. */
  readonly isQuiet?: boolean;
}

export interface Evidence {
  /** A flat `no-trades` bar for each bucket that is proven quiet, ascending. */
  readonly quiet: readonly SourcedCandle[];
  /** Open times (ms) of closed bars the venue does not have. */
  readonly absent: readonly number[];
  /** Open times (ms) to ask for again. */
  readonly unsettled: readonly number[];
  /** Of these, the ones the answer would have shown if the venue had them: they count as asked for once. */
  readonly unserved: readonly number[];
  /** Open times (ms) of bars known to be quiet that the answer, which would show a trade, does not contain either. */
  readonly stillQuiet: readonly number[];
  /** Open times (ms) of bars known to be quiet that a longer bar refutes: absent from now on, or asked for again. */
  readonly refuted: readonly number[];
  /** Open times (ms) of bars known to have traded that the answer would show, and a longer bar has no room for. */
  readonly doubtful: readonly number[];
  /** Of bars that were doubtful long ago and are so still: the venue does not have them. They are absent from now on. */
  readonly withdrawn: readonly number[];
}

/** Two answers that lack a bar count as two only when they are so far apart, ms: what was lost may come back. */
export const ASKED_APART_MS = 120_000;
/** And so far apart, ms, where a bar is known that they lack. */
export const WITHDRAWN_APART_MS = 600_000;
/** A page is all old when it ended so long before the answer, ms: that nothing later is in it says nothing then. */
export const ALL_OLD_MS = 600_000;

const NOTHING_KNOWN: KnownBars = {
  inside: new Map(),
  askedAt: new Map(),
  absent: new Set(),
  quiet: () => 'unproven',
  isTooMuch: () => false,
};

/** Open times (ms) of bars that were closed when the answer was true, and are neither in it nor known. Ascending. */
export function missingBuckets(input: EvidenceInput): readonly number[] {
  const { candles, known = NOTHING_KNOWN } = input;
  const served = new Set(candles.map((candle) => candle.timestamp));
  return closedBuckets(input).filter(
    (openTime) => !served.has(openTime) && known.inside.get(openTime)?.isClosed !== true,
  );
}

/** Judges what an answer lacks. */
export function judgeMissing(input: EvidenceInput): Evidence {
  const answer = indexed(input);
  const missing = new Set(missingBuckets(input));
  const before = judgeQuiet(answer);
  const verdicts = { quiet: [] as SourcedCandle[], absent: [] as number[], unsettled: [] as number[] };
  const unserved: number[] = [];
  let price: Price = input.known?.priceBefore;
  for (const openTime of closedBuckets(input)) {
    if (before.refuted.has(openTime)) {
      price = 'lost';
      // Where its row may be one that cannot be read, the venue has it all the same.
      verdicts[answer.mayBeUnreadable(openTime) ? 'unsettled' : 'absent'].push(openTime);
    } else if (!missing.has(openTime)) {
      price = priceAt(openTime, price, answer);
    } else if (input.emptyBuckets === 'omitted' && isPrice(price) && isProven(openTime, answer)) {
      verdicts.quiet.push(flatBar(input, openTime, price));
    } else {
      price = 'lost';
      const isShown = wouldShow(openTime, answer);
      const isAbsent = isShown && wasAskedBefore(openTime, answer);
      verdicts[isAbsent ? 'absent' : 'unsettled'].push(openTime);
      if (isShown && !isAbsent) unserved.push(openTime);
    }
  }
  const { doubtful, withdrawn } = judgeKnown(answer);
  return {
    ...verdicts,
    absent: [...verdicts.absent, ...withdrawn].toSorted((a, b) => a - b),
    unserved,
    stillQuiet: before.stillQuiet,
    refuted: [...before.refuted],
    doubtful,
    withdrawn,
  };
}

/** What the answer says of bars that are known to have traded, by not having them. */
function judgeKnown(answer: Indexed): Pick<Evidence, 'doubtful' | 'withdrawn'> {
  const { known, rows, answeredAt } = answer;
  const lost = closedBuckets(answer).filter((openTime) => {
    const bar = known.inside.get(openTime);
    const isTraded = bar?.isClosed === true && bar.isQuiet !== true && bar.volume > 0;
    return isTraded && !rows.has(openTime) && isServedBy(openTime, answer) && known.isTooMuch(openTime);
  });
  const isLongAgo = (openTime: number) =>
    answeredAt - (known.askedAt.get(openTime) ?? answeredAt) >= WITHDRAWN_APART_MS;
  return {
    doubtful: lost.filter((openTime) => !isLongAgo(openTime)),
    withdrawn: lost.filter((openTime) => isLongAgo(openTime)),
  };
}

/** An answer by open time, and what was known before it. */
interface Indexed extends EvidenceInput {
  readonly known: KnownBars;
  readonly rows: ReadonlyMap<number, SourcedCandle>;
  readonly newest: number;
  readonly mayBeUnreadable: (openTime: number) => boolean;
}

function indexed(input: EvidenceInput): Indexed {
  const { candles, unreadable = [], known = NOTHING_KNOWN } = input;
  const rows = new Map(candles.map((candle) => [candle.timestamp, candle]));
  const newest = candles.at(-1)?.timestamp ?? Number.NEGATIVE_INFINITY;
  return { ...input, known, rows, newest, mayBeUnreadable: unreadableBars(unreadable) };
}

/**
 * Whether the row of a bar (open time, ms) that is not in the answer may be one of those that could not be read: a row
 * without its open time may be that of any.
 */
export function unreadableBars(unreadable: UnreadableRows): (openTime: number) => boolean {
  const openTimes = new Set(unreadable.map(({ openTime }) => openTime));
  const isAny = openTimes.has(undefined);
  return (openTime) => isAny || openTimes.has(openTime);
}

/** What the answer says of bars that were said to be quiet before. */
function judgeQuiet(answer: Indexed): {
  readonly refuted: ReadonlySet<number>;
  readonly stillQuiet: readonly number[];
} {
  const { known, rows } = answer;
  const quiet = closedBuckets(answer).filter(
    (openTime) => known.inside.get(openTime)?.isQuiet === true && !rows.has(openTime),
  );
  const refuted = new Set(quiet.filter((openTime) => known.quiet(openTime) === 'refuted'));
  const isStill = (openTime: number) => !refuted.has(openTime) && wouldShow(openTime, answer);
  return { refuted, stillQuiet: quiet.filter(isStill) };
}

function closedBuckets({ page, answeredAt }: EvidenceInput): readonly number[] {
  const length = timeframeMs(page.timeframe);
  const end = Math.min(page.to, Math.floor(answeredAt / length) * length);
  return Array.from({ length: Math.max(0, (end - page.from) / length) }, (_, at) => page.from + at * length);
}

/**
 * The last price. Undefined: nothing is known before. `lost`: a bar before may have traded and is not there, so that only
 * the next trade tells it: a quiet bar behind it carries what was known once.
 */
type Price = number | 'lost' | undefined;

function isPrice(price: Price): price is number {
  return typeof price === 'number';
}

/** The last price after a bar that is in the answer or known as closed. */
function priceAt(openTime: number, before: Price, { rows, known }: Indexed): Price {
  const row = rows.get(openTime);
  if (row !== undefined) return row.close;
  const bar = known.inside.get(openTime);
  return bar?.isQuiet === true && before === 'lost' ? 'lost' : bar?.close;
}

function isProven(openTime: number, answer: Indexed): boolean {
  if (hasTraded(openTime, answer) || answer.mayBeUnreadable(openTime)) return false;
  const verdict = answer.known.quiet(openTime);
  return verdict !== 'refuted' && verdict !== 'unproven';
}

/** Whether an answer like this would contain the bar if the venue had it, and it is not known to have traded. */
function wouldShow(openTime: number, answer: Indexed): boolean {
  return !hasTraded(openTime, answer) && isServedBy(openTime, answer);
}

/** Whether an answer like this would contain the bar if the venue had it. */
function isServedBy(openTime: number, answer: Indexed): boolean {
  const { page, newest, answeredAt, limits } = answer;
  if (answer.mayBeUnreadable(openTime)) return false;
  if (answeredAt - closeTimeOf(page.timeframe, openTime) < limits.confirmMs) return false;
  return openTime < newest || answeredAt - page.to >= ALL_OLD_MS;
}

function wasAskedBefore(openTime: number, { answeredAt, known }: Indexed): boolean {
  if (known.absent.has(openTime)) return true;
  const askedAt = known.askedAt.get(openTime);
  return askedAt !== undefined && answeredAt - askedAt >= ASKED_APART_MS;
}

function hasTraded(openTime: number, { known }: Indexed): boolean {
  return (known.inside.get(openTime)?.volume ?? 0) > 0;
}

/** The bar of a bucket in which nothing traded. It was true at its close, and anything the venue serves stands above it. */
function flatBar({ page, exchange }: EvidenceInput, openTime: number, price: number): SourcedCandle {
  return {
    timestamp: openTime,
    open: price,
    high: price,
    low: price,
    close: price,
    volume: 0,
    symbol: page.symbol,
    timeframe: page.timeframe,
    exchange,
    sequenceNum: closeAsOf(page.timeframe, openTime),
    source: 'no-trades',
  };
}
