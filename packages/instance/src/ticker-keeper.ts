import type { TickerCacheStrategy } from '@livermore/cache';
import type { Ticker } from '@livermore/schemas';
import { messageOf } from '@livermore/utils';
import type { Logger } from '@livermore/utils';

/**
 * Keeps the newest ticker of each symbol. While one is being written the newer ones of its symbol replace each other, so
 * at most two wait per symbol, however long Redis is away.
 */
export class TickerKeeper {
  readonly #exchangeId: number;
  readonly #cache: Pick<TickerCacheStrategy, 'setTicker'>;
  readonly #logger: Logger;
  readonly #writing = new Set<string>();
  readonly #newest = new Map<string, Ticker>();

  constructor(exchangeId: number, cache: Pick<TickerCacheStrategy, 'setTicker'>, logger: Logger) {
    this.#exchangeId = exchangeId;
    this.#cache = cache;
    this.#logger = logger;
  }

  take(ticker: Ticker): void {
    if (this.#writing.has(ticker.symbol)) this.#newest.set(ticker.symbol, ticker);
    else void this.#write(ticker);
  }

  /** Writes until there is nothing newer. A ticker that cannot be kept is not tried again: the next one is better. */
  async #write(first: Ticker): Promise<void> {
    const { symbol } = first;
    this.#writing.add(symbol);
    for (let next: Ticker | undefined = first; next !== undefined; next = this.#next(symbol)) {
      try {
        await this.#cache.setTicker(this.#exchangeId, next);
      } catch (error) {
        this.#logger.debug({ event: 'ticker_not_kept', symbol, error: messageOf(error) });
      }
    }
    this.#writing.delete(symbol);
  }

  #next(symbol: string): Ticker | undefined {
    const ticker = this.#newest.get(symbol);
    this.#newest.delete(symbol);
    return ticker;
  }
}
