import { binanceProtocol } from '../protocol/binance/index';
import type { IExchangeAdapter } from './exchange-adapter';
import { StreamingAdapter } from './streaming-adapter';
import type { AdapterOptions } from './streaming-adapter';

/**
 * Real-time klines of Binance spot. One adapter serves binance.com and binance.us: only `wsUrl` and `restUrl`
 * of the exchange record differ.
 */
export class BinanceAdapter extends StreamingAdapter implements IExchangeAdapter {
  constructor(options: AdapterOptions) {
    super({ ...options, protocol: binanceProtocol });
  }
}
