import { createRedis, exchangeCandleCloseChannel, exchangeCandleClosePattern } from '@livermore/cache';
import { defaultExchange } from '@livermore/exchange-core';
import { must, systemClock } from '@livermore/utils';
import type { Bench } from '../lib/bench';
import { emptyAsIfTold, quietMinute, startFeedingNode } from '../lib/feeding-node';
import type { FeedingNode } from '../lib/feeding-node';
import { median, quantile } from '../lib/measure';
import { startWorker } from '../lib/worker';
import type { Worker } from '../lib/worker';
import type { Closes, FeedOrder, PublishOrder, SentAt } from '../workers/feed-venue';
import type { Arrival } from '../workers/listener';

const SYMBOLS = 100;
const PER_SECOND = 1000;
const MINUTES = 30;
/** A close takes this long to arrive at the most, or something is wrong. */
const PATIENCE_MS = 5_000;
const POLL_MS = 20;

/** P7. Venue, node, Redis and subscriber are four processes; one monotonic clock times them all. */
export const frameToChannel: Bench = {
  id: 'P7',
  title: `Frame to channel at ${PER_SECOND} frames a second`,
  async run({ redisUrl, isQuick }) {
    const redis = createRedis(redisUrl);
    await redis.flushall();
    const node = await startFeedingNode({ symbols: SYMBOLS, redisUrl });
    const listener = startWorker('listener');
    try {
      const pattern = exchangeCandleClosePattern(defaultExchange('binance').id);
      await listener.ask('open', { redisUrl, pattern });
      const stage = { node, listener, redis, redisUrl };
      const rounds = isQuick ? 1 : 5;
      const slow = await measure(stage, { perSecond: PER_SECOND / 10, minutes: MINUTES / 10, rounds: 1 });
      const full = await measure(stage, { perSecond: PER_SECOND, minutes: MINUTES, rounds });
      return { rows: [rowOf(0.5, full, rounds), rowOf(0.99, full, rounds)], growth: [growthOf(slow, full)] };
    } finally {
      await listener.stop();
      await node.stop();
      redis.disconnect();
    }
  },
};

interface Latencies {
  /** One list for each round, ms. */
  readonly ours: readonly (readonly number[])[];
  readonly limit: readonly (readonly number[])[];
}

interface Stage {
  readonly node: FeedingNode;
  readonly listener: Worker;
  readonly redis: ReturnType<typeof createRedis>;
  readonly redisUrl: string;
}

async function measure(
  stage: Stage,
  options: { perSecond: number; minutes: number; rounds: number },
): Promise<Latencies> {
  const ours: (readonly number[])[] = [];
  const limit: (readonly number[])[] = [];
  for (let round = 0; round <= options.rounds; round += 1) {
    await quietMinute();
    const frames = await framesThrough(stage, options);
    const bare = await publishThrough(stage, options);
    if (round === 0) continue;
    ours.push(frames);
    limit.push(bare);
  }
  return { ours, limit };
}

/** Latency of every frame: from leaving the venue until a subscriber has its close. */
async function framesThrough(
  { node, listener, redis }: Stage,
  order: { perSecond: number; minutes: number },
): Promise<readonly number[]> {
  node.rounds += 1;
  const prepared: FeedOrder = { symbols: SYMBOLS, minutes: order.minutes, round: node.rounds, tell: true };
  const frames = await node.venue.ask<readonly Closes[]>('prepare', prepared);
  await emptyAsIfTold(redis, SYMBOLS);
  await listener.ask('take');
  const sent = await node.venue.ask<SentAt>('pace', order);
  const { id } = defaultExchange('binance');
  const sentOf = new Map(
    frames.map(({ symbol, openTime }, at) => [
      `${exchangeCandleCloseChannel(id, symbol, '1m')} ${openTime}`,
      must(sent[at], 'when each frame left'),
    ]),
  );
  return latencies(listener, frames.length, ({ channel, text }) => {
    const openTime = /"timestamp":(\d+)/.exec(text)?.[1] ?? '';
    return sentOf.get(`${channel} ${openTime}`);
  });
}

/** The same for a message of that size, published and nothing else. */
async function publishThrough(
  { node, listener, redisUrl }: Stage,
  { perSecond, minutes }: { perSecond: number; minutes: number },
): Promise<readonly number[]> {
  const count = SYMBOLS * minutes;
  const channel = exchangeCandleCloseChannel(defaultExchange('binance').id, 'A0000USDT', '1m');
  const order: PublishOrder = { redisUrl, count, perSecond, channel, text: 'x'.repeat(200) };
  await listener.ask('take');
  const sent = await node.venue.ask<SentAt>('publish', order);
  return latencies(listener, count, (_arrival, index) => sent[index]);
}

/** How long each message was under way, ms; of messages that `sentAt` does not know, nothing. */
async function latencies(
  listener: Worker,
  count: number,
  sentAt: (arrival: Arrival, index: number) => number | undefined,
): Promise<readonly number[]> {
  const found: number[] = [];
  for (let waitedMs = 0; found.length < count; waitedMs += POLL_MS) {
    if (waitedMs > PATIENCE_MS) throw new Error(`${found.length} of ${count} messages arrived`);
    await systemClock.sleep(POLL_MS);
    for (const arrival of await listener.ask<readonly Arrival[]>('take')) {
      const left = sentAt(arrival, found.length);
      if (left !== undefined) found.push(arrival.at - left);
    }
  }
  return found;
}

function rowOf(share: number, { ours, limit }: Latencies, rounds: number) {
  const own = ours.map((round) => quantile(round, share));
  const bare = limit.map((round) => quantile(round, share));
  return {
    id: 'P7',
    work: `From a closing frame leaving the venue until a subscriber has the close, ${PER_SECOND} frames/s, p${share * 100}`,
    ours: { value: median(own), unit: 'ms' },
    against: 'a bare PUBLISH until the subscriber has it, as often, the same Redis',
    theirs: { value: median(bare), unit: 'ms' },
    ratioOf: 'ours ÷ limit',
    ratio: median(own.map((value, round) => value / must(bare[round], 'as many rounds'))),
    ...(share === 0.5 ? { target: { atMost: 2 } } : {}),
    rounds,
  };
}

function growthOf(slow: Latencies, full: Latencies) {
  const p50 = ({ ours }: Latencies) => median(ours.map((round) => quantile(round, 0.5)));
  return {
    id: 'P7',
    small: `p50 at ${PER_SECOND / 10} frames/s: ${p50(slow).toFixed(2)} ms`,
    large: `p50 at ${PER_SECOND} frames/s: ${p50(full).toFixed(2)} ms`,
    times: 10,
    costTimes: (10 * p50(full)) / p50(slow),
  };
}
