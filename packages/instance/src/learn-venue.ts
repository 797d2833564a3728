import type { ExchangeSymbol } from '@livermore/schemas';
import type { Clock, Logger } from '@livermore/utils';
import { chooseSymbols } from './choose-symbols';
import type { SymbolChoice } from './choose-symbols';
import type { History } from './history';
import type { Life } from './life';
import { untilAnswered } from './until-answered';

export interface LearnVenueOptions {
  readonly rest: History['rest'];
  readonly choice: SymbolChoice;
  /** Says which symbols are kept, for others to read. */
  readonly save: (symbols: readonly ExchangeSymbol[]) => Promise<void>;
  readonly life: Life;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * The venue's clock and listing come first: they decide what is closed and what there is. Who does not answer is asked
 * again until it is all over.
 * @returns the symbols that are kept
 * @throws UnknownSymbolError, or the reason of the end
 */
export async function learnVenue(options: LearnVenueOptions): Promise<readonly ExchangeSymbol[]> {
  const { rest, choice, save, life, clock, logger } = options;
  const { signal } = life;
  const still = <T>(what: string, ask: () => Promise<T>) =>
    life.still(() => untilAnswered(ask, { what, signal, clock, logger }));
  await still('venue_time', () => rest.sync.measure(signal));
  void rest.sync.run(signal);
  const listing = await still('venue_listing', () => rest.source.fetchListing({ lane: 'repair', signal }));
  const symbols = chooseSymbols(listing.symbols, choice);
  // A Redis that takes nothing now may take it later.
  await still('symbol_store', () => save(symbols));
  return symbols;
}
