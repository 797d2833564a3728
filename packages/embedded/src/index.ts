export {
  acquireDataDir,
  dataDirHolder,
  type AcquireOptions,
  type DataDir,
  type LockHolder,
} from './lock/data-dir-lock';
export { defaultCacheDir, defaultDataDir } from './data-dir';
export type { Engine, OnProgress, Tier } from './engines/engine';
export { findEngines, type EngineFinding, type FindEnginesOptions } from './engines/find-engines';
export { MIN_REDIS_VERSION } from './engines/version';
export type { Env } from './env';
export * from './errors';
export type { PortWish } from './server/port';
export type { RedisUser } from './users/users';
export { startRedis, type StartedRedis, type StartRedisOptions } from './start-redis';
export { runningRedis, type RunningRedis } from './running-redis';
