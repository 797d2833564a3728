import { createRedis } from '@livermore/cache';
import { disagreeing } from '@livermore/simulator';
import { describe, expect, it } from 'vitest';
import { SOON_AFTER_A_CLOSE, expectDiffered } from './lib/differing';
import { LiveExchange } from './lib/live-exchange';
import { usePrivateRedis } from './lib/private-redis';

const MINUTE = 60_000;

describe('BASE-04: an exchange whose Redis is full when it is started', () => {
  const redisUrl = usePrivateRedis();

  it('waits for it, warms up, and is live', async () => {
    const admin = createRedis(redisUrl());
    await admin.config('SET', 'maxmemory', '1');
    const exchange = new LiveExchange({
      venue: 'binance',
      redisUrl: redisUrl(),
      symbols: ['BTCUSDT'],
      faults: disagreeing('binance'),
      startMs: Date.UTC(2026, 2, 11, 12) + SOON_AFTER_A_CLOSE,
    });
    exchange.clock.setTimer(() => {
      void exchange.clock.during(admin.config('SET', 'maxmemory', '0'));
    }, MINUTE);
    await exchange.live(4 * MINUTE);
    expectDiffered(exchange);
    expect(exchange.instance.state).toBe('active');
    expect(exchange.instance.warmupReport).toMatchObject({ status: 'complete' });
    expect(exchange.instance.facts().seriesBehind).toBe(0);
    await exchange.close();
    admin.disconnect();
  });
});
