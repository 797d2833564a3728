import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CandleCacheStrategy, createRedis } from '@livermore/cache';
import { defaultExchange } from '@livermore/exchange-core';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { valuesOf } from './bar-values';
import { replay } from './replay';
import { isFaithful } from './report';
import { writeFineRecording } from './testing/fine-recording';

const MINUTE = 60_000;
/** An hour before a midnight. */
const FROM = Date.UTC(2026, 2, 10, 23);
const MINUTES = 150;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'replay-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The candles of a series that a replay left in Redis. */
async function cached(venue: 'binance' | 'coinbase', symbol: string) {
  const redis = createRedis(inject('redisUrl'));
  try {
    const cache = new CandleCacheStrategy(redis);
    return await cache.readExchangeCandles(defaultExchange(venue).id, { symbol, timeframe: '1m' }, {});
  } finally {
    redis.disconnect();
  }
}

describe.each([
  ['binance', 'AAAUSDT', 12],
  ['coinbase', 'AAA-USD', 12],
  ['binance', 'AAABTC', 18],
] as const)('a replay on %s of %s with %i decimals', (venue, symbol, decimals) => {
  test('brings what the file says into Redis, and says so', async () => {
    const rows = writeFineRecording({ folder, symbol, from: FROM, minutes: MINUTES, decimals });
    const to = FROM + (MINUTES - 10) * MINUTE;
    const report = await replay({ venue, data: folder, to, speed: 'max', redisUrl: inject('redisUrl') });
    expect(report.differences).toEqual([]);
    expect(isFaithful(report)).toBe(true);
    expect(report.candles).toMatchObject({ unannounced: 0, revised: 0, announcedWrongLast: 0 });
    expect(report.settings).toEqual({
      derive: 'default',
      audit: true,
      tickers: true,
      updateEveryMs: 'venue',
      heartbeatEveryMs: 'venue',
      settleMs: 900_000,
    });
    const texts = new Map(rows.map((row) => row.split(',')).map(([at, ...values]) => [Number(at), values]));
    const candles = (await cached(venue, symbol)).filter((candle) => candle.timestamp < to);
    expect(candles.length).toBeGreaterThan(100);
    for (const candle of candles) {
      const [open, high, low, close, volume] = (texts.get(candle.timestamp) ?? []).map(Number);
      expect(valuesOf(candle)).toEqual({ open, high, low, close, volume });
    }
  });
});

describe('a replay', () => {
  test('goes on after its end for as long as it is told, and refuses what its cache would not outlast', async () => {
    writeFineRecording({ folder, symbol: 'AAAUSDT', from: FROM, minutes: MINUTES, decimals: 2 });
    const to = FROM + (MINUTES - 60) * MINUTE;
    const asked = (settleMs: number) =>
      replay({
        venue: 'binance',
        data: folder,
        to,
        speed: 'max',
        redisUrl: inject('redisUrl'),
        settleMs,
      });
    const short = await asked(MINUTE);
    const long = await asked(40 * MINUTE);
    expect(long.settings.settleMs).toBe(40 * MINUTE);
    // What closes after the end is heard as well.
    expect(long.closes.announced - short.closes.announced).toBeGreaterThan(35);
    await expect(asked(101 * MINUTE)).rejects.toThrow(
      'settleMs: 6060000 is not between 0 and 100 bars of 60000 ms',
    );
  });

  test('refuses a recording with a row twice, and names file and line', async () => {
    writeFineRecording({ folder, symbol: 'AAAUSDT', from: FROM, minutes: 3, decimals: 2 });
    const again = writeFineRecording({ folder, symbol: 'BBBUSDT', from: FROM, minutes: 1, decimals: 2 });
    appendFileSync(join(folder, 'BBBUSDT-1m.csv'), `${again[0] ?? ''}\n`);
    const asked = replay({ venue: 'binance', data: folder, speed: 'max', redisUrl: inject('redisUrl') });
    await expect(asked).rejects.toThrow(/BBBUSDT-1m\.csv:3: open_time \d+ is there twice/);
  });
});
