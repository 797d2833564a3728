import { createRedis } from '@livermore/cache';
import { freshExchangeId } from '@livermore/cache/testing';
import { defaultExchange } from '@livermore/exchange-core';
import { TIMEFRAMES } from '@livermore/schemas';
import { ManualClock, silentLogger, systemRandom } from '@livermore/utils';
import type { Clock } from '@livermore/utils';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openHistory } from './history';
import { createWarmup } from './warm-up';

let redis: ReturnType<typeof createRedis>;

beforeAll(() => {
  redis = createRedis(inject('redisUrl'));
});
afterAll(async () => {
  await redis.quit();
});

/** A manual clock of a machine on which whatever is timed takes `ms`. */
class ClockOfMachine extends ManualClock {
  readonly #ms: number;
  #asked = 0;

  constructor(ms: number) {
    super();
    this.#ms = ms;
  }

  override monotonicMs(): number {
    this.#asked += 1;
    return this.#asked * this.#ms;
  }
}

function unasked(): Promise<never> {
  return Promise.reject(new Error('nothing is asked of the venue here'));
}

async function planned(clock: Clock, candleMs?: number) {
  const exchange = { ...defaultExchange('binance'), id: freshExchangeId() };
  const shared = { exchange, redis, clock, logger: silentLogger };
  const history = openHistory({ ...shared, get: unasked, random: systemRandom });
  const symbols = Array.from({ length: 100 }, (_, at) => `S${at}USDT`);
  const { plan, schedule } = await createWarmup({
    ...shared,
    history,
    symbols,
    timeframes: TIMEFRAMES,
    candleMs,
    onProgress: () => undefined,
  }).plan();
  return { candles: plan.cost.candles, etaMs: schedule.etaMs ?? 0 };
}

describe('the plan of a warmup', () => {
  it('takes the longer, the slower the machine is', async () => {
    const fast = await planned(new ClockOfMachine(0.5));
    const slow = await planned(new ClockOfMachine(1.5));
    expect(slow.candles).toBe(fast.candles);
    expect(slow.etaMs / fast.etaMs).toBeGreaterThan(2.5);
  });

  it('goes by what it is told of the machine, where it is told', async () => {
    const { candles, etaMs } = await planned(new ClockOfMachine(500), 1);
    expect(etaMs).toBeGreaterThan(candles);
    expect(etaMs).toBeLessThan(candles * 1.01);
  });
});
