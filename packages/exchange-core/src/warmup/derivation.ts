import type { CandleCacheStrategy } from '@livermore/cache';
import { closeTimeOf, isClosed, timeframeMs } from '@livermore/schemas';
import type { Series, SourcedCandle } from '@livermore/schemas';
import { rollUp } from '../ingest/roll-up';
import type { HistorySink } from '../ports';
import type { FillStep } from './lattice-search';
import { openTimesOf } from './ranges';

export type DeriveStep = Extract<FillStep, { fill: 'derive' }>;

export interface DerivationOptions {
  readonly exchangeId: number;
  /** Name of the exchange, as candles carry it. */
  readonly exchangeName: string;
  readonly cache: Pick<CandleCacheStrategy, 'readExchangeCandles'>;
  readonly sink: HistorySink;
}

/** What a derivation did, in bars. The rest of the step could not be made. */
export interface DerivationReport {
  readonly written: number;
}

/**
 * Makes longer bars of the closed shorter ones in the cache. A bar of which a child is missing is not made, not even
 * when the venue says that it has no such child: its history of the shorter bars may begin later, or rows may have been
 * lost on the way, and then what is left is not the bar. The venue is asked for the longer bar itself instead.
 */
export async function deriveSeries(
  symbol: string,
  step: DeriveStep,
  options: DerivationOptions,
): Promise<DerivationReport> {
  const parents = openTimesOf(step.ranges, timeframeMs(step.timeframe));
  const children = await readChildren({ symbol, timeframe: step.from }, step, options);
  const made: SourcedCandle[] = [];
  let at = 0;
  for (const openTime of parents) {
    const closeTime = closeTimeOf(step.timeframe, openTime);
    // Parents and children both ascend: each child is looked at once.
    while ((children[at]?.timestamp ?? closeTime) < openTime) at += 1;
    const first = at;
    while ((children[at]?.timestamp ?? closeTime) < closeTime) at += 1;
    const bar = rollUp(step.timeframe, openTime, children.slice(first, at));
    if (bar !== undefined) made.push(bar);
  }
  const series = { symbol, timeframe: step.timeframe };
  const outcomes = await options.sink.writeHistory(series, made, { cause: 'derivation' });
  return { written: outcomes.filter((outcome) => outcome.written).length };
}

async function readChildren(
  series: Series,
  step: DeriveStep,
  options: DerivationOptions,
): Promise<readonly SourcedCandle[]> {
  const between = { from: step.ranges[0]?.from ?? 0, to: (step.ranges.at(-1)?.to ?? 0) - 1 };
  const stored = await options.cache.readExchangeCandles(options.exchangeId, series, between);
  const bars: SourcedCandle[] = [];
  for (const candle of stored) {
    const { sequenceNum, source = 'rest' } = candle;
    // What does not say where it came from is worth the least.
    const standing = candle.source === undefined ? ({ standing: 'unwitnessed' } as const) : {};
    // A forming bar is never a child.
    if (sequenceNum === undefined || !isClosed(candle)) continue;
    // Completed in place: it was read for this alone, and there are hundreds for each series.
    bars.push(Object.assign(candle, { exchange: options.exchangeName, sequenceNum, source, ...standing }));
  }
  return bars;
}
