export * from './fake-protocol';
export * from './fake-venue';
export * from './mutations';
export * from './protocol.contract';
export * from './recorded';
export * from './recorded-candles';
