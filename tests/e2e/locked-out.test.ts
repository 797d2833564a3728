import { once } from 'node:events';
import { CandleCacheStrategy, createRedis, redisTroubleOf } from '@livermore/cache';
import { sourcedCandle } from '@livermore/cache/testing';
import type { StartedRedis } from '@livermore/embedded';
import { startThrowAwayRedis } from '@livermore/embedded/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LiveExchange } from './lib/live-exchange';

const MINUTE = 60_000;
const SERIES = { symbol: 'BTCUSDT', timeframe: '1m' } as const;
const CLOSE_IN_MS = 30_000;
const START = Date.UTC(2026, 2, 11, 12) + CLOSE_IN_MS;
/** Long enough for a bar to close meanwhile, short enough for a client that reconnects in real time. */
const LOCKED_MS = 10_000;

/** What happens to the user of our node while it runs. */
const LOCKS: Readonly<Record<string, Lock>> = {
  'its password was changed': { rules: ['resetpass', '>another'], mend: [], isCut: true },
  'its user was switched off': { rules: ['off'], mend: ['on'], isCut: true },
  'it may run no script': { rules: ['-evalsha', '-eval'], mend: ['+evalsha', '+eval'], isCut: false },
  'it may not write': { rules: ['-@write'], mend: ['+@write'], isCut: false },
};

interface Lock {
  readonly rules: readonly string[];
  /** What undoes them, beside the password. */
  readonly mend: readonly string[];
  /** Whether its connections are cut, too: one that is there stays let in. */
  readonly isCut: boolean;
}

describe('BASE-04: a node that is locked out of its Redis', () => {
  let server: StartedRedis;
  let admin: ReturnType<typeof createRedis>;

  beforeEach(async ({ skip }) => {
    server = await startThrowAwayRedis({ env: process.env });
    admin = createRedis(server.url);
    skip(!server.hasUsers, 'only the demo engine is available here: it knows no users');
  });

  afterEach(async () => {
    admin.disconnect();
    await server.stop();
  });

  const setUser = (...rules: readonly string[]) => admin.call('ACL', 'SETUSER', 'writer', ...rules);
  /** Cuts a client off, and waits until it has noticed: what it is asked from then on has not been sent. */
  const cut = async (client: ReturnType<typeof createRedis>) => {
    const noticed = once(client, 'close');
    await admin.call('CLIENT', 'KILL', 'USER', 'writer');
    await noticed;
  };
  const password = () => new URL(server.urlOf('writer')).password;

  it.each(Object.entries(LOCKS))(
    'knows it as a state that passes: %s',
    async (_name, { rules, mend, isCut }) => {
      const redis = createRedis(server.urlOf('writer'));
      redis.on('error', () => undefined);
      const cache = new CandleCacheStrategy(redis);
      await redis.ping();
      await setUser(...rules);
      if (isCut) await cut(redis);
      const refused = await cache
        .addExchangeCandleIfNewer(2, sourcedCandle())
        .then(() => 'written', redisTroubleOf);
      expect(refused).toBe('locked-out');
      await setUser('resetpass', `>${password()}`, ...mend);
      // It comes back by itself: nobody made a new client.
      expect(await written(() => cache.addExchangeCandleIfNewer(2, sourcedCandle()))).toBe(true);
      redis.disconnect();
    },
  );

  it.each(Object.entries(LOCKS))(
    'holds what closes meanwhile, and writes it when it is let in again: %s',
    async (_name, { rules, mend, isCut }) => {
      const exchange = new LiveExchange({
        venue: 'binance',
        redisUrl: server.urlOf('writer'),
        symbols: [SERIES.symbol],
        startMs: START,
      });
      exchange.redis.on('error', () => undefined);
      await exchange.live(2 * MINUTE + CLOSE_IN_MS - LOCKED_MS / 2);
      expect(exchange.instance.state).toBe('active');
      await exchange.clock.during(setUser(...rules));
      if (isCut) await exchange.clock.during(cut(exchange.redis));
      const troubles = new Set<unknown>();
      exchange.clock.setTimer(() => troubles.add(exchange.instance.facts().redisTrouble), LOCKED_MS - 1);
      exchange.clock.setTimer(() => {
        void exchange.clock.during(setUser('resetpass', `>${password()}`, ...mend));
      }, LOCKED_MS);
      await exchange.pass(2 * MINUTE);
      expect([...troubles, exchange.instance.facts().redisTrouble]).toEqual(['locked-out', undefined]);
      const first = START + CLOSE_IN_MS - MINUTE;
      const range = { from: first, to: first + 4 * MINUTE };
      expect((await exchange.closedBars(SERIES, range)).map(({ timestamp }) => timestamp)).toEqual(
        Array.from({ length: 4 }, (_, at) => first + at * MINUTE),
      );
      await exchange.close();
    },
  );
});

/** Tries again while it is locked out, for some seconds: reconnecting takes its time. */
async function written(write: () => Promise<boolean>): Promise<boolean> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    try {
      return await write();
    } catch (error) {
      if (redisTroubleOf(error) !== 'locked-out' || performance.now() > deadline) throw error;
    }
  }
}
