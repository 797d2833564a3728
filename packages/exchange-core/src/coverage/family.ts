import {
  TIMEFRAMES,
  candleStateOf,
  closeTimeOf,
  isClosed,
  openTimeOf,
  timeframeMs,
} from '@livermore/schemas';
import type { SourcedCandle, Timeframe } from '@livermore/schemas';
import { sumDecimals } from '@livermore/utils';
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
 * Compares longer bars with what their parts come to. A bar that still forms or was made of its parts is not judged; one
 * that lacks some of them only has to have room for the others.
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
  const agrees =
    sum === undefined ? hasRoomFor(parent, inside) : FIELDS.every((field) => sum[field] === parent[field]);
  if (agrees) return undefined;
  return {
    symbol: parent.symbol,
    timeframe: parent.timeframe,
    parts: part.timeframe,
    openTime: parent.timestamp,
    isVenues: [parent, ...inside].every(isSure),
  };
}

/** Whether a bar can hold the parts that are known: they are not all of it, and still no more than it. */
function hasRoomFor(parent: SourcedCandle, inside: readonly SourcedCandle[]): boolean {
  const traded = inside.filter((part) => isClosed(part) && part.volume > 0);
  if (traded.some(({ high, low }) => high > parent.high || low < parent.low)) return false;
  return sumDecimals(traded.map((part) => part.volume)) <= parent.volume;
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
