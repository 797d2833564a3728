import { execFile, spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import {
  CandleCacheStrategy,
  RedisEventBus,
  createRedis,
  exchangeCandleCloseChannel,
  exchangeCandleKey,
} from '@livermore/cache';
import { freshExchangeId, layout1Of, sourcedCandle } from '@livermore/cache/testing';
import type { CandleState, SourcedCandle } from '@livermore/schemas';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

/** What a reader in another program sees, by the examples: they know the documented keys and bytes, and nothing of ours. */

const EXAMPLES = join(import.meta.dirname, '..', '..', 'examples');
const MINUTE_MS = 60_000;
const START = Date.UTC(2026, 0, 2, 3, 4);
const SERIES = { symbol: 'BTC-USD', timeframe: '1m' } as const;

const hasPython = spawnSync('python3', ['--version']).status === 0;
if (!hasPython)
  process.stderr.write('\nSKIPPED examples/read_candles.py: there is no python3 on the PATH\n\n');
const becauseOfPython = hasPython ? '' : ' (skipped: no python3 on the PATH)';

/** Closed bars from every source, with prices that are easily lost, then one that is forming. */
const WRITTEN: readonly SourcedCandle[] = [
  bar(0, {
    open: 0.1,
    high: 0.30000000000000004,
    low: 0.00000885,
    close: 0.2,
    volume: 0,
    source: 'no-trades',
  }),
  bar(1, { open: 91_680, high: 91_690.01, low: 91_671.3, close: 91_688.01, volume: 0.8011, source: 'rest' }),
  bar(2, { open: 2, high: 3, low: 1, close: 2.5, volume: 123_456_789.12345678, source: 'derived' }),
  bar(3, { open: 2, high: 3, low: 1, close: 2.5, volume: 7, source: 'stream' }),
  bar(4, { source: 'snapshot', volume: 6 }),
  bar(5, { source: 'stand-in', corrected: true }),
  bar(6, { source: 'rest', standing: 'settled', trades: 7, quoteVolume: 3.25, corrected: true }),
  bar(7, { source: 'stream', standing: 'final', takerBaseVolume: 0, takerQuoteVolume: 0.5 }),
  { ...bar(8, { source: 'stream' }), sequenceNum: (START + 8.5 * MINUTE_MS) * 1000 },
];

function bar(at: number, over: Partial<SourcedCandle>): SourcedCandle {
  const timestamp = START + at * MINUTE_MS;
  const closed = (timestamp + MINUTE_MS) * 1000;
  return sourcedCandle({ ...SERIES, timestamp, sequenceNum: closed + 5_000, ...over });
}

/** A line of a reader, as values: two spellings of one number are one. */
function valuesIn(line: string): readonly (string | number)[] {
  const [opened = '', ...rest] = line.split(/\s+/);
  return [Date.parse(opened), ...rest.map((word) => (Number.isNaN(Number(word)) ? word : Number(word)))];
}

function valuesOf(candle: SourcedCandle, state: CandleState): readonly (string | number)[] {
  const { timestamp, open, high, low, close, volume, source } = candle;
  return [timestamp, open, high, low, close, volume, state, source];
}

const STATES: readonly CandleState[] = [
  ...Array<CandleState>(6).fill('provisional'),
  'settled',
  'final',
  'forming',
];
const EXPECTED = WRITTEN.map((candle, at) => valuesOf(candle, STATES[at] ?? 'forming'));

describe('a program that is not ours', () => {
  const url = inject('redisUrl');
  const exchangeId = freshExchangeId();
  /** What older versions left: layout 1 and JSON. */
  const formerId = freshExchangeId();
  const redis = createRedis(url);

  beforeAll(async () => {
    const cache = new CandleCacheStrategy(redis);
    for (const candle of WRITTEN) await cache.addExchangeCandleIfNewer(exchangeId, candle);
    const former = exchangeCandleKey(formerId, SERIES.symbol, SERIES.timeframe);
    for (const [at, candle] of WRITTEN.slice(0, 4).entries()) {
      const member = at % 2 === 0 ? layout1Of(candle) : JSON.stringify(candle);
      await redis.zadd(former, candle.timestamp, member);
    }
  });

  afterAll(async () => {
    for (const id of [exchangeId, formerId]) {
      await redis.del(exchangeCandleKey(id, SERIES.symbol, SERIES.timeframe));
    }
    redis.disconnect();
  });

  const read = async (program: string, file: string, count: number, id = exchangeId) => {
    const args = [join(EXAMPLES, file), url, String(id), SERIES.symbol, '1m', String(count)];
    const { stdout } = await promisify(execFile)(program, args);
    return stdout.trim().split('\n').map(valuesIn);
  };

  it('reads every candle as it was written, in Node', async () => {
    expect(await read(process.execPath, 'read-candles.mjs', 10)).toEqual(EXPECTED);
    expect(await read(process.execPath, 'read-candles.mjs', 10, formerId)).toEqual(EXPECTED.slice(0, 4));
  });

  it.skipIf(!hasPython)(
    `reads the same in Python, with its standard library alone${becauseOfPython}`,
    async () => {
      expect(await read('python3', 'read_candles.py', 10)).toEqual(EXPECTED);
      expect(await read('python3', 'read_candles.py', 10, formerId)).toEqual(EXPECTED.slice(0, 4));
    },
  );

  it('reads the newest so many', async () => {
    expect(await read(process.execPath, 'read-candles.mjs', 2)).toEqual(EXPECTED.slice(-2));
  });

  it('is told where there is no Redis, in one sentence', async () => {
    const run = promisify(execFile)(process.execPath, [
      join(EXAMPLES, 'read-candles.mjs'),
      'redis://127.0.0.1:1',
    ]);
    await expect(run).rejects.toMatchObject({
      code: 1,
      stderr: /^No Redis at redis:\/\/127\.0\.0\.1:1: .+\n$/,
    });
  });

  it('hears of a close on the documented channel', async () => {
    const args = [join(EXAMPLES, 'listen-closes.mjs'), url, String(exchangeId), SERIES.symbol, '1m'];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = new Promise((resolve) => void child.once('exit', resolve));
    try {
      await firstLine(child.stderr);
      const [closed] = WRITTEN.slice(1);
      if (closed === undefined) throw new Error('nothing was written');
      const heard = firstLine(child.stdout);
      await new RedisEventBus(redis).publishClose(exchangeId, closed);
      const { timestamp, symbol, timeframe, open, high, low, close, volume, source } = closed;
      const said = [timestamp, symbol, timeframe, open, high, low, close, volume, source];
      expect(valuesIn(await heard)).toEqual([...said, 'live']);
      const heardLate = firstLine(child.stdout);
      const channel = exchangeCandleCloseChannel(exchangeId, symbol, timeframe);
      await redis.publish(channel, JSON.stringify({ ...closed, label: 'late' }));
      expect(valuesIn(await heardLate)).toEqual([...said, 'late']);
    } finally {
      child.kill('SIGINT');
    }
    expect(await ended).toBe(0);
  });
});

function firstLine(stream: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: stream });
    lines.once('line', resolve);
    lines.once('close', () => reject(new Error('it ended without a word')));
  });
}
