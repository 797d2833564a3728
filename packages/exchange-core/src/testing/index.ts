export * from './fake-protocol';
export * from './fake-venue';
export * from './feed-bench';
export * from './mutations';
export * from './protocol.contract';
export * from './recorded';
export * from './recorded-candles';
export * from './scripted-transport';
