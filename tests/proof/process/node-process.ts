import { createRedis } from '@livermore/cache';
import { createNodeTransport } from '@livermore/exchange-core';
import { ExchangeInstance } from '@livermore/instance';
import { ExchangeSchema } from '@livermore/schemas';
import { createLogger, seededRandom } from '@livermore/utils';
import { z } from 'zod';
import { scaledClock } from './scaled-clock';

/** Real time between two answers about its health, ms. */
const HEALTH_EVERY_MS = 250;

/** What a node under proof is told on its command line. Its Redis, whose address holds a password, is `REDIS_URL`. */
export const NodeOrdersSchema = z.object({
  exchange: ExchangeSchema,
  symbols: z.array(z.string()),
  seed: z.number(),
  logFile: z.string(),
  time: z.object({
    realStartMs: z.number(),
    startMs: z.number(),
    speed: z.number(),
    jump: z.object({ at: z.number(), byMs: z.number() }).optional(),
  }),
});
export type NodeOrders = z.infer<typeof NodeOrdersSchema>;

/** Runs one exchange over real sockets in a process of its own, until SIGTERM. States and health go to stdout, a line each. */
export async function runNodeProcess(text: string, redisUrl: string): Promise<void> {
  const { exchange, symbols, seed, logFile, time } = NodeOrdersSchema.parse(JSON.parse(text));
  const { jump, ...rest } = time;
  const logger = createLogger({ level: 'info', file: logFile });
  const redis = createRedis(redisUrl);
  redis.on('error', (error: Error) => logger.warn({ event: 'redis_connection', error: error.message }));
  const transport = createNodeTransport();
  const instance = new ExchangeInstance({
    exchange,
    redis,
    transport,
    symbols: { kind: 'named', symbols },
    clock: scaledClock({ ...rest, ...(jump === undefined ? {} : { jump }) }),
    random: seededRandom(seed),
    logger,
    onState: (state) => process.stdout.write(`${state}\n`),
  });
  const tellHealth = setInterval(() => {
    // What a health answer would say now; a Redis that does not answer fails it as well.
    const { ok, checks } = instance.health({ ok: redis.status === 'ready', detail: redis.status });
    const failing = checks.flatMap(({ name, ok: isOk, detail }) => (isOk ? [] : [`${name}: ${detail}`]));
    process.stdout.write(`health ${JSON.stringify({ ok, failing })}\n`);
  }, HEALTH_EVERY_MS);
  tellHealth.unref();
  process.once('SIGTERM', () => {
    void instance.stop().finally(() => process.exit(0));
  });
  await instance.start();
}
