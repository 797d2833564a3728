import { BlockedError } from '@livermore/exchange-core';
import type { ExchangeSymbol } from '@livermore/schemas';
import type { Clock, Logger } from '@livermore/utils';
import { chooseSymbols } from './choose-symbols';
import type { SymbolChoice } from './choose-symbols';
import type { History } from './history';
import type { Life } from './life';
import { untilAnswered } from './until-answered';
import type { InVain } from './until-answered';

export interface LearnVenueOptions {
  readonly rest: History['rest'];
  readonly choice: SymbolChoice;
  /** Says which symbols are kept, for others to read. */
  readonly save: (symbols: readonly ExchangeSymbol[]) => Promise<void>;
  readonly life: Life;
  /** Hears of what is asked for in vain, and of nothing when it has been answered. */
  readonly onInVain: (inVain: InVain | undefined) => void;
  /** Whether a venue that refuses this location at the first request is not asked again. */
  readonly endsIfBlocked: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * The venue's clock and listing come first: they decide what is closed and what there is. Who does not answer is asked
 * again until it is all over.
 * @returns the symbols that are kept
 * @throws UnknownSymbolError, BlockedError where that ends it, or the reason of the end
 */
export async function learnVenue(options: LearnVenueOptions): Promise<readonly ExchangeSymbol[]> {
  const { rest, choice, save, life, clock, logger, onInVain, endsIfBlocked } = options;
  const { signal } = life;
  let wasAnswered = false;
  const isFinal = (error: unknown) => endsIfBlocked && !wasAnswered && error instanceof BlockedError;
  const still = async <T>(what: string, ask: () => Promise<T>) => {
    const patient = { what, signal, clock, logger, onInVain, isFinal };
    const answer = await life.still(() => untilAnswered(ask, patient));
    wasAnswered = true;
    return answer;
  };
  await still('venue_time', () => rest.sync.measure(signal));
  void rest.sync.run(signal);
  const listing = await still('venue_listing', () => rest.source.fetchListing({ lane: 'repair', signal }));
  const symbols = chooseSymbols(listing.symbols, choice);
  // A Redis that takes nothing now may take it later.
  await still('symbol_store', () => save(symbols));
  return symbols;
}
