import { createRedis } from '@livermore/cache';
import type { ReplayClock } from '@livermore/utils';

type Redis = ReturnType<typeof createRedis>;

/**
 * A Redis client whose commands hold the replayed time still until they are answered. So what happens at an instant
 * is complete before the next instant comes, however fast the replay runs.
 */
export function heldRedis(url: string, clock: ReplayClock): Redis {
  const redis = createRedis(url);
  const send = redis.sendCommand.bind(redis);
  redis.sendCommand = (command, stream) => {
    const release = clock.hold();
    command.promise.then(release, release);
    return send(command, stream);
  };
  return redis;
}
