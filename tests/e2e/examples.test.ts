import { execFile, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { CandleCacheStrategy, createRedis, exchangeCandleKey, exchangeClosesKey } from '@livermore/cache';
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

const barAt = (at: number) =>
  bar(at, { source: 'stream', open: 1.25, close: 1.5, high: 2, low: 0.1 + 0.2, volume: at });

/** What a follower prints of a bar. */
const toldAs = (label: string, at: number) => {
  const { timestamp, open, high, low, close, volume } = barAt(at);
  return [label, SERIES.symbol, '1m', timestamp, open, high, low, close, volume];
};

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

  it('hears of a close on the documented channel, and whether it is late', async () => {
    const id = freshExchangeId();
    const args = [join(EXAMPLES, 'listen-closes.mjs'), url, String(id), SERIES.symbol, '1m'];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = new Promise((resolve) => void child.once('exit', resolve));
    const lines = linesOf(child.stdout);
    try {
      await linesOf(child.stderr).next();
      for (const at of [1, 3, 2]) await closes(id, at);
      const heard = [await lines.next(), await lines.next(), await lines.next()];
      const said = (at: number) => {
        const { timestamp, symbol, timeframe, open, high, low, close, volume, source } = barAt(at);
        return [timestamp, symbol, timeframe, open, high, low, close, volume, source];
      };
      expect(heard.map(valuesIn)).toEqual([
        [...said(1), 'live'],
        [...said(3), 'live'],
        [...said(2), 'late'],
      ]);
    } finally {
      child.kill('SIGINT');
    }
    expect(await ended).toBe(0);
  });

  const FOLLOWERS = [
    { language: 'Node', program: process.execPath, file: 'follow-closes.mjs', isThere: true },
    { language: 'Python', program: 'python3', file: 'follow_closes.py', isThere: hasPython },
  ];
  it.for(FOLLOWERS)(
    'follows every close across a kill -9 of its own, in $language',
    async ({ program, file, isThere }, { skip }) => {
      skip(!isThere, 'no python3 on the PATH');
      const id = freshExchangeId();
      const folder = mkdtempSync(join(tmpdir(), 'livermore-follow-'));
      const state = join(folder, 'closes.id');
      const start = () => {
        const args = [join(EXAMPLES, file), url, String(id), SERIES.symbol, '1m', state];
        const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
        const ended = new Promise((resolve) => void child.once('exit', resolve));
        const lines = linesOf(child.stdout);
        const kill = () => {
          child.kill('SIGKILL');
          return ended;
        };
        return { lines, kill };
      };
      for (const at of [0, 1]) await cache.writeExchangeCandle(id, barAt(at));
      const first = start();
      let second: ReturnType<typeof start> | undefined;
      try {
        expect(await first.lines.next()).toContain(`history ${SERIES.symbol} 1m 2 bars`);
        await closes(id, 2);
        expect(announced(await first.lines.next())).toEqual(toldAs('live', 2));
        await first.kill();
        for (const at of [3, 5, 4]) await closes(id, at);
        second = start();
        // Killed before it kept the id of what it had printed, it hears that again: at least once.
        const heard = announced(await second.lines.next());
        const again = heard.join() === toldAs('live', 2).join();
        expect(again ? announced(await second.lines.next()) : heard).toEqual(toldAs('live', 3));
        expect(announced(await second.lines.next())).toEqual(toldAs('live', 5));
        expect(announced(await second.lines.next())).toEqual(toldAs('late', 4));
        await redis.del(exchangeClosesKey(id));
        expect(await second.lines.next()).toBe(`reset ${SERIES.symbol} 1m 6 bars`);
        await closes(id, 6);
        expect(announced(await second.lines.next())).toEqual(toldAs('live', 6));
      } finally {
        await first.kill();
        await second?.kill();
        rmSync(folder, { recursive: true });
      }
    },
  );

  const cache = new CandleCacheStrategy(redis);
  const closes = (id: number, at: number) => cache.writeExchangeCandle(id, barAt(at), { liveSince: 0 });
});

/** A line that follows a close, as values. */
function announced(line: string): readonly (string | number)[] {
  const [label = '', symbol = '', timeframe = '', opened = '', ...rest] = line.split(' ');
  return [label, symbol, timeframe, Date.parse(opened), ...rest.map(Number)];
}

/** Lines one after the other; rejects when there are no more. */
function linesOf(stream: NodeJS.ReadableStream): { next(): Promise<string> } {
  const lines = createInterface({ input: stream })[Symbol.asyncIterator]();
  return {
    async next() {
      const { done, value } = await lines.next();
      if (done === true) throw new Error('it ended without a word');
      return value;
    },
  };
}
