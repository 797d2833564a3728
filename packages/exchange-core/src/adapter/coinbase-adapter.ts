import { coinbaseProtocol } from '../protocol/coinbase/index';
import type { IExchangeAdapter } from './exchange-adapter';
import { StreamingAdapter } from './streaming-adapter';
import type { AdapterOptions } from './streaming-adapter';

/** Live five-minute candles and tickers of Coinbase Advanced Trade. */
export class CoinbaseAdapter extends StreamingAdapter implements IExchangeAdapter {
  constructor(options: AdapterOptions) {
    super({ ...options, protocol: coinbaseProtocol });
  }
}
