import { createRedis, inspectRedis, redisTroubleOf, redisWarnings } from '@livermore/cache';
import type { Transport } from '@livermore/exchange-core';
import { createNodeTransport } from '@livermore/exchange-core';
import { ExchangeInstance, NodeMetrics } from '@livermore/instance';
import type { Health, SymbolChoice } from '@livermore/instance';
import type { Exchange, Timeframe } from '@livermore/schemas';
import { messageOf } from '@livermore/utils';
import type { Logger } from '@livermore/utils';
import { serveObservability } from './observability-server';
import type { ObservabilityServer } from './observability-server';

export interface NodeOptions {
  readonly exchange: Exchange;
  readonly redisUrl: string;
  readonly symbols: SymbolChoice;
  readonly logger: Logger;
  /** Loopback port of `/metrics` and `/health`; 0 takes any free one. */
  readonly metricsPort: number;
  readonly timeframes?: readonly Timeframe[];
  readonly target?: number;
  readonly derive?: boolean;
  readonly audit?: boolean;
  /** Whether the start fails when the venue refuses this location at the first request; else it is asked again. */
  readonly endsIfBlocked?: boolean;
  readonly ownerUserId?: number;
  readonly transport?: Transport;
}

export interface RunningNode {
  readonly instance: ExchangeInstance;
  readonly url: string;
  /** Resolves when the exchange is active; rejects when it cannot be started. */
  readonly started: Promise<void>;
  health(): Promise<Health>;
  /** Drains and lets go of everything; a second call does nothing. */
  stop(): Promise<void>;
}

/** A health answer waits this long for Redis before it calls it silent, ms. */
const PING_TIMEOUT_MS = 2_000;

/**
 * Starts a node: one exchange, its metrics and its health. Needs Redis and nothing else.
 * @throws UnsuitableRedisError, PortTakenError, UnknownExchangeError; an exchange that cannot be started rejects `started`
 */
export async function startNode(options: NodeOptions): Promise<RunningNode> {
  const { exchange, logger } = options;
  const redis = createRedis(options.redisUrl);
  redis.on('error', (error: Error) => {
    logger.warn({ event: 'redis_connection', trouble: redisTroubleOf(error), error: error.message });
  });
  for (const warning of await usable(redis, options.redisUrl)) {
    logger.warn({ event: 'redis_warning', warning });
  }
  const metrics = new NodeMetrics({ processMetrics: true });
  const transport = options.transport ?? createNodeTransport();
  const instance = new ExchangeInstance({
    ...options,
    redis,
    transport,
    metrics,
    ownerUserId: options.ownerUserId ?? 1,
  });
  const health = async () => instance.health(await pingOf(redis));
  let server: ObservabilityServer;
  try {
    server = await serveObservability({ metrics, health, port: options.metricsPort, logger });
  } catch (error) {
    redis.disconnect();
    throw error;
  }
  logger.info({ event: 'node_started', exchange: exchange.name, url: server.url });
  let stopping: Promise<void> | undefined;
  const stop = async () => {
    await instance.stop();
    await server.close();
    redis.disconnect();
    logger.info({ event: 'node_stopped', exchange: exchange.name });
  };
  return {
    instance,
    url: server.url,
    started: instance.start(),
    health,
    stop: () => (stopping ??= stop()),
  };
}

type Redis = ReturnType<typeof createRedis>;

/** Refuses a Redis that will not do; returns what its operator should know. */
async function usable(redis: Redis, url: string): Promise<readonly string[]> {
  try {
    await inspectRedis(redis);
    return await redisWarnings(redis, url);
  } catch (error) {
    redis.disconnect();
    throw error;
  }
}

async function pingOf(redis: Redis): Promise<{ ok: boolean; detail: string }> {
  const timeout = AbortSignal.timeout(PING_TIMEOUT_MS);
  const silent = new Promise<never>((_resolve, reject) => {
    timeout.addEventListener('abort', () => reject(new Error(`no answer within ${PING_TIMEOUT_MS} ms`)), {
      once: true,
    });
  });
  try {
    await Promise.race([redis.ping(), silent]);
    return { ok: true, detail: 'answers' };
  } catch (error) {
    return { ok: false, detail: messageOf(error) };
  }
}
