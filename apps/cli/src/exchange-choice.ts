import { UnavailableError, defaultExchange } from '@livermore/exchange-core';
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

/** The exchange that is our own simulator. */
export const SANDBOX = 'sandbox';

/** Asks a venue; of a sandbox that does not answer it says how to start one. @throws UnavailableError */
export async function answered<T>(name: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (name !== SANDBOX || !(error instanceof UnavailableError)) throw error;
    throw new UnavailableError(
      `${error.message}. Start the sandbox with livermore up, or name a simulator with --rest-url`,
      error.details,
      error,
    );
  }
}
