import { didYouMean } from '@livermore/instance';
import { TIMEFRAMES, openTimeOf, timeframeMs } from '@livermore/schemas';
import type { OpenTimeRange, Series, Timeframe } from '@livermore/schemas';
import type { BarValues } from './bar-values';
import { differingFields } from './bar-values';
import type { TrueBar } from './compare';
import { NotReplayableError } from './recording/errors';
import { foldRecorded, recordedValues } from './recording/fold';
import { readFolder, recordedSymbols } from './recording/read-folder';
import { recordedWithin } from './recording/recorded-series';
import type { RecordedSeries } from './recording/recorded-series';
import { layStretches, partsOf } from './recording/stretches';
import type { Stretch } from './recording/stretches';

export { NotReplayableError } from './recording/errors';

/** Recorded symbols named where one that is asked for is not among them. */
const NAMED_AT_MOST = 10;

/** Another native recording of a bar, and what that says. */
export interface Reading extends BarValues {
  readonly openTime: number;
  /** Which: a shorter timeframe whose bars it is the sum of, or a second file of the same one. */
  readonly of: string;
}

/** A recorded bar that another native recording contradicts. */
export interface RevisedBar extends Series {
  readonly openTime: number;
  /** Which recording that is: see `Reading`. */
  readonly parts: string;
  readonly volume: number;
  readonly partsVolume: number;
  /** What the other recording says. */
  readonly fromParts: BarValues;
}

/** Recorded candles as their files have them: what a replay is judged by. */
export class Recording {
  readonly symbols: readonly string[];
  /** Timeframes that every symbol can be told in: recorded, or made of shorter recorded ones. */
  readonly timeframes: readonly Timeframe[];
  /** The time (ms) of which the finest candles are known, for every symbol. */
  readonly span: OpenTimeRange;
  readonly #series: ReadonlyMap<string, readonly RecordedSeries[]>;
  readonly #stretches: ReadonlyMap<string, readonly Stretch[]>;

  /** @throws NotReplayableError when nothing of it can be told in a timeframe we keep */
  constructor(recorded: readonly RecordedSeries[]) {
    this.symbols = [...new Set(recorded.filter(isFirst).map((series) => series.symbol))];
    this.#series = new Map(
      this.symbols.map((symbol) => [symbol, recorded.filter((series) => series.symbol === symbol)]),
    );
    this.#stretches = new Map(
      [...this.#series].map(([symbol, series]) => [symbol, layStretches(series.filter(isFirst))]),
    );
    const isTold = (timeframe: Timeframe) => this.symbols.every((symbol) => this.#canTell(symbol, timeframe));
    this.timeframes = this.symbols.length === 0 ? [] : TIMEFRAMES.filter(isTold);
    const [finest] = this.timeframes;
    if (finest === undefined) {
      throw new NotReplayableError(
        `the recording has no candles from which ${TIMEFRAMES.join(', ')} could be served: it needs files named <SYMBOL>-<timeframe>.csv or .csv.gz`,
      );
    }
    const spans = this.symbols.map((symbol) => this.#finest(symbol));
    this.span = {
      from: openTimeOf(finest, Math.max(...spans.map((span) => span.from))),
      to: openTimeOf(finest, Math.min(...spans.map((span) => span.to))),
    };
    if (this.span.from >= this.span.to) {
      throw new NotReplayableError('the symbols of the recording have no time in common');
    }
  }

  /** @throws NotReplayableError naming the file and line that cannot be read, or symbols that are in no file */
  static async read(folder: string, symbols?: readonly string[]): Promise<Recording> {
    const recorded = await readFolder(folder, symbols);
    const unknown = symbols?.find((symbol) => !recorded.some((series) => series.symbol === symbol));
    if (unknown === undefined) return new Recording(recorded);
    const held = await recordedSymbols(folder);
    throw new NotReplayableError(
      `${unknown} is not recorded in "${folder}"${didYouMean(unknown, held)}; it holds ${held.slice(0, NAMED_AT_MOST).join(', ')}${held.length > NAMED_AT_MOST ? ', …' : ''}`,
      { folder, symbol: unknown },
    );
  }

  /** Whether a venue serves no row for a bucket without trades: those whose symbols are spelled with a dash. */
  omitsQuiet({ symbol }: Series): boolean {
    return symbol.includes('-');
  }

  /**
   * What the venue had of a series that opened in a range, ascending: as recorded in its own timeframe, else what the
   * shorter recorded bars come to.
   */
  bars(series: Series, { from, to }: OpenTimeRange): readonly TrueBar[] {
    const step = timeframeMs(series.timeframe);
    const bars: TrueBar[] = [];
    for (let openTime = Math.ceil(from / step) * step; openTime < to; openTime += step) {
      const bar = this.#bar(series, openTime);
      if (bar !== undefined) bars.push(bar);
    }
    return bars;
  }

  /** The close of the last bar before an open time; undefined where the recording begins there. */
  closeBefore(series: Series, openTime: number): number | undefined {
    const step = timeframeMs(series.timeframe);
    const from = Math.min(...this.#of(series.symbol).map((each) => each.from));
    for (let at = openTime - step; at >= from; at -= step) {
      const bar = this.#bar(series, at);
      if (bar !== undefined) return bar.close;
    }
    return undefined;
  }

  /** Where native recordings contradict what `bars` says: what each other one says of the same bar, longest parts first. */
  readings(series: Series, range: OpenTimeRange): readonly Reading[] {
    const step = timeframeMs(series.timeframe);
    const others = this.#of(series.symbol)
      .filter((each) => each.stepMs <= step && step % each.stepMs === 0)
      .toSorted((a, b) => b.stepMs - a.stepMs);
    return this.bars(series, range).flatMap((bar) =>
      others.flatMap((other) => {
        const reading = readingOf(other, bar.openTime, step);
        return reading === undefined || differingFields(reading, bar).length === 0 ? [] : [reading];
      }),
    );
  }

  /** Recorded bars that another native recording contradicts: the venue revised one of the two. */
  revised(): readonly RevisedBar[] {
    return this.symbols.flatMap((symbol) =>
      this.timeframes.flatMap((timeframe) => {
        const own = this.#of(symbol).find((each) => isFirst(each) && each.stepMs === timeframeMs(timeframe));
        if (own === undefined) return [];
        const readings = this.readings({ symbol, timeframe }, own);
        const first = readings.filter((each, at) => each.openTime !== readings[at - 1]?.openTime);
        return first.map(({ openTime, of, ...fromParts }) => ({
          symbol,
          timeframe,
          openTime,
          parts: of,
          volume: Number(own.bars.get(openTime)?.volume),
          partsVolume: fromParts.volume,
          fromParts,
        }));
      }),
    );
  }

  #bar(series: Series, openTime: number): TrueBar | undefined {
    const step = timeframeMs(series.timeframe);
    const own = this.#of(series.symbol).find((each) => isFirst(each) && each.stepMs === step);
    const recorded = own?.bars.get(openTime);
    const isWithin = own !== undefined && openTime > own.from && openTime < own.to;
    const parts = isWithin ? [] : partsOf(this.#stretchesOf(series.symbol), openTime, openTime + step);
    const values = recorded === undefined ? foldRecorded(parts ?? []) : recordedValues(recorded);
    if (values === undefined || (values.volume === 0 && this.omitsQuiet(series))) return undefined;
    return { openTime, ...values, isNative: recorded !== undefined };
  }

  #of(symbol: string): readonly RecordedSeries[] {
    return this.#series.get(symbol) ?? [];
  }

  #stretchesOf(symbol: string): readonly Stretch[] {
    return this.#stretches.get(symbol) ?? [];
  }

  #canTell(symbol: string, timeframe: Timeframe): boolean {
    const step = timeframeMs(timeframe);
    return this.#of(symbol).some((each) => each.stepMs === step) || step % this.#finest(symbol).stepMs === 0;
  }

  /** The finest candles decide what can be lived through. */
  #finest(symbol: string): RecordedSeries {
    const [finest] = this.#of(symbol)
      .filter(isFirst)
      .toSorted((a, b) => a.stepMs - b.stepMs);
    if (finest === undefined) throw new NotReplayableError(`nothing is recorded of ${symbol}`);
    return finest;
  }
}

function isFirst(series: RecordedSeries): boolean {
  return series.source === '';
}

/** What a recording says of the bar of [openTime, openTime + step), where it covers all of it. */
function readingOf(recorded: RecordedSeries, openTime: number, step: number): Reading | undefined {
  if (openTime < recorded.from || openTime + step > recorded.to) return undefined;
  const values = foldRecorded(recordedWithin(recorded, openTime, openTime + step));
  const { interval, source } = recorded;
  const of = source === '' ? interval : `${interval} of the recording "${source}"`;
  return values === undefined ? undefined : { openTime, ...values, of };
}
