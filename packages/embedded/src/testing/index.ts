export { startThrowAwayRedis, type ThrowAwayOptions } from './throw-away-redis';
