import { BinanceAdapter, CoinbaseAdapter, defaultExchange } from '@livermore/exchange-core';
import type { AdapterOptions, StreamingAdapter } from '@livermore/exchange-core';
import { ManualClock, ReplayClock, seededRandom, silentLogger } from '@livermore/utils';
import type { Clock } from '@livermore/utils';
import { afterEach, describe, expect, it } from 'vitest';
import { createSimulator } from './create-simulator';
import type { Market } from './market/market';
import { createSeededMarket } from './market/seeded-market';
import { defaultUniverse } from './market/universe';
import type { Simulator, SimulatorOptions } from './simulator';
import { createFakeMarket } from './testing/fake-market';

/** The adapters against the venues they were written for, as a node runs them, in process and over real sockets. */

const NOW = 1_795_312_805_123;
const HOUR = 3_600_000;
const LENGTHS = { '1m': 60_000, '5m': 300_000, '15m': 900_000, '1h': HOUR, '4h': 4 * HOUR, '1d': 24 * HOUR };
const TIMEFRAMES = ['1m', '5m', '15m', '1h', '4h', '1d'] as const;

const ofTheBook = (symbol: string) => symbol.replace('-USDC', '-USD');

let running: { readonly simulator: Simulator; readonly adapter: StreamingAdapter } | undefined;
afterEach(async () => {
  await running?.adapter.disconnect();
  await running?.simulator.close();
});

interface Stage<C extends Clock> {
  readonly clock: C;
  readonly venue: SimulatorOptions['venue'];
  readonly market?: Market;
  readonly simulator?: Partial<SimulatorOptions>;
  readonly adapter?: Partial<AdapterOptions>;
}

function start<C extends Clock>({ clock, venue, ...over }: Stage<C>) {
  const market = over.market ?? createSeededMarket({ seed: 1, symbols: defaultUniverse(venue) });
  const simulator = createSimulator({ venue, market, clock, ...over.simulator });
  const Adapter = venue === 'coinbase' ? CoinbaseAdapter : BinanceAdapter;
  const adapter = new Adapter({
    exchange: defaultExchange(venue),
    transport: simulator.transport,
    clock,
    random: seededRandom(3),
    logger: silentLogger,
    ...over.adapter,
  });
  running = { simulator, adapter };
  const closes: string[] = [];
  const told: string[] = [];
  adapter.on('candle:close', ({ candle }) =>
    closes.push(`${candle.symbol} ${candle.timeframe} ${candle.timestamp}`),
  );
  adapter.on('feed:repair', ({ reason }) => told.push(`repair: ${reason}`));
  adapter.on('disconnected', ({ reason }) => told.push(`disconnected: ${reason}`));
  adapter.on('error', ({ message }) => told.push(`error: ${message}`));
  return { simulator, adapter, closes, told };
}

/** Every bar of these symbols that closed between two instants. */
function closedBetween(symbols: readonly string[], from: number, to: number): string[] {
  return symbols.flatMap((symbol) =>
    TIMEFRAMES.flatMap((timeframe) => {
      const length = LENGTHS[timeframe];
      const bars: string[] = [];
      for (let open = Math.floor(from / length) * length; open + length < to; open += length)
        bars.push(`${symbol} ${timeframe} ${open}`);
      return bars;
    }),
  );
}

describe('the Binance adapter', () => {
  it.each([
    ['binance.com', 'binance', 'post'],
    ['binance.us before its upgrade, which pings every three minutes', 'binance_us', 'pre'],
    ['binance.us after it', 'binance_us', 'post'],
  ] as const)(
    'hears every close once over two days of %s, and is never sent away',
    async (_name, venue, us) => {
      const clock = new ReplayClock({ startMs: NOW, speed: 'max' });
      const paced = { usProfile: us, updateEveryMs: 300_000 };
      const { simulator, adapter, closes, told } = start({ clock, venue, simulator: paced });
      const symbols = ['BTCUSDT', 'BANDUSDT'];
      for (const timeframe of TIMEFRAMES) adapter.subscribe(symbols, timeframe);
      void adapter.connect();
      await clock.run(NOW + 48 * HOUR);
      expect(closes.toSorted()).toEqual(closedBetween(symbols, NOW, NOW + 48 * HOUR - 100).toSorted());
      expect(told).toEqual([]);
      expect(adapter.facts().connections).toMatchObject([{ rotations: 2, reconnects: 0 }]);
      expect(simulator.log.closedFor).toEqual([]);
      expect(simulator.log.busiestSecond).toBeLessThanOrEqual(5);
    },
  );

  it('spreads more streams than a connection may have, and loses none of them to the limits', async () => {
    const clock = new ReplayClock({ startMs: NOW, speed: 'max' });
    const symbols = Array.from({ length: 300 }, (_, at) => `A${at}USDT`);
    const market = createFakeMarket(
      symbols.map((symbol) => ({ symbol, everyMs: 3_600_000, from: NOW - HOUR })),
    );
    const { simulator, adapter, told } = start({ clock, venue: 'binance', market });
    for (const timeframe of TIMEFRAMES) adapter.subscribe(symbols, timeframe);
    void adapter.connect();
    await clock.run(NOW + 120_000);
    const { connections, topicsActive } = adapter.facts();
    expect([connections.length, topicsActive]).toEqual([3, 1800]);
    expect(told.filter((each) => !each.startsWith('repair: connected after the first'))).toEqual([]);
    expect(simulator.log.closedFor).toEqual([]);
    expect(simulator.log.busiestSecond).toBeLessThanOrEqual(5);
  });

  it('takes the silence of long bars that hardly trade for what it is', async () => {
    const clock = new ReplayClock({ startMs: NOW, speed: 'max' });
    const market = createFakeMarket([{ symbol: 'THINUSDT', everyMs: 24 * HOUR, from: NOW - 48 * HOUR }]);
    const { simulator, adapter, closes, told } = start({ clock, venue: 'binance_us', market });
    adapter.subscribe(['THINUSDT'], '15m');
    void adapter.connect();
    await clock.run(NOW + 6 * HOUR);
    expect(closes).toHaveLength(24);
    expect(told).toEqual([]);
    expect(simulator.log.connections).toBe(1);
  });

  it('waits out being shut out, and comes back by itself', async () => {
    const clock = new ReplayClock({ startMs: NOW, speed: 'max' });
    const outOfDoors = { at: 60_000, for: 600_000, fault: { kind: 'refuse-connections' as const } };
    const cut = { at: 61_000, fault: { kind: 'cut' as const } };
    const { simulator, adapter } = start({
      clock,
      venue: 'binance',
      simulator: { faults: [outOfDoors, cut] },
    });
    adapter.subscribe(['BTCUSDT'], '1m');
    void adapter.connect();
    await clock.run(NOW + 659_000);
    expect(adapter.isConnected()).toBe(false);
    expect(simulator.log.connections).toBeLessThan(60);
    await clock.run(NOW + 780_000);
    expect(adapter.isConnected()).toBe(true);
  });
});

describe('the Coinbase adapter', () => {
  it('subscribes over several connections within the eight frames a second of its address', async () => {
    const clock = new ReplayClock({ startMs: NOW, speed: 'max' });
    const symbols = Array.from({ length: 700 }, (_, at) => `A${at}-USD`);
    const market = createFakeMarket(symbols.map((symbol) => ({ symbol, everyMs: 60_000, from: NOW - HOUR })));
    const { simulator, adapter, told } = start({ clock, venue: 'coinbase', market });
    adapter.subscribe(symbols, '5m');
    void adapter.connect();
    await clock.run(NOW + 100_000);
    const { connections, topicsActive, topicsWanted } = adapter.facts();
    expect([connections.length, topicsActive]).toEqual([3, topicsWanted]);
    expect(told.filter((each) => !each.startsWith('repair: connected after the first'))).toEqual([]);
    expect(simulator.log.closedFor).toEqual([]);
  });

  it('tells both names of one book the same', async () => {
    const clock = new ReplayClock({ startMs: NOW, speed: 'max' });
    const { adapter } = start({ clock, venue: 'coinbase', adapter: { streamNames: ofTheBook } });
    const heard = new Map<string, string[]>([
      ['BTC-USD', []],
      ['BTC-USDC', []],
    ]);
    adapter.on('candle:update', ({ candle: { symbol, ...candle } }) =>
      heard.get(symbol)?.push(JSON.stringify(candle)),
    );
    adapter.subscribe([...heard.keys()], '5m');
    void adapter.connect();
    await clock.run(NOW + 60_000);
    expect(heard.get('BTC-USD')?.length).toBeGreaterThan(100);
    expect(heard.get('BTC-USDC')).toEqual(heard.get('BTC-USD'));
  });

  it.each([
    ['a gap in the numbers', { kind: 'sequence-gap', frames: 3 }],
    ['numbers that begin anew', { kind: 'sequence-restart' }],
  ] as const)('goes on through %s within seconds, and has it repaired', async (_name, fault) => {
    const clock = new ReplayClock({ startMs: NOW, speed: 'max' });
    const { adapter, told, simulator } = start({
      clock,
      venue: 'coinbase',
      simulator: { faults: [{ at: 30_000, fault }] },
    });
    adapter.subscribe(['BTC-USD', 'ETH-USD'], '5m');
    void adapter.connect();
    await clock.run(NOW + 30_000);
    let firstAfter = 0;
    adapter.on('candle:update', () => (firstAfter ||= clock.now()));
    await clock.run(NOW + 40_000);
    expect(firstAfter).toBeLessThan(NOW + 35_000);
    expect(told).toEqual(['repair: frames were lost']);
    expect(simulator.log.connections).toBe(1);
  });

  it('looks ever more seldom whether a product that does not trade is dead', async () => {
    const clock = new ReplayClock({ startMs: NOW, speed: 'max' });
    const market = createFakeMarket([
      { symbol: 'THIN-USD', everyMs: 60_000, from: NOW - 48 * HOUR, until: NOW - HOUR },
    ]);
    const { simulator, adapter, told } = start({ clock, venue: 'coinbase', market });
    adapter.subscribe(['THIN-USD'], '5m');
    void adapter.connect();
    await clock.run(NOW + 12 * HOUR);
    expect(new Set(told)).toEqual(new Set(['disconnected: silent: no data', 'repair: silent: no data']));
    expect(simulator.log.connections).toBeLessThan(20);
    expect(adapter.isConnected()).toBe(true);
  });

  it('counts frames of unknown types, and takes none for damage', async () => {
    const clock = new ReplayClock({ startMs: NOW, speed: 'max' });
    const faults = [{ at: 5000, for: 20_000, fault: { kind: 'frames-unknown' as const } }];
    const { adapter } = start({ clock, venue: 'coinbase', simulator: { faults } });
    adapter.subscribe(['BTC-USD'], '5m');
    void adapter.connect();
    await clock.run(NOW + 30_000);
    const { decodeErrors, ignored } = adapter.facts();
    expect(decodeErrors).toEqual({});
    expect(Object.keys(ignored).toSorted()).toEqual(['announcements', 'notice']);
  });
});

/** Advances until something is true that real sockets bring about, for a bounded number of steps. */
async function until(clock: ManualClock, stepMs: number, isDone: () => boolean) {
  for (let step = 0; step < 5000 && !isDone(); step += 1) await clock.advance(stepMs);
  expect(isDone()).toBe(true);
}

describe('over real sockets', () => {
  it.each([
    ['binance', 'BTCUSDT', '1m'],
    ['binance_us', 'BTCUSDT', '1m'],
    ['coinbase', 'BTC-USD', '5m'],
  ] as const)(
    '%s streams %s to an adapter that was given a record and a clock',
    async (venue, symbol, timeframe) => {
      const clock = new ManualClock(NOW);
      const market = createSeededMarket({ seed: 1, symbols: defaultUniverse(venue) });
      const simulator = createSimulator({ venue, market, clock });
      const { rest, ws } = await simulator.listen();
      const exchange = { ...defaultExchange(venue), restUrl: rest, wsUrl: ws };
      const Adapter = venue === 'coinbase' ? CoinbaseAdapter : BinanceAdapter;
      const adapter = new Adapter({ exchange, clock, logger: silentLogger, random: seededRandom(3) });
      running = { simulator, adapter };
      const heard: number[] = [];
      adapter.on('candle:close', ({ candle }) => heard.push(candle.timestamp));
      adapter.on('candle:update', ({ candle }) => heard.push(candle.timestamp));
      adapter.subscribe([symbol], timeframe);
      let isThere = false;
      void adapter.connect().then(() => (isThere = true));
      await until(clock, 20, () => isThere);
      const step = LENGTHS[timeframe];
      const second = Math.floor(NOW / step) * step + step;
      await until(clock, 250, () => heard.includes(second));
      expect(simulator.log.closedFor).toEqual([]);
      expect(adapter.facts().decodeErrors).toEqual({});
      await adapter.disconnect();
      expect(adapter.isConnected()).toBe(false);
    },
  );
});
