import type { AbsenceStore } from '@livermore/cache';
import { closeTimeOf, openTimeOf, timeframeMs } from '@livermore/schemas';
import type { OpenTimeRange, Series, SourcedCandle, Timeframe } from '@livermore/schemas';
import type { Clock } from '@livermore/utils';
import { restAsOf } from '../as-of';
import type { HistorySink, PageLoader, PageReport, SendOptions } from '../ports';
import type { CandlePage } from '../protocol/protocol';
import { reportWith } from './reports';

const MINUTE_MS = 60_000;

export interface ImaginaryHistoryOptions {
  readonly exchangeId: number;
  readonly now: () => number;
  readonly sink: HistorySink;
  readonly absences: Pick<AbsenceStore, 'add'>;
  /** How long a page takes, on which clock. */
  readonly latency?: { readonly clock: Clock; readonly ms: number };
  /** First minute (ms) of a symbol that was not always listed. */
  readonly listedSince?: Readonly<Record<string, number>>;
  /** Open time (ms) of the first bar served of a timeframe whose history begins later than that of longer ones. */
  readonly keptSince?: Readonly<Partial<Record<Timeframe, number>>>;
  /** Minutes nobody could trade. */
  readonly outage?: OpenTimeRange;
  /** Called before each answer: throws to fail it, changes anything else at will. */
  readonly interfere?: (page: CandlePage, request: number) => void | Promise<void>;
}

/**
 * The history of a venue whose bars are known by a formula: the price rises with every minute, so that each
 * bar of each timeframe can be told without the others, and a derived one must equal it.
 */
export class ImaginaryHistory implements PageLoader {
  readonly pages: CandlePage[] = [];
  readonly #options: ImaginaryHistoryOptions;
  inFlight = 0;
  mostInFlight = 0;

  constructor(options: ImaginaryHistoryOptions) {
    this.#options = options;
  }

  async load(page: CandlePage, options: SendOptions): Promise<PageReport> {
    const { interfere, latency, sink, absences, exchangeId } = this.#options;
    options.signal.throwIfAborted();
    this.pages.push(page);
    this.inFlight += 1;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    try {
      if (latency !== undefined) await latency.clock.sleep(latency.ms, options.signal);
      await interfere?.(page, this.pages.length);
      options.signal.throwIfAborted();
      const bars = this.bars(page, page);
      const outcomes = await sink.writeHistory(page, bars, { cause: 'imaginary' });
      const served = new Set(bars.map((bar) => bar.timestamp));
      const absent = this.#closedTimes(page, page).filter((at) => !served.has(at));
      await absences.add(exchangeId, page, absent);
      const written = outcomes.filter((outcome) => outcome.written);
      const corrected = written.filter((outcome) => outcome.wasClosed && outcome.changed).length;
      const rows = bars.length;
      return reportWith(page, {
        answeredAt: this.#options.now(),
        rows,
        written: written.length,
        corrected,
        absent,
      });
    } finally {
      this.inFlight -= 1;
    }
  }

  /** The closed bars of a series, as the venue itself would serve them. */
  bars(series: Series, range: OpenTimeRange): SourcedCandle[] {
    return this.#closedTimes(series, range).flatMap((at) => this.#bar(series, at) ?? []);
  }

  #closedTimes({ timeframe }: Series, { from, to }: OpenTimeRange): number[] {
    const end = Math.min(to, openTimeOf(timeframe, this.#options.now()));
    const step = timeframeMs(timeframe);
    return Array.from({ length: Math.max(0, (end - from) / step) }, (_, at) => from + at * step);
  }

  #bar({ symbol, timeframe }: Series, openTime: number): SourcedCandle | undefined {
    const { listedSince, keptSince, outage = { from: 0, to: 0 }, now } = this.#options;
    if (openTime < (keptSince?.[timeframe] ?? 0)) return undefined;
    const from = Math.max(openTime, listedSince?.[symbol] ?? 0);
    const to = closeTimeOf(timeframe, openTime);
    const first = from >= outage.from && from < outage.to ? outage.to : from;
    const last = to > outage.from && to <= outage.to ? outage.from : to;
    const lost = Math.max(0, Math.min(last, outage.to) - Math.max(first, outage.from));
    const minutes = (last - first - lost) / MINUTE_MS;
    if (minutes <= 0) return undefined;
    const [open, close] = [priceAt(symbol, first), priceAt(symbol, last)];
    return {
      symbol,
      timeframe,
      timestamp: openTime,
      open,
      high: close,
      low: open,
      close,
      volume: minutes,
      exchange: 'imaginary',
      source: 'rest',
      sequenceNum: restAsOf(timeframe, openTime, now()),
    };
  }
}

/** Rises by one a minute; each symbol has a level of its own. */
function priceAt(symbol: string, at: number): number {
  return at / MINUTE_MS - 20_000_000 + symbol.length;
}
