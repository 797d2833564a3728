import {
  TIMEFRAMES,
  candleStateOf,
  closeTimeOf,
  isClosed,
  openTimeOf,
  timeframeMs,
} from '@livermore/schemas';
import type { SourcedCandle, Timeframe } from '@livermore/schemas';
import { rollUp } from '../ingest/roll-up';

/**
 * Whether a bar and its parts say the same. Pure. The venue tells each of them on its own, so that a bar that is wrong
 * contradicts its parts or its parent: they check each other without a request.
 */
export interface Contradiction {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly parts: Timeframe;
  /** Open time of the longer bar, ms. */
  readonly openTime: number;
  /** Every bar of it is settled: the venue disagrees with itself, and no reading will change that. */
  readonly isVenues: boolean;
}

const FIELDS = ['open', 'high', 'low', 'close', 'volume'] as const;

/**
 * Compares longer bars with what their parts come to. A bar that still forms, was made of its parts, or lacks one of them
 * is not judged.
 * @param parents and `parts`: bars of one symbol, ascending
 */
export function contradictionsIn(
  parents: readonly SourcedCandle[],
  parts: readonly SourcedCandle[],
): readonly Contradiction[] {
  const found: Contradiction[] = [];
  let first = 0;
  for (const parent of parents) {
    const end = closeTimeOf(parent.timeframe, parent.timestamp);
    while ((parts[first]?.timestamp ?? end) < parent.timestamp) first += 1;
    let last = first;
    while ((parts[last]?.timestamp ?? end) < end) last += 1;
    const inside = parts.slice(first, last);
    const contradiction = contradictionOf(parent, inside);
    if (contradiction !== undefined) found.push(contradiction);
  }
  return found;
}

function contradictionOf(parent: SourcedCandle, inside: readonly SourcedCandle[]): Contradiction | undefined {
  const [part] = inside;
  if (part === undefined || !isClosed(parent) || isMade(parent)) return undefined;
  const sum = rollUp(parent.timeframe, parent.timestamp, inside);
  if (sum === undefined || FIELDS.every((field) => sum[field] === parent[field])) return undefined;
  return {
    symbol: parent.symbol,
    timeframe: parent.timeframe,
    parts: part.timeframe,
    openTime: parent.timestamp,
    isVenues: [parent, ...inside].every(isSure),
  };
}

function isMade({ source }: SourcedCandle): boolean {
  return source === 'derived' || source === 'stand-in';
}

/** That nothing traded is sure only once a later reading said so as well: until then it may be what is wrong. */
function isSure(candle: SourcedCandle): boolean {
  return candleStateOf(candle) === 'settled' || candleStateOf(candle) === 'final';
}

/** The next shorter of the kept timeframes; undefined for the shortest. */
export function partsOf(timeframe: Timeframe, kept: readonly Timeframe[]): Timeframe | undefined {
  return TIMEFRAMES.filter((each) => kept.includes(each)).findLast(
    (each) => timeframeMs(each) < timeframeMs(timeframe),
  );
}

/** The next longer of the kept timeframes and the open time of its bar around `openTime`; undefined for the longest. */
export function parentOf(
  timeframe: Timeframe,
  openTime: number,
  kept: readonly Timeframe[],
): { readonly timeframe: Timeframe; readonly openTime: number } | undefined {
  const parent = TIMEFRAMES.find((each) => kept.includes(each) && timeframeMs(each) > timeframeMs(timeframe));
  return parent === undefined ? undefined : { timeframe: parent, openTime: openTimeOf(parent, openTime) };
}
