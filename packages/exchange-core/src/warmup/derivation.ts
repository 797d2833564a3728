import type { AbsenceStore, CandleCacheStrategy } from '@livermore/cache';
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
  readonly absences: Pick<AbsenceStore, 'read' | 'add'>;
  readonly sink: HistorySink;
  /** Whether a bar whose children the venue does not have is absent there as well: so where deriving is exact. */
  readonly isExact: boolean;
}

/** What a derivation did, in bars. What is in none of these could not be made. */
export interface DerivationReport {
  readonly written: number;
  readonly absent: number;
}

/**
 * Makes longer bars of the closed shorter ones in the cache. A bar of which a child is missing is not made; one of
 * which the venue has no child at all is remembered as absent, since the venue has no such bar either.
 */
export async function deriveSeries(
  symbol: string,
  step: DeriveStep,
  options: DerivationOptions,
): Promise<DerivationReport> {
  const parents = openTimesOf(step.ranges, timeframeMs(step.timeframe));
  const children = await readChildren({ symbol, timeframe: step.from }, step, options);
  const isAbsent = (openTime: number) => children.absent.has(openTime);
  const made: SourcedCandle[] = [];
  const absent: number[] = [];
  let at = 0;
  for (const openTime of parents) {
    const closeTime = closeTimeOf(step.timeframe, openTime);
    // Parents and children both ascend: each child is looked at once.
    while ((children.bars[at]?.timestamp ?? closeTime) < openTime) at += 1;
    const first = at;
    while ((children.bars[at]?.timestamp ?? closeTime) < closeTime) at += 1;
    const bar = rollUp(step.timeframe, openTime, children.bars.slice(first, at), isAbsent);
    if (bar !== undefined) made.push(bar);
    else if (options.isExact && at === first && areAllAbsent(step, openTime, isAbsent)) absent.push(openTime);
  }
  const series = { symbol, timeframe: step.timeframe };
  const outcomes = await options.sink.writeHistory(series, made, { announce: false });
  await options.absences.add(options.exchangeId, series, absent);
  return { written: outcomes.filter((outcome) => outcome.written).length, absent: absent.length };
}

async function readChildren(
  series: Series,
  step: DeriveStep,
  options: DerivationOptions,
): Promise<{ readonly bars: readonly SourcedCandle[]; readonly absent: ReadonlySet<number> }> {
  const between = { from: step.ranges[0]?.from ?? 0, to: (step.ranges.at(-1)?.to ?? 0) - 1 };
  const [stored, absent] = await Promise.all([
    options.cache.readExchangeCandles(options.exchangeId, series, between),
    options.absences.read(options.exchangeId, series, between),
  ]);
  const bars: SourcedCandle[] = [];
  for (const candle of stored) {
    const { sequenceNum, source = 'rest' } = candle;
    // A forming bar is never a child.
    if (sequenceNum === undefined || !isClosed(candle)) continue;
    // Completed in place: it was read for this alone, and there are hundreds for each series.
    bars.push(Object.assign(candle, { exchange: options.exchangeName, sequenceNum, source }));
  }
  return { bars, absent: new Set(absent) };
}

function areAllAbsent(step: DeriveStep, openTime: number, isAbsent: (openTime: number) => boolean): boolean {
  const range = { from: openTime, to: closeTimeOf(step.timeframe, openTime) };
  return openTimesOf([range], timeframeMs(step.from)).every(isAbsent);
}
