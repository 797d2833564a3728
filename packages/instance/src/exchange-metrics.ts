import type { BookEntry, WriteTimes } from '@livermore/exchange-core';
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
}
