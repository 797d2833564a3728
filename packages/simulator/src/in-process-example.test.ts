import { ExchangeAdapterFactory, defaultExchange } from '@livermore/exchange-core';
import { ManualClock, seededRandom, silentLogger } from '@livermore/utils';
import { expect, it } from 'vitest';
import { createSimulator } from './create-simulator';
import { createSeededMarket } from './market/seeded-market';
import { defaultUniverse } from './market/universe';

/** The example of docs/simulator.md, line for line: a venue in a test, without a network and without waiting. */
it('lets five minutes of an exchange, a cut among them, pass in a test', async () => {
  const clock = new ManualClock(Date.UTC(2026, 0, 2, 10, 0, 0));
  const market = createSeededMarket({ seed: 7, symbols: defaultUniverse('binance') });
  const simulator = createSimulator({
    venue: 'binance',
    market,
    clock,
    faults: [{ at: '90s', fault: { kind: 'cut', midFrame: true } }],
  });
  const adapter = new ExchangeAdapterFactory({
    clock,
    transport: simulator.transport,
    random: seededRandom(7),
    logger: silentLogger,
  }).create(defaultExchange('binance'));
  const closes: string[] = [];
  const gaps: string[] = [];
  adapter.on('candle:close', ({ candle }) => closes.push(new Date(candle.timestamp).toISOString()));
  adapter.on('feed:repair', ({ reason }) => gaps.push(reason));

  adapter.subscribe(['BTCUSDT'], '1m');
  const connected = adapter.connect();
  await clock.advance(5 * 60_000 + 2_000);
  await connected;

  expect(closes).toHaveLength(5);
  expect(gaps).toHaveLength(1);
  await adapter.disconnect();
  await simulator.close();
});
