import type { WriteOutcome } from '@livermore/cache';
import { settlementOf } from '@livermore/exchange-core';
import type { BoundaryKeeper, CandleBook, HoleLedger, PageReport } from '@livermore/exchange-core';
import type { SourcedCandle } from '@livermore/schemas';
import type { ExchangeMetrics } from './exchange-metrics';
import type { History } from './history';
import type { Verification } from './verification';

export interface BarNewsOptions {
  readonly book: Pick<CandleBook, 'remember'>;
  readonly keeper: Pick<BoundaryKeeper, 'lacked' | 'settled'>;
  readonly verification: Pick<Verification, 'note' | 'noteRetracted'>;
  readonly ledger: Pick<HoleLedger, 'absent' | 'closed' | 'lacked' | 'lost'>;
  readonly metrics: Pick<ExchangeMetrics, 'closed' | 'count' | 'restLag'>;
  readonly history: Pick<History, 'protocol' | 'rest'>;
}

/** Tells every part of an exchange what became of a bar, whoever brought it. */
export class BarNews {
  readonly #options: BarNewsOptions;

  constructor(options: BarNewsOptions) {
    this.#options = options;
  }

  /** A bar is in the cache as closed. `liveSince`: since when the feed is live, ms by the venue's clock. */
  closed(candle: SourcedCandle, outcome: WriteOutcome, liveSince: number | undefined): void {
    const { book, keeper, verification, ledger, metrics, history } = this.#options;
    if (outcome.written) book.remember([candle]);
    keeper.settled(candle, candle.timestamp, settlementOf(candle));
    verification.note(candle, outcome);
    const now = history.rest.time.now();
    ledger.closed(candle, candle.timestamp, now);
    if (outcome.written) metrics.closed(candle, outcome, { now, liveSince });
  }

  /** A bar was taken back: it is in the cache no more. */
  retracted(bar: SourcedCandle): void {
    const { verification, ledger, history } = this.#options;
    verification.noteRetracted(bar);
    ledger.lost(bar, bar.timestamp, history.rest.time.now());
  }

  /** A page of history has come. */
  reported(report: PageReport): void {
    const { keeper, ledger, metrics, history } = this.#options;
    const { page, corrected, absent, unsettled, answeredAt } = report;
    if (corrected > 0) {
      metrics.count('livermore_corrections_total', { timeframe: page.timeframe }, corrected);
    }
    for (const openTime of absent) {
      keeper.settled(page, openTime, 'quiet');
      ledger.absent(page, openTime, answeredAt);
    }
    for (const openTime of unsettled) keeper.lacked(page, openTime);
    ledger.lacked(page, unsettled, report);
    if (history.protocol.emptyBuckets === 'flat') metrics.restLag(report);
  }
}
