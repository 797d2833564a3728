import { readFileSync } from 'node:fs';
import { ManualClock } from '@livermore/utils';
import { afterEach, describe, expect, it } from 'vitest';
import { createSimulator } from '../create-simulator';
import { createSeededMarket } from '../market/seeded-market';
import { defaultUniverse } from '../market/universe';
import { SIMULATED_VENUES } from '../simulator';
import type { SimulatedVenue, Simulator } from '../simulator';
import { candlesBody, symbolAt } from '../testing/candle-rows';
import { ask, listen } from '../testing/client';
import { disagreeing } from './disagreeing';
import { FaultSchema, FaultScriptSchema } from './fault';
import type { FaultKind, OrderedFault } from './fault';
import { VENUES_OF_FAULTS, isApplicable } from './fault-registry';

const NOW = 1_795_312_805_123;
const BEFORE_BOUNDARY = NOW - (NOW % 300_000) + 300_000 - 12_000;

const KINDS: readonly FaultKind[] = FaultSchema.options.map((option) => option.shape.kind.value);

/** Fields without which a fault of the kind is none, or would not show within a minute or two. */
const NEEDED: Readonly<Partial<Record<FaultKind, object>>> = {
  'frames-delayed': { byMs: 1000 },
  'frames-truncated': { share: 1 },
  'closes-late': { byMs: 3000 },
  'rest-slow': { byMs: 1000 },
  'rest-lag': { byMs: 30_000 },
  'clock-skew': { byMs: 5000 },
  'rows-missing': { share: 0.5 },
  'revised-candle': { barsAgo: 1 },
  'server-shutdown': { leadMs: 1000 },
};

let running: Simulator | undefined;
afterEach(() => running?.close());

function faultOf(kind: FaultKind, venue: SimulatedVenue): OrderedFault {
  const symbol = kind === 'bad-symbol' ? { symbol: symbolAt(venue, 'BTC') } : {};
  return FaultSchema.parse({ kind, ...symbol, ...NEEDED[kind] });
}

function start(venue: SimulatedVenue) {
  const clock = new ManualClock(BEFORE_BOUNDARY);
  const thin = symbolAt(venue, 'BAND');
  const universe = defaultUniverse(venue).filter(({ symbol }, at) => at < 3 || symbol === thin);
  const market = createSeededMarket({ seed: 1, symbols: universe });
  const simulator = createSimulator({ venue, market, clock });
  running = simulator;
  return { clock, simulator };
}

/** A client that uses all that faults can strike: streams of several kinds, candles, listing. */
async function live(venue: SimulatedVenue, fault: OrderedFault) {
  const { clock, simulator } = start(venue);
  const connect = () => {
    if (venue !== 'coinbase')
      return listen(simulator.transport, '/stream?streams=btcusdt@kline_1m/btcusdt@ticker/!miniTicker@arr');
    const heard = listen(simulator.transport, '/');
    for (const channel of ['heartbeats', 'candles', 'ticker', 'level2'])
      heard.socket.send(
        JSON.stringify({
          type: 'subscribe',
          channel,
          product_ids: [symbolAt(venue, 'BTC'), symbolAt(venue, 'ETH')],
        }),
      );
    return heard;
  };
  const listing = venue === 'coinbase' ? '/api/v3/brokerage/market/products' : '/api/v3/exchangeInfo';
  connect();
  await clock.advance(3000);
  const end = simulator.inject(fault);
  connect();
  for (let step = 0; step < 20; step += 1) {
    for (const base of ['BTC', 'BAND']) {
      const symbol = symbolAt(venue, base);
      const asked = { symbol, interval: '1m', bars: 20, now: clock.now() } as const;
      // Some faults never answer.
      void candlesBody(venue, simulator.transport, asked).catch(() => undefined);
    }
    void ask(simulator.transport, listing).catch(() => undefined);
    await clock.advance(1000);
  }
  end();
  return simulator;
}

describe.each(SIMULATED_VENUES)('a fault at %s', (venue) => {
  const applicable = KINDS.filter((kind) => isApplicable(kind, venue));

  it.each(applicable.filter((kind) => kind !== 'disagreeing'))('really acts there: %s', async (kind) => {
    const simulator = await live(venue, faultOf(kind, venue));
    expect(simulator.faultsApplied.get(kind)).toBeGreaterThan(0);
    expect([...simulator.faultsApplied.keys()]).toEqual([kind]);
  });

  it('that would do nothing there is refused, in a script by its line, injected too', () => {
    const { clock, simulator } = start(venue);
    const others = KINDS.filter((kind) => !isApplicable(kind, venue));
    expect(others.length).toBeGreaterThan(0);
    for (const kind of others) {
      const fault = faultOf(kind, venue);
      const { market } = { market: createSeededMarket({ seed: 1, symbols: [] }) };
      const script = [
        { at: '1m', fault: { kind: 'cut' as const } },
        { at: '2m', fault },
      ];
      expect(() => createSimulator({ venue, market, clock, faults: script })).toThrow(
        `line 1: ${kind} does nothing at ${venue}; it is a fault of ${VENUES_OF_FAULTS[kind]?.join(', ')}`,
      );
      expect(() => simulator.inject(fault)).toThrow(
        expect.objectContaining({ code: 'fault_not_applicable' }),
      );
    }
  });

  it('of a timeframe that is not there is refused', () => {
    const { simulator } = start(venue);
    for (const kind of ['series-silent', 'rest-stale', 'row-bad'] as const)
      expect(() => simulator.inject({ kind, timeframe: '7m' })).toThrow(
        `${kind} of 7m does nothing at ${venue}`,
      );
    // Streamed at two of the venues, served by REST at all.
    const silenceMinutes = () => simulator.inject({ kind: 'series-silent', timeframe: '1m' });
    if (venue === 'coinbase')
      expect(silenceMinutes).toThrow('series-silent of 1m does nothing at coinbase; it has 5m');
    else expect(silenceMinutes).not.toThrow();
    expect(() => simulator.inject({ kind: 'rest-stale', timeframe: '1m' })).not.toThrow();
  });

  it('of the disagreeing script is one that acts there', () => {
    const script = FaultScriptSchema.parse(disagreeing(venue));
    expect(script.length).toBeGreaterThan(5);
    expect(script.filter(({ fault }) => !isApplicable(fault.kind, venue))).toEqual([]);
  });
});

describe('what the table of faults says of venues', () => {
  it('is what the registry says', () => {
    const source = readFileSync(new URL('./fault.ts', import.meta.url), 'utf8');
    for (const kind of KINDS) {
      const [, comment = ''] =
        new RegExp(
          `/\\*\\*((?:(?!\\*/)[^])*)\\*/\\s*z\\.strictObject\\(\\{\\s*kind: z\\.literal\\('${kind}'`,
        ).exec(source) ?? [];
      const [, name] = /^[\s*]*(Binance|Coinbase):/.exec(comment) ?? [];
      const known = VENUES_OF_FAULTS[kind];
      expect([kind, name?.toLowerCase()]).toEqual([kind, known?.[0]]);
    }
  });
});
