import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { ManualClock } from '@livermore/utils';
import { afterEach, describe, expect, it } from 'vitest';
import { createSimulator } from '../create-simulator';
import type { OrderedFault } from '../faults/fault';
import { createSeededMarket } from '../market/seeded-market';
import { defaultUniverse } from '../market/universe';
import { SIMULATED_VENUES } from '../simulator';
import type { SimulatedVenue, Simulator } from '../simulator';
import { ask } from '../testing/client';

/** Answers whose head or body is out of all proportion, on real sockets and without a network. */

const NOW = 1_795_312_805_123;

let running: Simulator | undefined;
afterEach(() => running?.close());

async function start(venue: SimulatedVenue, fault?: OrderedFault) {
  const market = createSeededMarket({ seed: 1, symbols: defaultUniverse(venue).slice(0, 2) });
  const clock = new ManualClock(NOW);
  const simulator = createSimulator({ venue, market, clock, ...(fault && { faults: [{ at: 0, fault }] }) });
  running = simulator;
  const path = venue === 'coinbase' ? '/api/v3/brokerage/time' : '/api/v3/time';
  const { port, rest } = await simulator.listen();
  return { simulator, clock, port, path, url: rest + path };
}

/** The head of an answer, whose body nobody has read yet. */
async function headOf(port: number, path: string): Promise<IncomingMessage> {
  const asked = request({ port, host: '127.0.0.1', path });
  asked.on('error', () => undefined);
  const answered = new Promise<IncomingMessage>((resolve) => asked.once('response', resolve));
  asked.end();
  return answered;
}

describe.each(SIMULATED_VENUES)('an answer of %s', (venue) => {
  it.each(['1000000000', '-5', 'soon', '', '1e400'])(
    'may ask to come back after "%s"',
    async (retryAfter) => {
      for (const [fault, status] of [
        [{ kind: 'rest-429', retryAfter }, 429],
        [{ kind: 'rest-5xx', retryAfter }, 503],
        [{ kind: 'rest-418', retryAfter }, venue === 'coinbase' ? 403 : 418],
      ] as const) {
        const { simulator, url, path } = await start(venue, fault);
        const answer = await fetch(url);
        expect([answer.status, answer.headers.get('retry-after')]).toEqual([status, retryAfter]);
        const inside = await ask(simulator.transport, path);
        expect([inside.status, inside.headers['retry-after']]).toEqual([status, retryAfter]);
        await simulator.close();
      }
    },
  );

  it('may be lists in lists, deeper than a reader may recurse', async () => {
    const { simulator, url, path } = await start(venue, { kind: 'rest-deep', depth: 100_000 });
    const body = await (await fetch(url)).text();
    expect(body).toBe('['.repeat(100_000) + ']'.repeat(100_000));
    const inside = await ask(simulator.transport, path);
    expect([inside.status, inside.body]).toEqual([200, body]);
  });

  it('may be huge: so many blanks before it, and no fewer', async () => {
    const plain = await start(venue);
    const truth = await (await fetch(plain.url)).text();
    await plain.simulator.close();
    const bytes = 5_000_000;
    const { simulator, url, path } = await start(venue, { kind: 'rest-huge', bytes });
    const body = await (await fetch(url)).text();
    expect([body.length, body.trim()]).toEqual([bytes + truth.length, truth]);
    expect((await ask(simulator.transport, path)).body).toBe(body);
  });

  it('is not made before it is read, however huge, nor does a reader who leaves stop the venue', async () => {
    const { port, path, simulator } = await start(venue, { kind: 'rest-huge', bytes: 2 ** 40 });
    const head = await headOf(port, path);
    expect(head.statusCode).toBe(200);
    const [first] = await once(head, 'data').then(([chunk]) => [String(chunk)]);
    expect(first?.trim()).toBe('');
    head.destroy();
    await simulator.close();
  });

  it('may drip: its head is there at once, its body second by second', async () => {
    const { port, path, clock, simulator } = await start(venue, { kind: 'rest-drip', bytesPerSecond: 7 });
    const head = await headOf(port, path);
    let body = '';
    head.on('data', (chunk: Buffer) => (body += chunk.toString()));
    const ended = once(head, 'end');
    await clock.advance(1000);
    while (body === '') await new Promise(setImmediate);
    expect(body).toHaveLength(7);
    let inside: string | undefined;
    void ask(simulator.transport, path).then((answer) => (inside = answer.body));
    await clock.advance(1000);
    expect(inside).toBeUndefined();
    await clock.advance(60_000);
    await ended;
    // The clock the venue tells went on between the two.
    expect(inside).toHaveLength(body.length);
    expect(body.length).toBeGreaterThan(20);
  });
});
