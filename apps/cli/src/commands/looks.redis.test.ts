import {
  CandleCacheStrategy,
  LookStore,
  QualityStore,
  SymbolStore,
  VerifiedStore,
  createRedis,
} from '@livermore/cache';
import type { QualityCounts } from '@livermore/cache';
import { sourcedCandle } from '@livermore/cache/testing';
import { startThrowAwayRedis } from '@livermore/embedded/testing';
import { defaultExchange } from '@livermore/exchange-core';
import { MICROS_PER_MS, closeTimeOf } from '@livermore/schemas';
import type { SourcedCandle, Timeframe } from '@livermore/schemas';
import { ManualClock } from '@livermore/utils';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { CliConfig } from '../config';
import { EXIT_CODES, UsageError } from '../exit-codes';
import { captured } from '../testing/captured';
import type { Captured } from '../testing/captured';
import { candles } from './candles';
import { corrections } from './corrections';
import { coverage } from './coverage';
import { quality } from './quality';

const EXCHANGE = 'sandbox';
const { id } = defaultExchange(EXCHANGE);
const MINUTE_MS = 60_000;
const NOON = Date.UTC(2026, 2, 11, 12);
const SERIES = { symbol: 'BTCUSDT', timeframe: '1m' } as const;

/** Commands name real exchanges, so they get a Redis of their own. */
let server: Awaited<ReturnType<typeof startThrowAwayRedis>>;
let redis: ReturnType<typeof createRedis>;
let cache: CandleCacheStrategy;
let config: CliConfig;

beforeAll(async () => {
  server = await startThrowAwayRedis({ env: process.env });
  redis = createRedis(server.url);
  cache = new CandleCacheStrategy(redis);
  config = { redisUrl: server.url, dataDir: '/nonexistent', logLevel: undefined, env: process.env };
});

beforeEach(async () => {
  await redis.flushall();
});

afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

/** A bar `back` minutes before noon, closed, as it was `afterMs` after its close. */
function bar(back: number, afterMs: number, over: Partial<SourcedCandle> = {}): SourcedCandle {
  const timestamp = NOON - back * MINUTE_MS;
  const asOf = (closeTimeOf('1m', timestamp) + afterMs) * MICROS_PER_MS;
  return sourcedCandle({ ...SERIES, timestamp, exchange: EXCHANGE, sequenceNum: asOf, ...over });
}

const write = (candle: SourcedCandle, cause = 'feed') =>
  cache.writeExchangeCandle(id, candle, { cause, liveSince: 0 });

/** One reading of a bar, then another with more volume: the later one is written, and that is logged. */
async function correct(back: number): Promise<void> {
  await write(bar(back, 5_000, { source: 'rest', volume: 1 }), 'boundary');
  await write(bar(back, 9_000, { source: 'rest', volume: 2 }), 'repair');
}

/** A bar that was said to be quiet and is not. */
async function retract(back: number): Promise<void> {
  const quiet = { open: 105, high: 105, low: 105, close: 105, volume: 0, source: 'no-trades' } as const;
  const { timestamp, sequenceNum } = bar(back, 0, quiet);
  await write(bar(back, 0, quiet));
  const judged = { openTime: timestamp, asOf: sequenceNum, source: 'no-trades' } as const;
  await cache.retract(id, SERIES, judged, { cause: 'refuted by a longer bar', exchange: 'binance' });
}

const CorrectionJson = z.object({
  symbol: z.string(),
  timeframe: z.string(),
  openTime: z.number(),
  kind: z.string(),
  values: z.array(z.string()),
  old: z.object({ volume: z.number(), sequenceNum: z.number(), source: z.string() }),
  new: z.object({ volume: z.number(), sequenceNum: z.number(), corrected: z.boolean() }).nullable(),
  cause: z.string(),
});

const CoverageJson = z.object({ series: z.array(z.object({ symbol: z.string() })) });

function runCorrections(options: Parameters<typeof corrections>[1] = {}): Promise<Captured> {
  return captured(() => corrections(EXCHANGE, options, config));
}

function runQuality(days: number, asJson = false): Promise<Captured> {
  return captured(() => quality(EXCHANGE, { days, json: asJson }, config, new ManualClock(NOON)));
}

function runCoverage(asJson: boolean): Promise<Captured> {
  const options = { symbols: ['BTCUSDT'], timeframes: ['1m'], bars: 5, at: NOON, json: asJson } as const;
  return captured(() => coverage(EXCHANGE, options, config));
}

async function countOf(options: Parameters<typeof corrections>[1]): Promise<number> {
  return (await runCorrections({ json: true, ...options })).out.length;
}

function keep(symbols: readonly string[]): Promise<void> {
  return new SymbolStore(redis).save(id, symbols, NOON);
}

function coverageOf(symbols: readonly string[]): Promise<Captured> {
  const options = { symbols, timeframes: ['1m'], bars: 5, at: NOON, json: true } as const;
  return captured(() => coverage(EXCHANGE, options, config));
}

async function shown(choice: string): Promise<readonly string[]> {
  const { out } = await coverageOf([choice]);
  return CoverageJson.parse(JSON.parse(out.join(''))).series.map((each) => each.symbol);
}

describe('symbols that are named', () => {
  it('are the first so many that are kept, or all', async () => {
    await keep(['ETHUSDT', 'BTCUSDT', 'LTCUSDT']);
    expect(await shown('top:2')).toEqual(['ETHUSDT', 'BTCUSDT']);
    expect(await shown('all')).toEqual(['ETHUSDT', 'BTCUSDT', 'LTCUSDT']);
  });

  it('are refused where they are not kept and nothing is cached of them, with what was probably meant', async () => {
    await keep(['ETHUSDT', 'BTCUSDT']);
    const refused = /btcusdt is not kept for sandbox \(did you mean BTCUSDT\?\)/;
    await expect(coverageOf(['ETHUSDT', 'btcusdt'])).rejects.toThrow(refused);
    const target = { exchange: EXCHANGE, symbol: 'btcusdt', timeframe: '1m' } as const;
    await expect(captured(() => candles(target, { limit: 5 }, config))).rejects.toThrow(refused);
    await expect(runCorrections({ symbols: ['btcusdt'] })).rejects.toThrow(refused);
    await expect(runCorrections({ symbols: ['btcusdt'] })).rejects.toThrow(UsageError);
  });

  it('are shown where something is cached of them, kept or not', async () => {
    await keep(['ETHUSDT']);
    await write(bar(1, 1));
    await correct(3);
    expect((await coverageOf(['BTCUSDT'])).code).toBe(EXIT_CODES.incomplete);
    expect(
      (await captured(() => candles({ exchange: EXCHANGE, ...SERIES }, { limit: 5 }, config))).out,
    ).toHaveLength(3);
    expect(await countOf({ symbols: ['BTCUSDT'] })).toBe(1);
  });

  it('are taken at their word where nothing is kept', async () => {
    expect((await coverageOf(['btcusdt'])).code).toBe(EXIT_CODES.incomplete);
  });
});

describe('corrections', () => {
  it('tells nobody of anything where nothing changed, and says since when', async () => {
    await write(bar(3, 1));
    const { out, err } = await runCorrections();
    expect(out).toEqual([]);
    expect(err.join()).toMatch(/No closed bar of sandbox changed since \d{4}-\d\d-\d\d/);
  });

  it('shows what changed and what was taken back, and counts both', async () => {
    await correct(5);
    await retract(3);
    const { out } = await runCorrections();
    const [titles, changed, takenBack, summary] = out;
    expect(titles).toMatch(
      /^changed \(UTC\) +symbol +tf +bar \(UTC\) +as of, after its close +source +cause +old → new$/,
    );
    expect(changed).toMatch(
      /BTCUSDT {2}1m {2}2026-03-11 11:55:00 {2}5\.0s → 9\.0s +rest → rest +repair +volume 1 → 2$/,
    );
    expect(takenBack).toMatch(
      /11:57:00 +0ms +no-trades +refuted by a longer bar +taken back: 105, volume 0$/,
    );
    expect(summary).toMatch(/^changes of closed bars since .* \(UTC\): 2, taken back: 1$/);
    expect(out).toHaveLength(4);
  });

  it('gives programs a line for each, more of them than are read at once', async () => {
    for (let back = 1; back <= 620; back += 1) await correct(back);
    await retract(700);
    const { out, err } = await runCorrections({ json: true });
    const all = out.map((each) => CorrectionJson.parse(JSON.parse(each)));
    expect(all).toHaveLength(621);
    expect(err).toEqual([]);
    expect(all[0]).toEqual({
      ...SERIES,
      openTime: NOON - MINUTE_MS,
      kind: 'changed',
      values: ['volume'],
      old: { volume: 1, sequenceNum: (NOON + 5_000) * MICROS_PER_MS, source: 'rest' },
      new: { volume: 2, sequenceNum: (NOON + 9_000) * MICROS_PER_MS, corrected: true },
      cause: 'repair',
    });
    expect(all.at(-1)).toMatchObject({ kind: 'retracted', new: null, cause: 'refuted by a longer bar' });
    expect(new Set(all.map((each) => each.openTime)).size).toBe(621);
  });

  it('shows only the series and the time that were asked for', async () => {
    await correct(5);
    expect(await countOf({ symbols: ['BTCUSDT'], timeframes: ['1m', '5m'] })).toBe(1);
    expect(await countOf({ symbols: ['ETHUSDT'] })).toBe(0);
    expect(await countOf({ timeframes: ['5m'] })).toBe(0);
    expect(await countOf({ since: { kind: 'ago', ms: 3_600_000 } })).toBe(1);
    expect(await countOf({ since: { kind: 'instant', ms: Date.UTC(2100, 0, 1) } })).toBe(0);
  });
});

describe('quality', () => {
  beforeEach(async () => {
    const store = new QualityStore(redis);
    const counts = { expected: 60, inTime: 59, compared: 40, equal: 40, settled: 50, rightFirst: 50 };
    await store.add(id, '2026-03-11', new Map([['1m', counts]]));
    const worse = { expected: 10, inTime: 10, compared: 8, equal: 7, different: 1, corrected: 1 };
    await store.add(
      id,
      '2026-03-10',
      new Map<Timeframe, Partial<QualityCounts>>([
        ['1m', worse],
        ['1h', { expected: 2, inTime: 2 }],
      ]),
    );
  });

  it('shows each day and timeframe, their sums, and what they support', async () => {
    const { out } = await runQuality(7);
    const cells = out.map((each) => each.split(/ {2,}/));
    expect(cells.slice(1, -1)).toEqual([
      ['2026-03-10', '1m', '10', '10', '8', '7', '1', '1 in 8', '1', '0', '0'],
      ['2026-03-10', '1h', '2', '2', '0', '0', '0', 'nothing compared', '0', '0', '0'],
      ['2026-03-11', '1m', '60', '59', '40', '40', '0', 'less than 3 in 40', '0', '50', '50'],
      ['all', '1m', '70', '69', '48', '47', '1', '1 in 48', '1', '50', '50'],
      ['all', '1h', '2', '2', '0', '0', '0', 'nothing compared', '0', '0', '0'],
      ['all', 'all', '72', '71', '48', '47', '1', '1 in 48', '1', '50', '50'],
    ]);
    expect(out.at(-1)).toMatch(/^comparisons with the venue's own: 48, different: 1, so 1 in 48;/);
  });

  it('looks no further back than it was asked to', async () => {
    const { out } = await runQuality(1);
    expect(out.join()).not.toContain('2026-03-10');
    expect(out.at(-1)).toContain('different: 0, so less than 3 in 40 differ (95 % confidence)');
  });

  it('gives programs the same in one line', async () => {
    const { out } = await runQuality(2, true);
    expect(out).toHaveLength(1);
    const said: unknown = JSON.parse(out.join());
    expect(said).toMatchObject({
      exchange: EXCHANGE,
      exchangeId: id,
      days: [
        { day: '2026-03-10', timeframe: '1m', compared: 8, different: 1 },
        { day: '2026-03-10', timeframe: '1h' },
        { day: '2026-03-11', timeframe: '1m', compared: 40, different: 0, differentBelow: 0.075 },
      ],
      timeframes: [{ timeframe: '1m', compared: 48 }, { timeframe: '1h' }],
      total: { expected: 72, inTime: 71, different: 1, settled: 50, rightFirst: 50 },
    });
  });

  it('says so where nothing was counted', async () => {
    await redis.flushall();
    const { out, err } = await runQuality(3);
    expect(out).toEqual([]);
    expect(err).toEqual(['Nothing was counted for sandbox here in 3 days: a running node counts.']);
  });
});

describe('coverage', () => {
  /** Five bars: one streamed, one settled, one final, one in doubt, one missing. */
  beforeEach(async () => {
    await write(bar(1, 1));
    await write(bar(2, 1));
    await write(bar(2, 40_000, { source: 'rest' }));
    await write(bar(3, 1, { source: 'rest', standing: 'final' }));
    await write(bar(4, 1));
    await write(bar(4, 40_000, { source: 'rest', close: 104 }));
    await new VerifiedStore(redis).save(id, SERIES, { through: NOON - 2 * MINUTE_MS, readAt: NOON });
  });

  it('says how sure the bars of a series are, how far it is verified, and what waits', async () => {
    const { out, code } = await runCoverage(false);
    expect(out[1]?.split(/ {2,}/)).toEqual([
      'BTCUSDT',
      '1m',
      '4/5',
      '1',
      '2',
      '1',
      '1',
      '1, 1 in doubt',
      '2026-03-11 11:59:00',
      '2026-03-11 11:58:00',
      'hole from 2026-03-11 11:55:00',
    ]);
    expect(out.slice(2)).toEqual([
      '0 of 1 series complete over their last 5 bars',
      "1 compared with the venue's own; bars waiting to be read again: 1, in doubt: 1",
    ]);
    expect(code).toBe(EXIT_CODES.incomplete);
  });

  it('counts what waits of the window it shows, and no more', async () => {
    await write(bar(6, 1));
    await write(bar(6, 40_000, { source: 'rest', close: 104 }));
    expect(await cache.readDoubts(id, SERIES)).toHaveLength(2);
    const said: unknown = JSON.parse((await runCoverage(true)).out.join());
    expect(said).toMatchObject({ series: [{ doubts: 1, looks: 1 }] });
  });

  it('gives programs all of it', async () => {
    const said: unknown = JSON.parse((await runCoverage(true)).out.join());
    expect(said).toMatchObject({
      exchange: EXCHANGE,
      series: [
        {
          ...SERIES,
          present: 4,
          states: { provisional: 2, settled: 1, final: 1 },
          verified: { through: NOON - 2 * MINUTE_MS, readAt: NOON },
          doubts: 1,
          looks: 1,
        },
      ],
    });
  });

  it('knows of a series that nobody compared that nobody did', async () => {
    await redis.flushall();
    await new LookStore(redis).add(id, { symbol: 'ETHUSDT', timeframe: '1m' }, [NOON], NOON);
    const said: unknown = JSON.parse((await runCoverage(true)).out.join());
    expect(said).toMatchObject({ series: [{ present: 0, verified: null, doubts: 0, looks: 0 }] });
  });
});

describe('candles', () => {
  const target = { exchange: EXCHANGE, ...SERIES };
  const figures = { quoteVolume: 1_300, trades: 17, takerBaseVolume: 4, takerQuoteVolume: 416 };

  beforeEach(async () => {
    await write(bar(4, 1, { source: 'rest', standing: 'final' }));
    await correct(3);
    await write(bar(2, 1, figures));
    await write(bar(2, 40_000, { source: 'rest', ...figures }));
    await write(bar(1, -1_000));
  });

  it('shows the state, source, standing and as-of of each, and which one had other values', async () => {
    const { out } = await captured(() => candles(target, { limit: 20 }, config));
    const cells = out.map((each) => each.split(/ {2,}/).slice(6));
    expect(cells).toEqual([
      ['state', 'source', 'standing', 'true at (UTC)'],
      ['final', 'rest', 'final', '2026-03-11 11:57:00'],
      ['provisional', 'rest', '2026-03-11 11:58:09', 'corrected'],
      ['settled', 'rest', 'settled', '2026-03-11 11:59:40'],
      ['forming', 'stream', '2026-03-11 11:59:59'],
    ]);
  });

  it('gives programs every field', async () => {
    const { out } = await captured(() => candles(target, { limit: 3, json: true }, config));
    const said: unknown = JSON.parse(out.join());
    expect(said).toMatchObject({
      ...SERIES,
      exchangeId: id,
      candles: [
        { timestamp: NOON - 3 * MINUTE_MS, state: 'provisional', corrected: true, source: 'rest' },
        { state: 'settled', standing: 'settled', closed: true, closeTime: NOON - MINUTE_MS, ...figures },
        { state: 'forming', closed: false },
      ],
    });
  });
});
