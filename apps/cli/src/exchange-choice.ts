import { defaultExchange } from '@livermore/exchange-core';
import type { SymbolChoice } from '@livermore/instance';
import type { Exchange } from '@livermore/schemas';

export interface ExchangeChoice {
  readonly restUrl?: string | undefined;
  readonly wsUrl?: string | undefined;
}

/** The exchange of a name, reached at other URLs when they are given (a simulator, a proxy). */
export function exchangeOf(name: string, choice: ExchangeChoice): Exchange {
  const exchange = defaultExchange(name);
  return { ...exchange, restUrl: choice.restUrl ?? exchange.restUrl, wsUrl: choice.wsUrl ?? exchange.wsUrl };
}

/** Symbols run when nobody names any: the most active. */
export const DEFAULT_SYMBOL_COUNT = 25;

/** What `--symbols` asks for: a list, `all`, or `top:N`. */
export function symbolChoice(symbols: readonly string[] | undefined): SymbolChoice {
  if (symbols === undefined) return { kind: 'top', count: DEFAULT_SYMBOL_COUNT };
  const [only] = symbols;
  if (symbols.length === 1 && only === 'all') return { kind: 'all' };
  const top = symbols.length === 1 ? /^top:(\d+)$/.exec(only ?? '') : null;
  return top === null ? { kind: 'named', symbols } : { kind: 'top', count: Number(top[1]) };
}
