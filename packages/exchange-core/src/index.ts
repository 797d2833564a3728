export * from './adapter/exchange-adapter';
export * from './as-of';
export * from './errors';
export { binanceProtocol } from './protocol/binance/index';
export { coinbaseProtocol } from './protocol/coinbase/index';
export * from './protocol/protocol';
export * from './protocol/registry';
export * from './transport';
