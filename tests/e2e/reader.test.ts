import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  CandleCacheStrategy,
  createRedis,
  exchangeCandleCloseChannel,
  exchangeCandleKey,
} from '@livermore/cache';
import { freshExchangeId, sourcedCandle } from '@livermore/cache/testing';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

/** The examples as the user `reader`, whose address they find in REDIS_URL. */

const EXAMPLES = join(import.meta.dirname, '..', '..', 'examples');
const SERIES = { symbol: 'BTC-USD', timeframe: '1m' } as const;
const CANDLE = sourcedCandle({ ...SERIES, close: 105.5 });
const READERS: [program: string, file: string][] = [[process.execPath, 'read-candles.mjs']];
if (spawnSync('python3', ['--version']).status === 0) READERS.push(['python3', 'read_candles.py']);

describe('an example that is the reader', () => {
  const exchangeId = freshExchangeId();
  const redis = createRedis(inject('redisUrl'));
  const env = { ...process.env, REDIS_URL: inject('redisReaderUrl') };

  beforeAll(async () => {
    await new CandleCacheStrategy(redis).addExchangeCandleIfNewer(exchangeId, CANDLE);
  });

  afterAll(async () => {
    await redis.del(exchangeCandleKey(exchangeId, SERIES.symbol, SERIES.timeframe));
    redis.disconnect();
  });

  it.each(READERS)('reads candles: %s %s', async (program, file) => {
    const args = [join(EXAMPLES, file), String(exchangeId), SERIES.symbol, '1m', '5'];
    const { stdout } = await promisify(execFile)(program, args, { env });
    expect(stdout.trim().split('\n')).toEqual([expect.stringContaining('  105.5  ')]);
  });

  it('hears closes', async () => {
    const args = [join(EXAMPLES, 'listen-closes.mjs'), String(exchangeId)];
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = once(child, 'exit');
    expect(String(await once(child.stderr, 'data'))).toContain('Listening.');
    const channel = exchangeCandleCloseChannel(exchangeId, SERIES.symbol, SERIES.timeframe);
    await redis.publish(channel, JSON.stringify(CANDLE));
    expect(String(await once(child.stdout, 'data'))).toContain('  105.5  ');
    child.kill('SIGINT');
    expect((await ended)[0]).toBe(0);
  });

  it.each(READERS)(
    'is told without the password where there is no Redis, or not for it: %s %s',
    async (program, file) => {
      const wrong = new URL(inject('redisReaderUrl'));
      wrong.password = 'canary-7f3a';
      for (const url of [wrong.href, 'redis://reader:canary-7f3a@127.0.0.1:1']) {
        const run = promisify(execFile)(program, [join(EXAMPLES, file)], { env: { ...env, REDIS_URL: url } });
        await expect(run).rejects.toMatchObject({
          code: 1,
          stderr: expect.stringMatching(/^No Redis at redis:\/\/127\.0\.0\.1:\d+: (?!.*canary).+\n$/),
        });
      }
    },
  );
});
