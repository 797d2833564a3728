import type { Exchange } from '@livermore/schemas';
import { UnknownExchangeError } from '../errors';
import { binanceProtocol } from './binance/index';
import { coinbaseProtocol } from './coinbase/index';
import type { ExchangeProtocol } from './protocol';

interface Entry {
  readonly protocol: ExchangeProtocol;
  readonly exchange: Exchange;
}

/** One line per exchange: who it is, where it is reached, and which protocol it speaks. */
const ENTRIES: readonly Entry[] = [
  entry(1, 'coinbase', coinbaseProtocol, 'wss://advanced-trade-ws.coinbase.com', 'https://api.coinbase.com'),
  entry(2, 'binance', binanceProtocol, 'wss://stream.binance.com:9443', 'https://api.binance.com'),
  entry(3, 'binance_us', binanceProtocol, 'wss://stream.binance.us:9443', 'https://api.binance.us'),
  // A simulated exchange on this machine. Its own id keeps invented candles apart from any venue's.
  entry(90, 'sandbox', binanceProtocol, 'ws://127.0.0.1:8101', 'http://127.0.0.1:8101'),
];

const BY_NAME: ReadonlyMap<string, Entry> = new Map(ENTRIES.map((known) => [known.exchange.name, known]));

/** The protocol an exchange of this name speaks. @throws UnknownExchangeError listing the known names */
export function protocolOf(name: string): ExchangeProtocol {
  return entryOf(name).protocol;
}

/** The public record of an exchange, as seeded into the `exchanges` table. @throws UnknownExchangeError */
export function defaultExchange(name: string): Exchange {
  return entryOf(name).exchange;
}

/** Names of every exchange that can be run. */
export function knownExchanges(): readonly string[] {
  return [...BY_NAME.keys()];
}

function entryOf(name: string): Entry {
  const known = BY_NAME.get(name);
  if (known !== undefined) return known;
  const names = knownExchanges().join(', ');
  throw new UnknownExchangeError(`no exchange is called "${name}"; known are ${names}`, { name });
}

function entry(id: number, name: string, protocol: ExchangeProtocol, wsUrl: string, restUrl: string): Entry {
  return { protocol, exchange: { id, name, wsUrl, restUrl, isActive: true } };
}
