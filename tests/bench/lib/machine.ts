import { cpus, release, totalmem, type } from 'node:os';
import { createRedis, inspectRedis } from '@livermore/cache';

/** Where the figures come from: they mean nothing without it. */
export interface MachineFacts {
  readonly cores: number;
  readonly cpu: string;
  readonly memoryGb: number;
  readonly platform: string;
  readonly node: string;
  readonly redis: string;
}

export async function machineFacts(redisUrl: string): Promise<MachineFacts> {
  const redis = createRedis(redisUrl);
  try {
    const { version } = await inspectRedis(redis);
    return {
      cores: cpus().length,
      cpu: cpus()[0]?.model.trim() ?? 'unknown processor',
      memoryGb: Math.round(totalmem() / 2 ** 30),
      platform: `${type()} ${release()}`,
      node: process.versions.node,
      redis: version,
    };
  } finally {
    redis.disconnect();
  }
}
