import { createRestRuntime, defaultExchange, protocolOf } from '@livermore/exchange-core';
import type { HttpGet, Lane } from '@livermore/exchange-core';
import { ReplayClock, seededRandom, silentLogger } from '@livermore/utils';
import { expect, it } from 'vitest';
import { createSimulator } from './create-simulator';
import { createFakeMarket } from './testing/fake-market';

/** Virtual time: more requests than the venue allows in one of its windows, as fast as the runtime lets them go. */
const NOW = 1_795_312_805_123;
const AT_ONCE = 32;

it.each([
  ['binance.com', 'binance', 'post', 'BTCUSDT', 3600],
  ['binance.us before its upgrade', 'binance_us', 'pre', 'BTCUSDT', 2600],
  ['binance.us after it', 'binance_us', 'post', 'BTCUSDT', 6400],
  ['coinbase', 'coinbase', 'post', 'BTC-USD', 400],
] as const)(
  'R1: %s never asks us to slow down, whatever the delays and whoever else is in a hurry',
  async (_name, venue, usProfile, symbol, pages) => {
    const clock = new ReplayClock({ startMs: NOW, speed: 'max' });
    const market = createFakeMarket([{ symbol, everyMs: 60_000, from: NOW - 86_400_000 }]);
    const simulator = createSimulator({ venue, market, clock, usProfile });
    const random = seededRandom(5);
    const get: HttpGet = async (request, signal) => {
      await clock.sleep(5 + random.next() * 200, signal);
      const answer = await simulator.transport.get(request, signal);
      await clock.sleep(5 + random.next() * 200, signal);
      return answer;
    };
    const shared = { clock, random, logger: silentLogger };
    const protocol = protocolOf(venue);
    const { source } = createRestRuntime({ ...shared, exchange: defaultExchange(venue), protocol, get });
    const ending = new AbortController();
    const page = {
      symbol,
      timeframe: '1m',
      from: NOW - (NOW % 60_000) - 120_000,
      to: NOW - (NOW % 60_000),
    } as const;
    const ask = (lane: Lane) => source.fetchPage(page, { lane, signal: ending.signal });
    const work = async () => {
      await source.fetchListing({ lane: 'warmup', signal: ending.signal });
      let left: number = pages;
      const bulk = async () => {
        while (left-- > 0) await ask('warmup');
      };
      const hurry = async () => {
        for (; left > 0; await clock.sleep(random.next() * 1400))
          await Promise.all([ask('repair'), ask('boundary'), ask('boundary')]);
      };
      await Promise.all([hurry(), ...Array.from({ length: AT_ONCE }, bulk)]);
    };
    const done = work().finally(() => ending.abort());
    await clock.run(Number.MAX_SAFE_INTEGER, ending.signal);
    await done;
    expect([...simulator.log.statuses.keys()]).toEqual([200]);
    expect(simulator.log.requests).toBeGreaterThan(pages);
    await simulator.close();
  },
);
