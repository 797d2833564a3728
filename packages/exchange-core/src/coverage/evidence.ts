import { closeAsOf, closeTimeOf, timeframeMs } from '@livermore/schemas';
import type { SourcedCandle } from '@livermore/schemas';
import type { CandlePage, ExchangeProtocol, RestLimits } from '../protocol/protocol';
import type { QuietVerdict } from './quiet-proof';

/**
 * What becomes of the bars an answer does not contain. Pure. A bar is *quiet* (nothing traded, by proof), *absent* (the
 * venue was asked twice, minutes apart, and does not have it), or *unsettled* (ask again).
 *
 * | missing bucket                                          | flat      | omitted                  |
 * |---------------------------------------------------------|-----------|--------------------------|
 * | not closed when the answer was true                     | –         | –                        |
 * | its row could not be read                               | unsettled | unsettled                |
 * | known to have traded, though not closed                 | unsettled | unsettled                |
 * | proven quiet, and the price before it is known          | –         | quiet: a flat bar        |
 * | closed for less than `confirmMs`                        | unsettled | unsettled                |
 * | the answer shows nothing later and is not all that old  | unsettled | unsettled                |
 * | first asked for less than `ASKED_APART_MS` ago          | unsettled | unsettled                |
 * | else                                                    | absent    | absent                   |
 * | said to be quiet before, and refuted by a longer bar    | –         | absent                   |
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
  /** Open times (ms) of rows that could not be read. */
  readonly unreadable?: readonly number[];
  /** Venue time (ms) at which the answer was true at the earliest. */
  readonly answeredAt: number;
  readonly known?: KnownBars;
}

/** What was known before the answer. */
export interface KnownBars {
  /** Close of the newest closed bar before the page, if every bar from it up to the page is known to be quiet or is it. */
  readonly priceBefore?: number;
  /** Bars inside the page by open time. Those known as closed need no verdict. */
  readonly inside: ReadonlyMap<number, KnownBar>;
  /** When a bar (open time) was first asked for in vain, ms. */
  readonly askedAt: ReadonlyMap<number, number>;
  /** Bars that are remembered as absent. */
  readonly absent: ReadonlySet<number>;
  readonly quiet: (openTime: number) => QuietVerdict;
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
  /** Open times (ms) of bars known to be quiet that a longer bar refutes: they are absent from now on. */
  readonly refuted: readonly number[];
}

/** Two answers that lack a bar count as two only when they are so far apart, ms: what was lost may come back. */
export const ASKED_APART_MS = 120_000;
/** A page is all old when it ended so long before the answer, ms: that nothing later is in it says nothing then. */
const ALL_OLD_MS = 600_000;

const NOTHING_KNOWN: KnownBars = {
  inside: new Map(),
  askedAt: new Map(),
  absent: new Set(),
  quiet: () => 'unproven',
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
  const missing = new Set(missingBuckets(input));
  const verdicts = { quiet: [] as SourcedCandle[], absent: [] as number[], unsettled: [] as number[] };
  const unserved: number[] = [];
  let price = input.known?.priceBefore;
  for (const openTime of closedBuckets(input)) {
    if (!missing.has(openTime)) {
      price = closeAt(openTime, input);
      continue;
    }
    const isQuiet = input.emptyBuckets === 'omitted' && price !== undefined && isProven(openTime, input);
    if (isQuiet && price !== undefined) {
      verdicts.quiet.push(flatBar(input, openTime, price));
      continue;
    }
    price = undefined;
    const isShown = wouldShow(openTime, input);
    if (isShown) unserved.push(openTime);
    verdicts[isShown && wasAskedBefore(openTime, input) ? 'absent' : 'unsettled'].push(openTime);
  }
  const before = judgeQuiet(input);
  return {
    ...verdicts,
    ...before,
    absent: [...verdicts.absent, ...before.refuted].toSorted((a, b) => a - b),
    unserved: unserved.filter((openTime) => !verdicts.absent.includes(openTime)),
  };
}

/** What the answer says of bars that were said to be quiet before. */
function judgeQuiet(input: EvidenceInput): Pick<Evidence, 'stillQuiet' | 'refuted'> {
  const { known = NOTHING_KNOWN, candles } = input;
  const served = new Set(candles.map((candle) => candle.timestamp));
  const quiet = closedBuckets(input).filter(
    (openTime) => known.inside.get(openTime)?.isQuiet === true && !served.has(openTime),
  );
  const refuted = quiet.filter((openTime) => known.quiet(openTime) === 'refuted');
  const isStill = (openTime: number) => !refuted.includes(openTime) && wouldShow(openTime, input);
  return { refuted, stillQuiet: quiet.filter(isStill) };
}

function closedBuckets({ page, answeredAt }: EvidenceInput): readonly number[] {
  const length = timeframeMs(page.timeframe);
  const end = Math.min(page.to, Math.floor(answeredAt / length) * length);
  return Array.from({ length: Math.max(0, (end - page.from) / length) }, (_, at) => page.from + at * length);
}

function closeAt(openTime: number, { candles, known = NOTHING_KNOWN }: EvidenceInput): number | undefined {
  const row = candles.find((candle) => candle.timestamp === openTime);
  if (row !== undefined) return row.close;
  const bar = known.inside.get(openTime);
  return bar?.isClosed === true ? bar.close : undefined;
}

function isProven(openTime: number, input: EvidenceInput): boolean {
  const { known = NOTHING_KNOWN } = input;
  if (hasTraded(openTime, input) || isUnreadable(openTime, input)) return false;
  const verdict = known.quiet(openTime);
  return verdict !== 'refuted' && verdict !== 'unproven';
}

/** Whether an answer like this would contain the bar if the venue had it. */
function wouldShow(openTime: number, input: EvidenceInput): boolean {
  const { page, candles, answeredAt, limits } = input;
  if (hasTraded(openTime, input) || isUnreadable(openTime, input)) return false;
  if (answeredAt - closeTimeOf(page.timeframe, openTime) < limits.confirmMs) return false;
  const newest = candles.at(-1)?.timestamp ?? Number.NEGATIVE_INFINITY;
  return openTime < newest || answeredAt - page.to >= ALL_OLD_MS;
}

function wasAskedBefore(openTime: number, { answeredAt, known = NOTHING_KNOWN }: EvidenceInput): boolean {
  if (known.absent.has(openTime)) return true;
  const askedAt = known.askedAt.get(openTime);
  return askedAt !== undefined && answeredAt - askedAt >= ASKED_APART_MS;
}

function hasTraded(openTime: number, { known = NOTHING_KNOWN }: EvidenceInput): boolean {
  return (known.inside.get(openTime)?.volume ?? 0) > 0;
}

function isUnreadable(openTime: number, { unreadable }: EvidenceInput): boolean {
  return unreadable?.includes(openTime) === true;
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
