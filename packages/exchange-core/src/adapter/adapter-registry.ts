import { BinanceAdapter } from './binance-adapter';
import { CoinbaseAdapter } from './coinbase-adapter';
import { StreamingAdapter } from './streaming-adapter';
import type { AdapterOptions } from './streaming-adapter';
import type { ExchangeProtocol } from '../protocol/protocol';

type AdapterClass = new (options: AdapterOptions) => StreamingAdapter;

/** Adapters that have a class of their own, by the name of the protocol they speak. */
const ADAPTERS: ReadonlyMap<string, AdapterClass> = new Map<string, AdapterClass>([
  ['binance', BinanceAdapter],
  ['coinbase', CoinbaseAdapter],
]);

/** The adapter for a protocol: the venue's own class, or the common one. */
export function adapterFor(protocol: ExchangeProtocol, options: AdapterOptions): StreamingAdapter {
  const Own = ADAPTERS.get(protocol.name);
  return Own === undefined ? new StreamingAdapter({ ...options, protocol }) : new Own(options);
}
