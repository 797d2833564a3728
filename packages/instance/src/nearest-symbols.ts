import { distance } from 'fastest-levenshtein';

const SUGGESTIONS = 3;
/** Letters and digits of what can be told from any other symbol, and of the longest that is kept. */
const LEAST_TYPED = 3;
const MOST_TYPED = 64;
/** Changed letters by which one symbol may be mistaken for another, and one in how many of those typed. */
const MOST_CHANGES = 2;
const LETTERS_PER_CHANGE = 3;

/**
 * The symbols that were probably meant, three at most: the same letters in another spelling, else the same beginning or
 * few changed letters. Of those that are as near the first ones.
 * @example nearestSymbols('btc-usdt', ['ETHUSDT', 'BTCUSDT']) // ['BTCUSDT']
 */
export function nearestSymbols(typed: string, symbols: readonly string[]): readonly string[] {
  if (typed.length > MOST_TYPED) return [];
  const bare = bareOf(typed);
  if (bare.length < LEAST_TYPED) return [];
  const most = Math.min(MOST_CHANGES, Math.floor(bare.length / LETTERS_PER_CHANGE));
  const near = symbols
    .map((symbol) => ({ symbol, changes: changesBetween(bare, bareOf(symbol)) }))
    .filter(({ changes }) => changes <= most)
    .toSorted((a, b) => a.changes - b.changes);
  const same = near.filter(({ changes }) => changes === 0);
  return (same.length > 0 ? same : near).slice(0, SUGGESTIONS).map(({ symbol }) => symbol);
}

/** ` (did you mean BTCUSDT?)`; empty where no symbol is near. */
export function didYouMean(typed: string, symbols: readonly string[]): string {
  const near = nearestSymbols(typed, symbols);
  return near.length === 0 ? '' : ` (did you mean ${near.join(', ')}?)`;
}

function bareOf(text: string): string {
  return text.toUpperCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
}

/** A symbol of which only the beginning was typed counts as one change. */
function changesBetween(typed: string, symbol: string): number {
  if (typed === symbol) return 0;
  if (symbol.startsWith(typed)) return 1;
  return Math.abs(symbol.length - typed.length) > MOST_CHANGES ? Infinity : distance(typed, symbol);
}
