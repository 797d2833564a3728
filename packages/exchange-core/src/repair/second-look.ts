import { timeframeMs } from '@livermore/schemas';
import type { OpenTimeRange, Series } from '@livermore/schemas';
import { messageOf } from '@livermore/utils';
import type { Clock, Logger } from '@livermore/utils';
import type { PageLoader, PageReport } from '../ports';
import type { CandlePage } from '../protocol/protocol';
import { pagesOf } from '../rest/page-plan';

export interface SecondLookOptions {
  readonly loader: PageLoader;
  readonly candlesPerPage: number;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly logger: Logger;
  /** Distance of two rounds, ms: a verdict is looked at again when it is between one and two rounds old. */
  readonly everyMs?: number;
}

export interface SecondLookFacts {
  /** Series with a verdict that waits for its second look. */
  readonly waiting: number;
  readonly looks: number;
  readonly failures: number;
}

interface Doubt extends OpenTimeRange {
  readonly series: Series;
}

const EVERY_MS = 20 * 60_000;

/**
 * Takes back what was said too early. That a bar is quiet, or that the venue does not have it, rests on what an answer
 * lacks; rows can be lost for minutes and be there again later. So every such verdict is looked at once more, in
 * the spare budget, when whatever went wrong has had time to pass. One range for each series: memory is bounded.
 */
export class SecondLook {
  readonly #options: SecondLookOptions;
  /** Pages of our own: what is still lacking on the second look is believed. */
  readonly #own = new WeakSet<CandlePage>();
  #young = new Map<string, Doubt>();
  #old = new Map<string, Doubt>();
  #looks = 0;
  #failures = 0;

  constructor(options: SecondLookOptions) {
    this.#options = options;
  }

  get facts(): SecondLookFacts {
    const waiting = new Set([...this.#young.keys(), ...this.#old.keys()]).size;
    return { waiting, looks: this.#looks, failures: this.#failures };
  }

  /** Bars of a range (open times, ms) are said to be quiet or absent. */
  note(series: Series, range: OpenTimeRange): void {
    this.#add({ series: { symbol: series.symbol, timeframe: series.timeframe }, ...range });
  }

  /** Takes in what loading a page came to. */
  noteReport({ page, absent, noTrades }: PageReport): void {
    if (this.#own.has(page)) return;
    if (noTrades > 0) this.note(page, page);
    else if (absent.length > 0) {
      const to = Math.max(...absent) + timeframeMs(page.timeframe);
      this.note(page, { from: Math.min(...absent), to });
    }
  }

  /** Looks again and again until the signal is aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, everyMs = EVERY_MS } = this.#options;
    while (!signal.aborted) {
      await clock.sleep(everyMs, signal).catch(() => undefined);
      if (!signal.aborted) await this.round(signal);
    }
  }

  /** Looks at everything that was said before the round before this one. */
  async round(signal: AbortSignal): Promise<void> {
    const due = this.#old;
    this.#old = this.#young;
    this.#young = new Map();
    for (const doubt of due.values()) {
      if (signal.aborted) return;
      await this.#look(doubt, signal);
    }
  }

  async #look(doubt: Doubt, signal: AbortSignal): Promise<void> {
    const { loader, candlesPerPage, logger } = this.#options;
    try {
      for (const page of pagesOf(doubt.series, doubt, candlesPerPage)) {
        this.#own.add(page);
        this.#looks += 1;
        await loader.load(page, { lane: 'audit', signal, announce: true });
      }
    } catch (error) {
      if (signal.aborted) return;
      this.#failures += 1;
      logger.warn({ event: 'second_look_failed', ...doubt.series, error: messageOf(error) });
      this.#add(doubt);
    }
  }

  #add(doubt: Doubt): void {
    const key = `${doubt.series.symbol} ${doubt.series.timeframe}`;
    const known = this.#young.get(key) ?? doubt;
    const from = Math.min(known.from, doubt.from);
    const to = Math.max(known.to, doubt.to);
    this.#young.set(key, { series: doubt.series, from, to });
  }
}
