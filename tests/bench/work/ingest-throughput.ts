import { createRedis } from '@livermore/cache';
import type { Bench } from '../lib/bench';
import { emptyAsIfTold, quietMinute, startFeedingNode } from '../lib/feeding-node';
import type { FeedingNode } from '../lib/feeding-node';
import { inTurns, median, medianRatio, wallMs } from '../lib/measure';
import { startWorker } from '../lib/worker';
import type { Worker } from '../lib/worker';
import type { BareOrder } from '../workers/bare-client';
import type { FeedOrder } from '../workers/feed-venue';

const SYMBOLS = 400;
/** Fewer than `maxToldLate` of the cache: a close that is older is not announced any more. */
const SMALL_MINUTES = 9;
const LARGE_MINUTES = 90;

type Redis = ReturnType<typeof createRedis>;

/** P5. Every frame closes a bar: nothing can be coalesced, each is one write and one announcement. */
export const ingestThroughput: Bench = {
  id: 'P5',
  title: 'Ingest: closing kline frames a second from socket to Redis and channel',
  async run({ redisUrl, isQuick }) {
    const redis = createRedis(redisUrl);
    await redis.flushall();
    const node = await startFeedingNode({ symbols: SYMBOLS, redisUrl });
    const bare = startWorker('bare-client');
    const stage = { node, bare, redis, redisUrl };
    try {
      const rounds = isQuick ? 2 : 7;
      const small = await measure(stage, { minutes: SMALL_MINUTES, rounds });
      const large = await measure(stage, { minutes: LARGE_MINUTES, rounds });
      const perSecond = (ms: readonly number[]) => (large.frames / median(ms)) * 1000;
      return {
        rows: [
          {
            id: 'P5',
            work: `One node takes ${large.frames.toLocaleString('en')} closing 1m frames of ${SYMBOLS} symbols: socket → decode → write → announce`,
            ours: { value: perSecond(large.ours), unit: 'frames/s' },
            against: 'a bare pipelined client that sends the same commands, prepared beforehand',
            theirs: { value: perSecond(large.limit), unit: 'frames/s' },
            ratioOf: 'ours ÷ limit',
            ratio: medianRatio(large.limit, large.ours),
            target: { atLeast: 0.6 },
            rounds,
            notes: [
              'Venue, node, Redis and bare client are a process each. The node is whole: feed, book, writer, repair and metrics.',
            ],
          },
        ],
        growth: [
          {
            id: 'P5',
            small: `${small.frames} frames: ${median(small.ours).toFixed(0)} ms`,
            large: `${large.frames} frames: ${median(large.ours).toFixed(0)} ms`,
            times: large.frames / small.frames,
            costTimes: median(large.ours) / median(small.ours),
          },
        ],
      };
    } finally {
      await bare.stop();
      await node.stop();
      redis.disconnect();
    }
  },
};

async function measure(
  stage: {
    readonly node: FeedingNode;
    readonly bare: Worker;
    readonly redis: Redis;
    readonly redisUrl: string;
  },
  options: { readonly minutes: number; readonly rounds: number },
) {
  const { node, bare, redis, redisUrl } = stage;
  const { minutes, rounds } = options;
  const order: BareOrder = { redisUrl, symbols: SYMBOLS, minutes };
  const frames = await bare.ask<number>('prepare', order);
  const { ours, limit } = await inTurns(rounds, {
    ours: async () => {
      await quietMinute();
      node.rounds += 1;
      const feed: FeedOrder = { symbols: SYMBOLS, minutes, round: node.rounds };
      await node.venue.ask('prepare', feed);
      await emptyAsIfTold(redis, SYMBOLS);
      const done = node.closes(frames);
      return wallMs(() => Promise.all([node.venue.ask('blast'), done]));
    },
    limit: async () => {
      await emptyAsIfTold(redis, SYMBOLS);
      return bare.ask<number>('send');
    },
  });
  return { ours, limit, frames };
}
