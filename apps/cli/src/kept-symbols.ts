import { SymbolStore } from '@livermore/cache';
import { didYouMean } from '@livermore/instance';
import { symbolChoice } from './exchange-choice';
import { UsageError } from './exit-codes';

/** The symbols an exchange keeps live in a Redis, and which of them are asked for. */
export interface KeptSymbols {
  /** Those that are kept, the most active first; empty where nobody ran the exchange here. */
  readonly kept: readonly string[];
  /** Those that are asked for: all that are kept when nobody names any. */
  readonly chosen: readonly string[];
}

/** What `--symbols` asks for, of what is kept live: a list, `all`, or `top:N`. @throws CacheValueError */
export async function readKeptSymbols(
  redis: ConstructorParameters<typeof SymbolStore>[0],
  exchangeId: number,
  symbols: readonly string[] | undefined,
): Promise<KeptSymbols> {
  const kept = await new SymbolStore(redis).read(exchangeId);
  const choice = symbolChoice(symbols ?? ['all']);
  if (choice.kind === 'named') return { kept, chosen: [...new Set(choice.symbols)] };
  return { kept, chosen: choice.kind === 'top' ? kept.slice(0, choice.count) : kept };
}

/** Symbols of which is said what is wrong with each. */
const NAMED_AT_MOST = 5;

/**
 * Symbols that are not kept and of which nothing was found: mistyped, most likely. Where nothing is kept there is nothing
 * to tell them by.
 * @throws UsageError naming each, with the nearest that are kept
 */
export function refuseUnkept(exchange: string, kept: readonly string[], notFound: readonly string[]): void {
  const unkept = kept.length === 0 ? [] : notFound.filter((symbol) => !kept.includes(symbol));
  if (unkept.length === 0) return;
  const sentences = unkept
    .slice(0, NAMED_AT_MOST)
    .map((symbol) => `${symbol} is not kept for ${exchange}${didYouMean(symbol, kept)}`);
  if (unkept.length > NAMED_AT_MOST) sentences.push(`and ${unkept.length - NAMED_AT_MOST} more`);
  throw new UsageError(`${sentences.join('; ')}. livermore coverage ${exchange} shows what is.`);
}
