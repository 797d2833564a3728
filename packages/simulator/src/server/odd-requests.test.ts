import { once } from 'node:events';
import { connect } from 'node:net';
import { ManualClock } from '@livermore/utils';
import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { createSimulator } from '../create-simulator';
import { createSeededMarket } from '../market/seeded-market';
import { defaultUniverse } from '../market/universe';
import { SIMULATED_VENUES } from '../simulator';
import type { SimulatedVenue, Simulator } from '../simulator';
import { ask, listen } from '../testing/client';

const NOW = 1_795_312_805_123;

let running: Simulator | undefined;
afterEach(() => running?.close());

function start(venue: SimulatedVenue) {
  const market = createSeededMarket({ seed: 1, symbols: defaultUniverse(venue).slice(0, 2) });
  const simulator = createSimulator({ venue, market, clock: new ManualClock(NOW) });
  running = simulator;
  return simulator;
}

/** Writes bytes to the port and returns what came back until the server closed. */
async function raw(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let heard = '';
  socket.on('data', (data: Buffer) => (heard += data.toString('latin1')));
  socket.on('error', () => undefined);
  socket.end(text);
  await once(socket, 'close');
  return heard;
}

const plain = (target: string, method = 'GET') =>
  `${method} ${target} HTTP/1.1\r\nHost: venue\r\nConnection: close\r\n\r\n`;
const upgrade = (target: string, key = 'dGhlIHNhbXBsZSBub25jZQ==') =>
  `GET ${target} HTTP/1.1\r\nHost: venue\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  `Sec-WebSocket-Version: 13\r\n${key === '' ? '' : `Sec-WebSocket-Key: ${key}\r\n`}\r\n`;

const ODD = {
  'two slashes': plain('//'),
  'a host that is none': plain('http://'),
  'an escape that is none': plain('/%zz?symbol=%zz'),
  'a product that cannot be read': plain('/api/v3/brokerage/market/products/%ff%zz/candles'),
  'no path': plain('?a=1'),
  'an asterisk': plain('*', 'OPTIONS'),
  'a method nobody uses': plain('/', 'PROPFIND'),
  'a method nobody knows': plain('/', 'LISTEN'),
  'a URL of 100,000 letters': plain(`/${'a'.repeat(100_000)}`),
  'no HTTP at all': '\u0000\u0001\u0002\r\n\r\n',
  'an upgrade of two slashes without a key': upgrade('//', ''),
  'an upgrade of an escape that is none, without a key': upgrade('/ws/%zz', ''),
  'an upgrade with a key that is none': upgrade('/ws', '?'),
} as const;

describe.each(SIMULATED_VENUES)('a request that is no request, at %s', (venue) => {
  it.each(Object.entries(ODD))('is refused, and the next one is served: %s', async (_name, text) => {
    const simulator = start(venue);
    const { port, rest } = await simulator.listen();
    expect(await raw(port, text)).toMatch(/^HTTP\/1\.1 4\d\d /);
    const time = venue === 'coinbase' ? '/api/v3/brokerage/time' : '/api/v3/time';
    expect((await fetch(rest + time)).status).toBe(200);
  });

  it('is answered like any other wherever the text can be carried, however odd', async () => {
    const { transport } = start(venue);
    const routes =
      venue === 'coinbase'
        ? ['/market/products', '/market/products/BTC-USD/candles', '/market/products/BTC-USD/ticker']
        : ['klines', 'ticker/24hr', 'aggTrades', 'exchangeInfo'];
    const base = venue === 'coinbase' ? '/api/v3/brokerage' : '/api/v3/';
    const value = fc.oneof(
      fc.string({ maxLength: 8 }),
      fc.constantFrom('BTCUSDT', '["A\\Q"]', '[]', '["BTCUSDT"]', '1m', 'ONE_MINUTE', '-1', '%zz', 'NaN'),
      fc.integer({ min: 0, max: 10 ** 15 }).map(String),
    );
    const names = ['symbol', 'symbols', 'interval', 'granularity', 'startTime', 'start', 'end', 'limit', 'x'];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...routes),
        fc.array(fc.tuple(fc.constantFrom(...names), value), { maxLength: 5 }),
        async (route, query) => {
          const { status } = await ask(transport, `${base}${route}?${new URLSearchParams(query).toString()}`);
          // 500 is how the venue answers trades asked for by the thousand.
          expect([200, 400, 404, 418, 429, 500]).toContain(status);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('opens no stream at a path of no stream', async () => {
    const { transport } = start(venue);
    const heard = listen(transport, '/%zz');
    await new Promise(setImmediate);
    expect(heard.frames).toEqual([]);
  });
});
