import { once } from 'node:events';
import { connect } from 'node:net';
import { LookStore, VerifiedStore, createRedis, exchangeCandleKey } from '@livermore/cache';
import type { Look } from '@livermore/cache';
import { freshExchangeId } from '@livermore/cache/testing';
import { DEFAULT_CANDLE_TARGET, targetWindow } from '@livermore/exchange-core';
import { TIMEFRAMES, closeTimeOf, openTimeOf, seriesKey } from '@livermore/schemas';
import type { Timeframe } from '@livermore/schemas';
import {
  FaultNotApplicableError,
  createSeededMarket,
  createSimulator,
  defaultUniverse,
} from '@livermore/simulator';
import type { FaultScript, SimulatedVenue } from '@livermore/simulator';
import { ManualClock, must } from '@livermore/utils';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { prepareData } from '../proof/data';
import type { ProofVenue } from '../proof/data';
import { REPLAY_FAULTS } from '../proof/replay-faults';
import { runReplayFault } from '../proof/replay-row';
import { LiveExchange } from './lib/live-exchange';
import { usePrivateRedis } from './lib/private-redis';

const MINUTE = 60_000;
const MIDNIGHT = Date.UTC(2026, 2, 11);
const BUSY: Readonly<Record<ProofVenue, string>> = { binance: 'BTCUSDT', coinbase: 'BTC-USD' };

const redisUrl = usePrivateRedis();

let live: LiveExchange | undefined;
afterEach(async () => {
  await live?.close();
  live = undefined;
});

interface Started {
  readonly venue: ProofVenue;
  readonly faults?: FaultScript;
  readonly startMs?: number;
  readonly exchangeId?: number;
  readonly symbols?: readonly string[];
  readonly audit?: boolean;
  readonly onRequest?: (url: string) => Promise<void>;
}

/** An exchange of one busy symbol, put away after the test. */
function exchange({ venue, audit = false, ...more }: Started): LiveExchange {
  live = new LiveExchange({
    venue,
    redisUrl: redisUrl(),
    symbols: [BUSY[venue]],
    startMs: MIDNIGHT - 4 * MINUTE,
    more: { audit },
    ...more,
  });
  return live;
}

/** A younger bar (ms since its close) may be on its way. */
const YOUNG = 100_000;

/**
 * What the cache of a busy symbol lacks and holds wrongly, at every open time of each timeframe from `fromOf` on, by
 * timeframe; and how many bars were compared.
 */
async function compareAll(
  started: LiveExchange,
  venue: ProofVenue,
  fromOf: (timeframe: Timeframe) => number,
) {
  const missing: Partial<Record<Timeframe, readonly number[]>> = {};
  const wrong: Partial<Record<Timeframe, readonly number[]>> = {};
  let compared = 0;
  for (const timeframe of TIMEFRAMES) {
    const to = openTimeOf(timeframe, started.clock.now() - YOUNG);
    const found = await started.compare({ symbol: BUSY[venue], timeframe }, { from: fromOf(timeframe), to });
    const different = found.different.map(({ openTime }) => openTime);
    // A busy symbol has no bar without trades.
    const bad = [...different, ...found.invented, ...found.falselyQuiet, ...found.quiet];
    if (bad.length > 0) wrong[timeframe] = bad;
    if (found.missing.length > 0) missing[timeframe] = found.missing;
    compared += found.compared;
  }
  return { wrong, missing, compared };
}

/** From the oldest bar that a warmup brings, whatever else it brings. */
const warmedAt = (startMs: number) => (timeframe: Timeframe) =>
  targetWindow(timeframe, DEFAULT_CANDLE_TARGET, startMs).from;

/** Bars that wait for another reading, whenever it is due. */
function waitingBars(started: LiveExchange) {
  const looks = new LookStore(started.redis);
  return started.clock.during(looks.due(started.exchange.id, Number.MAX_SAFE_INTEGER));
}

function namesOf(looks: readonly Look[]): readonly string[] {
  return looks.map(({ series, openTime }) => `${seriesKey(series)} ${openTime}`);
}

/** What a user sees when the venue is wrong, and the row of the matrix in which it is. */
const STALE = [
  'A7: REST repeats closed rows as before their close and the socket is cut each minute',
  'stale-rows-cut-each-minute',
] as const;
const LIE = ['A7: one answer is well-formed and wrong while the stream is deaf', 'one-lie'] as const;
const LATE = ['A1: the venue corrects bars twelve minutes after their close', 'corrected-late'] as const;
const ROWS: Readonly<Record<ProofVenue, readonly (readonly [string, string])[]>> = {
  binance: [STALE, LIE, LATE],
  coinbase: [
    STALE,
    LIE,
    LATE,
    ['A7: snapshots lack a tenth of the volume of older buckets', 'snapshot-lossy'],
    ['A7: all of REST is 200 s behind while the stream is deaf', 'rest-200s-behind-deaf'],
    ['A6: an empty list is answered twice right after a close', 'empty-lists'],
    ['A6: three rows in ten are withheld for an hour', 'rows-withheld'],
  ],
};

describe.each(['binance', 'coinbase'] as const)(
  'no candle of %s ends wrong, and none is said wrongly',
  (venue) => {
    const data = prepareData(venue, undefined);
    afterAll(() => data.remove());

    it.each(ROWS[venue])('when %s (%s)', async (_title, id) => {
      const fault = REPLAY_FAULTS.find((each) => each.id === id);
      if (fault === undefined) throw new Error(`there is no row ${id}`);
      const symbols = id === 'rows-withheld' ? [data.busy, data.thin] : [data.busy];
      const row = await runReplayFault(fault, data, { redisUrl: redisUrl(), symbols });
      const { problems, differences, missing } = row;
      expect({ problems, differences, missing }).toEqual({ problems: [], differences: [], missing: [] });
      expect(row.candles).toMatchObject({ falselyQuiet: 0, announcedWrongLast: 0, unannounced: 0 });
      expect(row.candles.lived).toBeGreaterThan(150);
    });
  },
);

describe('a minute of Coinbase that never reaches us', () => {
  const data = prepareData('coinbase', undefined);
  afterAll(() => data.remove());

  it('A6: is missing, and never called quiet', async () => {
    const row = await runReplayFault(
      {
        id: 'minutes-withheld',
        title: 'two minutes in a hundred never reach us',
        script: () => [
          { at: 0, fault: { kind: 'rows-missing', timeframe: '1m', share: 0.02 } },
          { at: '60m', for: '30m', fault: { kind: 'frames-dropped' } },
        ],
      },
      data,
      { redisUrl: redisUrl(), symbols: [data.busy, data.thin] },
    );
    // What is withheld for good is missing, and that is said; it is never called quiet.
    expect(row.candles).toMatchObject({ falselyQuiet: 0, different: 0, invented: 0 });
    expect(row.candles.missing).toBeGreaterThan(0);
  });
});

describe.each(['binance', 'coinbase'] as const)('an odd listing of %s', (venue) => {
  it.each(['field-missing', 'field-null', 'name', 'types', 'null', 'all'] as const)(
    'A8: keeps no exchange from becoming active: %s',
    async (what) => {
      const started = exchange({ venue, faults: [{ at: 0, fault: { kind: 'listing-odd', what } }] });
      await started.live(2 * MINUTE);
      expect(started.simulator.faultsApplied.get('listing-odd')).toBeGreaterThan(0);
      expect(started.instance.state).toBe('active');
    },
  );
});

describe.each(['binance', 'coinbase'] as const)(
  'one row of every answer of %s that cannot be read',
  (venue) => {
    /** The oldest bar of each timeframe in the cache of an exchange whose answers can all be read. */
    const oldestBars = async () => {
      const untroubled = exchange({ venue });
      await untroubled.live(5 * MINUTE);
      const oldest = new Map<Timeframe, number>();
      for (const timeframe of TIMEFRAMES) {
        const [bar] = await untroubled.closedBars({ symbol: BUSY[venue], timeframe });
        oldest.set(timeframe, must(bar, 'an oldest bar').timestamp);
      }
      await untroubled.close();
      return (timeframe: Timeframe) => must(oldest.get(timeframe), 'an oldest bar');
    };

    it.each(['zero-low', 'nan', 'negative-volume', 'high-below-open', 'short', 'null'] as const)(
      'A8: costs that bar alone, until it can be read: %s',
      async (what) => {
        const oldest = await oldestBars();
        const started = exchange({ venue });
        const readable = started.simulator.inject({ kind: 'row-bad', what });
        await started.live(5 * MINUTE);
        expect(started.simulator.faultsApplied.get('row-bad')).toBeGreaterThan(0);
        const spoilt = await compareAll(started, venue, oldest);
        expect(spoilt.wrong).toEqual({});
        expect(Object.values(spoilt.missing).filter(({ length }) => length > 1)).toEqual([]);
        readable();
        await started.pass(40 * MINUTE);
        const whole = await compareAll(started, venue, warmedAt(MIDNIGHT - 4 * MINUTE));
        expect(whole).toMatchObject({ wrong: {}, missing: {} });
        expect(whole.compared).toBeGreaterThanOrEqual(TIMEFRAMES.length * DEFAULT_CANDLE_TARGET);
      },
    );
  },
);

describe.each(['binance', 'coinbase'] as const)('tickers of %s in an odd spelling', (venue) => {
  it('A8: make no gap and no request', async () => {
    const faults: FaultScript = [{ at: 0, fault: { kind: 'ticker-bad', value: '-1.5e-05' } }];
    const requests: number[] = [];
    for (const script of [[], faults]) {
      const started = exchange({ venue, faults: script });
      await started.live(10 * MINUTE);
      requests.push(started.simulator.log.requests);
      if (script.length > 0) expect(started.simulator.faultsApplied.get('ticker-bad')).toBeGreaterThan(0);
      expect(started.instance.facts().gaps).toMatchObject({ open: 0, failures: 0 });
      await started.close();
      live = undefined;
    }
    expect(requests[1]).toBe(requests[0]);
  });
});

describe('history', () => {
  it.each(['binance', 'coinbase'] as const)(
    'is no news: a cold start on %s tells no close from before it was live',
    async (venue) => {
      const started = exchange({ venue });
      const ears = await started.hear();
      await started.live(8 * MINUTE);
      const heard = await ears.stop();
      const old = heard.filter((bar) => closeTimeOf(bar.timeframe, bar.timestamp) <= MIDNIGHT - 4 * MINUTE);
      expect(old).toEqual([]);
      expect(heard.length).toBeGreaterThan(5);
    },
  );

  it.each(['binance', 'coinbase'] as const)(
    'is told as a correction where it changes what was told: a bar of %s that changed while nobody was there',
    async (venue) => {
      const exchangeId = freshExchangeId();
      const first = exchange({ venue, exchangeId });
      const before = await first.hear();
      await first.live(10 * MINUTE);
      const told = (await before.stop()).find((bar) => bar.timeframe === '1m');
      await first.close({ remove: false });
      const key = exchangeCandleKey(exchangeId, BUSY[venue], '1m');
      // Its neighbours are gone, so that the warmup has to ask.
      const plain = createRedis(redisUrl());
      for (const beside of [-MINUTE, MINUTE]) {
        const at = (told?.timestamp ?? 0) + beside;
        expect(await plain.zremrangebyscore(key, at, at)).toBe(1);
      }
      plain.disconnect();
      const again = exchange({
        venue,
        exchangeId,
        startMs: MIDNIGHT + 7 * MINUTE,
      });
      expect(told).toBeDefined();
      const ears = await again.hear();
      const bar = { symbol: BUSY[venue], timeframe: '1m' } as const;
      const barsAgo = Math.round((MIDNIGHT + 6 * MINUTE - (told?.timestamp ?? 0)) / MINUTE);
      again.simulator.inject({ kind: 'revised-candle', ...bar, barsAgo, volume: 1.5 });
      await again.live(30 * MINUTE);
      const corrections = (await ears.stop()).filter(({ label }) => label === 'correction');
      expect(corrections.map(({ timestamp }) => timestamp)).toContain(told?.timestamp);
    },
  );
});

describe('a native 15m bar of Coinbase', () => {
  it('is asked for within seconds of its boundary, whatever stands in for it', async () => {
    const asked: number[] = [];
    const started = exchange({
      venue: 'coinbase',
      onRequest: async (url) => {
        if (url.includes('granularity=FIFTEEN_MINUTE')) asked.push(started.clock.now());
      },
    });
    await started.live(20 * MINUTE);
    const boundaries = [MIDNIGHT, MIDNIGHT + 15 * MINUTE];
    const late = boundaries.filter((at) => !asked.some((each) => each > at && each <= at + 10_000));
    expect(late).toEqual([]);
  });
});

describe('A7: what rests on one unsettled answer', () => {
  it.each(['binance', 'coinbase'] as const)(
    'is counted in the health answer of %s until it is settled',
    async (venue) => {
      const started = exchange({ venue });
      await started.live(6 * MINUTE);
      const since = started.clock.now();
      const deaf = started.simulator.inject({ kind: 'frames-dropped' });
      const behind = started.simulator.inject({ kind: 'rest-stale', byMs: 60_000, keepsNewest: true });
      await started.pass(3 * MINUTE);
      const during = await waitingBars(started);
      // What a warmup read once and long after its close waits for the audit, which is not running.
      const unsettled = namesOf(during.filter(({ openTime }) => openTime >= since - MINUTE));
      const { checks } = started.instance.health({ ok: true, detail: '' });
      expect(unsettled.length).toBeGreaterThan(0);
      expect(started.instance.facts().truth.unsettled).toBe(during.length);
      expect(checks.find(({ name }) => name === 'truth')?.detail).toContain(`${during.length} bars wait`);
      for (const kind of ['frames-dropped', 'rest-stale'] as const)
        expect(started.simulator.faultsApplied.get(kind)).toBeGreaterThan(0);
      deaf();
      behind();
      await started.pass(15 * MINUTE);
      const after = await waitingBars(started);
      expect(namesOf(after).filter((bar) => unsettled.includes(bar))).toEqual([]);
      expect(started.instance.facts().truth.unsettled).toBe(after.length);
      const whole = await compareAll(started, venue, warmedAt(MIDNIGHT - 4 * MINUTE));
      expect(whole).toMatchObject({ wrong: {}, missing: {} });
      expect(whole.compared).toBeGreaterThanOrEqual(TIMEFRAMES.length * DEFAULT_CANDLE_TARGET);
    },
  );
});

describe('the audit', () => {
  /** Series of one symbol are read in turn: this many of them in each life, so that no life reads all. */
  const READ_IN_A_LIFE = 2;

  it.each(['binance', 'coinbase'] as const)(
    'verifies every series of %s although it is killed at every third page it asks for',
    async (venue) => {
      const exchangeId = freshExchangeId();
      const lives = TIMEFRAMES.length / READ_IN_A_LIFE;
      for (let life = 0; life < lives; life += 1) {
        const started = exchange({
          venue,
          exchangeId,
          audit: true,
          startMs: MIDNIGHT + life * 11 * MINUTE,
          onRequest: async () => {
            if (started.instance.facts().truth.audit.pages > READ_IN_A_LIFE) started.kill();
          },
        });
        await started.live(10 * MINUTE);
        expect(started.isDead).toBe(true);
        live = undefined;
      }
      const redis = createRedis(redisUrl());
      const verified = await new VerifiedStore(redis).readAll(exchangeId);
      redis.disconnect();
      const read = TIMEFRAMES.filter(
        (timeframe) => (verified.get(`${BUSY[venue]} ${timeframe}`)?.readAt ?? 0) > 0,
      );
      expect(read).toEqual(TIMEFRAMES);
    },
  );
});

describe('a simulated venue', () => {
  it('refuses a fault that would do nothing there', () => {
    const venue: SimulatedVenue = 'binance';
    const market = createSeededMarket({ seed: 1, symbols: defaultUniverse(venue) });
    const clock = new ManualClock(MIDNIGHT);
    const make = () =>
      createSimulator({ venue, market, clock, faults: [{ at: 0, fault: { kind: 'snapshot-lossy' } }] });
    expect(make).toThrow(FaultNotApplicableError);
  });

  it('has minutes that differ from their neighbours in high or low, as those of a market do', () => {
    const market = createSeededMarket({ seed: 1, symbols: defaultUniverse('binance') });
    const bars = market.bars('BTCUSDT', '1m', MIDNIGHT, MIDNIGHT + 100 * MINUTE, MIDNIGHT + 200 * MINUTE);
    const alike = bars.filter((bar, at) => bar.high === bars[at - 1]?.high && bar.low === bars[at - 1]?.low);
    expect(bars).toHaveLength(100);
    expect(alike.length).toBeLessThan(10);
  });

  it('outlives a request for what is no URL', async () => {
    const venue: SimulatedVenue = 'binance';
    const market = createSeededMarket({ seed: 1, symbols: defaultUniverse(venue) });
    const simulator = createSimulator({ venue, market, clock: new ManualClock(MIDNIGHT) });
    const { port, rest } = await simulator.listen();
    const socket = connect(port, '127.0.0.1');
    socket.write('GET // HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    const [answer] = await once(socket, 'data');
    socket.destroy();
    expect(String(answer)).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect((await fetch(`${rest}/api/v3/ping`)).status).toBe(200);
    await simulator.close();
  });
});
