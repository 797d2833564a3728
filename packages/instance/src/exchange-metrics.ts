import type { WriteOutcome } from '@livermore/cache';
import { kindOfField } from '@livermore/exchange-core';
import type { BookEntry, PageReport, WriteTimes } from '@livermore/exchange-core';
import { closeTimeOf, openTimeOf, timeframeMs } from '@livermore/schemas';
import type { SourcedCandle } from '@livermore/schemas';
import type { NodeMetrics } from './metrics';

/** The metrics of a node, as one exchange feeds them; says nothing where nobody measures. */
export class ExchangeMetrics {
  readonly #exchange: string;
  readonly #metrics: NodeMetrics | undefined;

  constructor(exchange: string, metrics: NodeMetrics | undefined) {
    this.#exchange = exchange;
    this.#metrics = metrics;
  }

  count(
    name: Parameters<NodeMetrics['count']>[0],
    labels: Readonly<Record<string, string>> = {},
    by = 1,
  ): void {
    this.#metrics?.count(name, { exchange: this.#exchange, ...labels }, by);
  }

  /** Something of the venue could not be read. Places in lists are no part of the label: there are too many. */
  unreadable(field: string): void {
    this.count('livermore_decode_errors_total', { field: kindOfField(field) });
  }

  /** A live candle was taken by Redis; a close counts when it was news. */
  written({ kind, candle }: BookEntry, took: WriteTimes): void {
    const labels = { exchange: this.#exchange };
    this.#metrics?.observeMs('livermore_write_seconds', labels, took.writeMs);
    if (kind === 'update') {
      this.count('livermore_updates_total');
      return;
    }
    if (!took.isAnnounced) return;
    const { timeframe, source } = candle;
    this.#metrics?.observeMs('livermore_frame_to_close_seconds', labels, took.sinceFrameMs);
    this.count('livermore_closes_total', { timeframe, source });
  }

  /**
   * A closed bar was written: how old it was when it changed or became settled, and whether what was first said of it was
   * right. Its as-of does not tell when: what has no witness is as of its close. `now` and `liveSince`, when the exchange
   * began to hear the venue, are ms of its clock; the latter is undefined while it does not.
   */
  closed(
    candle: SourcedCandle,
    outcome: WriteOutcome,
    { now, liveSince }: { readonly now: number; readonly liveSince: number | undefined },
  ): void {
    const labels = { exchange: this.#exchange, timeframe: candle.timeframe };
    const closedAt = closeTimeOf(candle.timeframe, candle.timestamp);
    const ageMs = Math.max(0, now - closedAt);
    if (outcome.wasClosed && outcome.changed) {
      this.#metrics?.observeMs('livermore_change_age_seconds', labels, ageMs);
    }
    if (outcome.settled && liveSince !== undefined && closedAt >= liveSince) {
      this.#metrics?.observeMs('livermore_settled_after_seconds', labels, ageMs);
      this.count('livermore_first_values_total', {
        timeframe: candle.timeframe,
        verdict: outcome.corrected ? 'wrong' : 'right',
      });
    }
  }

  /** How far REST was behind, where it serves a row for every bar and did not serve the newest one asked for. */
  restLag({ page, answeredAt, newestAsked, newestRow }: PageReport): void {
    const step = timeframeMs(page.timeframe);
    const newest = Math.min(newestAsked, openTimeOf(page.timeframe, answeredAt));
    const lagMs = newestRow === undefined || newestRow >= newest ? 0 : answeredAt - (newestRow + step);
    const labels = { exchange: this.#exchange };
    if (newestRow !== undefined) this.#metrics?.observeMs('livermore_rest_lag_seconds', labels, lagMs);
  }
}
