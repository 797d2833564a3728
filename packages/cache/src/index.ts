export * from './keys';
export * from './absence-store';
export * from './bus';
export * from './candle-layout';
export * from './errors';
export * from './redis';
export * from './strategies/candle-cache';
export * from './strategies/ticker-cache';
