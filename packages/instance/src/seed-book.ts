import { asSourced } from '@livermore/exchange-core';
import type { CandleBook } from '@livermore/exchange-core';
import { openTimeOf } from '@livermore/schemas';
import type { Exchange } from '@livermore/schemas';
import type { History } from './history';

/** Tells the book the closed children of every longer bar in progress, so that it can be rolled up when it closes. */
export async function seedBook(
  book: Pick<CandleBook, 'remember'>,
  exchange: Exchange,
  history: Pick<History, 'protocol' | 'rest' | 'cache'>,
  symbols: readonly string[],
): Promise<void> {
  const { rolledUp, streamed } = history.protocol.timeframes;
  const now = history.rest.time.now();
  const reads = symbols.flatMap((symbol) =>
    rolledUp.map(async (parent, at) => {
      const timeframe = at === 0 ? streamed[0] : rolledUp[at - 1];
      if (timeframe === undefined) return;
      const query = { from: openTimeOf(parent, now) };
      const stored = await history.cache.readExchangeCandles(exchange.id, { symbol, timeframe }, query);
      book.remember(stored.flatMap((candle) => asSourced(candle, exchange.name) ?? []));
    }),
  );
  await Promise.all(reads);
}
