import { createRedis } from '@livermore/cache';
import type { Commands } from '../lib/worker';
import { sharedMs } from '../lib/shared-clock';

/** What arrived, in order: the channel and when (ms, the clock the processes share). */
export interface Arrival {
  readonly channel: string;
  readonly text: string;
  readonly at: number;
}

/** A subscriber in a process of its own, that only notes when something came. */
export function listener(): Commands {
  let redis: ReturnType<typeof createRedis> | undefined;
  let arrivals: Arrival[] = [];
  return {
    async open({ redisUrl, pattern }: { redisUrl: string; pattern: string }): Promise<void> {
      redis = createRedis(redisUrl);
      redis.on('pmessage', (_pattern: string, channel: string, text: string) => {
        arrivals.push({ channel, text, at: sharedMs() });
      });
      await redis.psubscribe(pattern);
    },
    take(): readonly Arrival[] {
      const taken = arrivals;
      arrivals = [];
      return taken;
    },
  };
}
