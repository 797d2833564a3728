export { startBareRedis, type BareRedis } from './bare-redis';
export { startThrowAwayRedis, type ThrowAwayOptions } from './throw-away-redis';
