export * from './adapter/exchange-adapter';
export * from './as-of';
export * from './errors';
export * from './protocol/protocol';
export * from './transport';
