export * from './candle';
export * from './config';
export * from './events';
export * from './exchange';
export * from './symbol';
export * from './ticker';
export * from './timeframe';
