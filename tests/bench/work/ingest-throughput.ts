import { createRedis } from '@livermore/cache';
import type { Bench } from '../lib/bench';
import { startFeedingNode, quietMinute } from '../lib/feeding-node';
import type { FeedingNode } from '../lib/feeding-node';
import type { CloseFrame } from '../lib/kline-frames';
import { inTurns, median, medianRatio, wallMs } from '../lib/measure';
import { commandsOf, sendBare } from '../lib/recorded-commands';
import type { FeedOrder } from '../workers/feed-venue';

const SYMBOLS = 400;
const SMALL_MINUTES = 15;
const LARGE_MINUTES = 150;

type Redis = ReturnType<typeof createRedis>;

/** P5. Every frame closes a bar: nothing can be coalesced, each is one write and one announcement. */
export const ingestThroughput: Bench = {
  id: 'P5',
  title: 'Ingest: closing kline frames a second from socket to Redis and channel',
  async run({ redisUrl, isQuick }) {
    const redis = createRedis(redisUrl);
    await redis.flushall();
    const node = await startFeedingNode({ symbols: SYMBOLS, redisUrl });
    try {
      const rounds = isQuick ? 2 : 7;
      const small = await measure(node, redis, { minutes: SMALL_MINUTES, rounds });
      const large = await measure(node, redis, { minutes: LARGE_MINUTES, rounds });
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
              'The venue runs in a process of its own, as does Redis. The node is whole: feed, book, writer, repair and metrics.',
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
      await node.stop();
      redis.disconnect();
    }
  },
};

async function measure(node: FeedingNode, redis: Redis, options: { minutes: number; rounds: number }) {
  const prepare = () => {
    node.rounds += 1;
    const order: FeedOrder = { symbols: SYMBOLS, minutes: options.minutes, round: node.rounds };
    return node.venue.ask<readonly CloseFrame[]>('prepare', order);
  };
  const commands = await commandsOf(await prepare());
  const { ours, limit } = await inTurns(options.rounds, {
    ours: async () => {
      await quietMinute();
      const frames = await prepare();
      await redis.flushall();
      const done = node.closes(frames.length);
      return wallMs(() => Promise.all([node.venue.ask('blast'), done]));
    },
    limit: async () => {
      await redis.flushall();
      return wallMs(() => sendBare(redis, commands));
    },
  });
  return { ours, limit, frames: commands.length };
}
