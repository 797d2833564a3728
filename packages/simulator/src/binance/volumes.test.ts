import { binanceProtocol, defaultExchange } from '@livermore/exchange-core';
import { ManualClock, must } from '@livermore/utils';
import { afterEach, describe, expect, it } from 'vitest';
import { createSimulator } from '../create-simulator';
import { createSeededMarket } from '../market/seeded-market';
import { defaultUniverse } from '../market/universe';
import type { Simulator } from '../simulator';

const NOW = 1_795_312_805_123;
let simulator: Simulator | undefined;
afterEach(() => simulator?.close());

describe.each(['binance', 'binance_us'] as const)('the volumes of a simulated %s', (venue) => {
  it('are read by the protocol for every symbol, at no more weight than is charged', async () => {
    const symbols = defaultUniverse(venue);
    const market = createSeededMarket({ seed: 1, symbols });
    simulator = createSimulator({ venue, market, clock: new ManualClock(NOW) });
    const volumes = must(binanceProtocol.rest.volumes, 'volumes');
    const request = volumes.request(defaultExchange(venue));
    const response = await simulator.transport.get(request, new AbortController().signal);
    const { bySymbol, unreadable } = volumes.read(response);
    expect(response.status).toBe(200);
    expect(unreadable).toEqual([]);
    expect([...bySymbol.keys()].toSorted()).toEqual(symbols.map(({ symbol }) => symbol).toSorted());
    expect(bySymbol.get('BTCUSDT')).toBeGreaterThan(0);
    expect(binanceProtocol.rest.usedWeight(response.headers)).toBeLessThanOrEqual(request.weight);
  });
});
