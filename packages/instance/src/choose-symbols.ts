import { UnknownSymbolError } from '@livermore/exchange-core';
import type { ExchangeSymbol } from '@livermore/schemas';
import { didYouMean } from './nearest-symbols';

/** Which symbols an exchange should run: named ones, the most active so many, or all that trade. */
export type SymbolChoice =
  | { readonly kind: 'named'; readonly symbols: readonly string[] }
  | { readonly kind: 'top'; readonly count: number }
  | { readonly kind: 'all' };

/** Quotes that are worth a dollar: what is traded in them can be compared. */
const DOLLAR_QUOTES = ['USDT', 'USD', 'USDC', 'FDUSD'];
/** Where nobody tells volumes, markets of these rank first, in this order. */
const MAJOR_BASES = ['BTC', 'ETH', 'SOL', 'XRP', 'BNB', 'DOGE', 'ADA', 'AVAX', 'LINK', 'LTC', 'DOT', 'BCH'];

/**
 * Resolves a choice against what the venue lists. Named symbols keep their order, doubles are dropped; others come the most
 * active first.
 * @throws UnknownSymbolError naming each symbol that is not listed or not tradable, with the nearest that are
 */
export function chooseSymbols(
  listed: readonly ExchangeSymbol[],
  choice: SymbolChoice,
): readonly ExchangeSymbol[] {
  const tradable = listed.filter((each) => each.isTradable);
  if (choice.kind !== 'named') {
    return mostActiveFirst(tradable).slice(0, choice.kind === 'top' ? choice.count : Infinity);
  }
  const known = new Map(tradable.map((each) => [each.symbol, each]));
  const wanted = [...new Set(choice.symbols)];
  const unknown = wanted.filter((symbol) => !known.has(symbol));
  if (unknown.length > 0) throw unknownSymbols(unknown, tradable, new Set(listed.map((each) => each.symbol)));
  return wanted.flatMap((symbol) => known.get(symbol) ?? []);
}

/** Symbols with a book of their own, the most active first. */
export function busiestFirst(symbols: readonly ExchangeSymbol[]): readonly string[] {
  return mostActiveFirst(symbols.filter((each) => each.streamedAs === undefined)).map((each) => each.symbol);
}

/**
 * Symbols by what was traded of them in 24 hours: first those quoted in dollars and what is worth one, by their quote
 * volume; then the others, quote by quote. Where the venue tells no volume at all, by the best known bases.
 */
export function mostActiveFirst(symbols: readonly ExchangeSymbol[]): readonly ExchangeSymbol[] {
  const isTold = symbols.some(({ quoteVolume24h = 0 }) => quoteVolume24h > 0);
  return symbols.toSorted((a, b) => byBook(a, b) || (isTold ? byVolume(a, b) : 0) || byName(a, b));
}

/** An alias shares its book with the symbol it is streamed as: it would only repeat it. */
function byBook(a: ExchangeSymbol, b: ExchangeSymbol): number {
  return Number(a.streamedAs !== undefined) - Number(b.streamedAs !== undefined);
}

/** Volumes in one quote are compared, and in any dollar; those in different other quotes cannot be. */
function byVolume(a: ExchangeSymbol, b: ExchangeSymbol): number {
  const [quoteA, quoteB] = [comparedIn(a.quote), comparedIn(b.quote)];
  const group = Number(quoteA !== DOLLAR) - Number(quoteB !== DOLLAR);
  if (group !== 0 || quoteA !== quoteB) {
    return group || rank(MAJOR_BASES, quoteA) - rank(MAJOR_BASES, quoteB) || (quoteA < quoteB ? -1 : 1);
  }
  return (b.quoteVolume24h ?? 0) - (a.quoteVolume24h ?? 0);
}

const DOLLAR = 'a dollar';

function comparedIn(quote: string): string {
  return DOLLAR_QUOTES.includes(quote) ? DOLLAR : quote;
}

function byName(a: ExchangeSymbol, b: ExchangeSymbol): number {
  return (
    rank(DOLLAR_QUOTES, a.quote) - rank(DOLLAR_QUOTES, b.quote) ||
    rank(MAJOR_BASES, a.base) - rank(MAJOR_BASES, b.base)
  );
}

function rank(order: readonly string[], name: string): number {
  const at = order.indexOf(name);
  return at < 0 ? order.length : at;
}

/** Symbols of which is said what is wrong with each. */
const NAMED_AT_MOST = 5;

function unknownSymbols(
  unknown: readonly string[],
  tradable: readonly ExchangeSymbol[],
  listed: ReadonlySet<string>,
): UnknownSymbolError {
  const busiest = mostActiveFirst(tradable).map((each) => each.symbol);
  const sentences = unknown.slice(0, NAMED_AT_MOST).map((symbol) => {
    if (listed.has(symbol)) return `${symbol} is listed but not tradable now`;
    return `${symbol} is not listed${didYouMean(symbol, busiest)}`;
  });
  const more = unknown.length - NAMED_AT_MOST;
  if (more > 0) sentences.push(`and ${more} more`);
  return new UnknownSymbolError(sentences.join('; '), { symbols: unknown });
}
