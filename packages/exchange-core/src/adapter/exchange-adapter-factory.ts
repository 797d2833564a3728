import type { Exchange } from '@livermore/schemas';
import { UnknownExchangeError } from '../errors';
import { knownExchanges, protocolOf } from '../protocol/registry';
import { adapterFor } from './adapter-registry';
import type { AdapterOptions, StreamingAdapter } from './streaming-adapter';

/** What every adapter of this process shares. */
export type AdapterDeps = Omit<AdapterOptions, 'exchange' | 'streamNames'>;

/** Makes adapters from exchange records. There is no default: an unknown name is an error. */
export class ExchangeAdapterFactory {
  readonly #deps: AdapterDeps;

  constructor(deps: AdapterDeps = {}) {
    this.#deps = deps;
  }

  /**
   * The adapter that serves this exchange. `streamNames` tells under which name a symbol is streamed.
   * @throws UnknownExchangeError when the name is not known, or the exchange is switched off
   */
  create(exchange: Exchange, streamNames?: (symbol: string) => string): StreamingAdapter {
    const protocol = protocolOf(exchange.name);
    if (!exchange.isActive) {
      const names = knownExchanges().join(', ');
      throw new UnknownExchangeError(`exchange "${exchange.name}" is switched off; known are ${names}`, {
        name: exchange.name,
      });
    }
    return adapterFor(protocol, {
      ...this.#deps,
      exchange,
      ...(streamNames === undefined ? {} : { streamNames }),
    });
  }
}
