import { closeAsOf } from '@livermore/schemas';
import type { SourcedCandle } from '@livermore/schemas';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { CORRECTIONS_KEPT_MS, CorrectionLog } from './correction-log';
import type { Correction } from './correction-log';
import { exchangeCorrectionsKey } from './keys';
import { createRedis } from './redis';
import { CandleCacheStrategy } from './strategies/candle-cache';
import { EXAMPLE_OPEN_TIME, freshExchangeId, sourcedCandle } from './testing';

const SERIES = { symbol: 'BTCUSDT', timeframe: '1m' } as const;
const CLOSE = closeAsOf('1m', EXAMPLE_OPEN_TIME);

describe('CorrectionLog on a real Redis', () => {
  let redis: Redis;
  let cache: CandleCacheStrategy;
  let log: CorrectionLog;

  beforeAll(() => {
    redis = createRedis(inject('redisUrl'));
    cache = new CandleCacheStrategy(redis);
    log = new CorrectionLog(redis);
  });

  afterAll(async () => {
    await redis.quit();
  });

  async function allSince(exchangeId: number, since: number): Promise<Correction[]> {
    const found: Correction[] = [];
    for await (const correction of log.since(exchangeId, since)) found.push(correction);
    return found;
  }

  const write = (exchangeId: number, over: Partial<SourcedCandle>, cause = 'audit') =>
    cache.writeExchangeCandle(exchangeId, sourcedCandle({ sequenceNum: CLOSE, ...over }), { cause });

  it('tells old and new values with their as-ofs and who brought the change', async () => {
    const exchangeId = freshExchangeId();
    await write(exchangeId, { source: 'snapshot', volume: 10 });
    await write(exchangeId, { source: 'snapshot', volume: 10, sequenceNum: CLOSE + 1 });
    await write(exchangeId, { source: 'rest', volume: 12, sequenceNum: CLOSE + 5 }, 'look');
    const [only, ...rest] = await allSince(exchangeId, 0);
    expect(rest).toEqual([]);
    expect(only).toMatchObject({
      series: SERIES,
      openTime: EXAMPLE_OPEN_TIME,
      old: { volume: 10, source: 'snapshot', sequenceNum: CLOSE + 1 },
      new: { volume: 12, source: 'rest', sequenceNum: CLOSE + 5, corrected: true },
      cause: 'look',
    });
    expect(only?.at).toBe(Number(only?.id.split('-')[0]));
    expect(await log.count(exchangeId)).toBe(1);
  });

  it('tells what was taken back, without new values', async () => {
    const exchangeId = freshExchangeId();
    await write(exchangeId, { source: 'no-trades', volume: 0 });
    const judged = { openTime: EXAMPLE_OPEN_TIME, asOf: CLOSE, source: 'no-trades' as const };
    await cache.retract(exchangeId, SERIES, judged, { cause: 'refuted', exchange: 'binance' });
    const [only] = await allSince(exchangeId, 0);
    expect(only).toMatchObject({ old: { source: 'no-trades' }, new: undefined, cause: 'refuted' });
  });

  it('goes through more than one page in order, begins where it is told, and lets go of what is old', async () => {
    const exchangeId = freshExchangeId();
    await write(exchangeId, { source: 'no-trades', volume: 0 });
    await cache.retract(
      exchangeId,
      SERIES,
      { openTime: EXAMPLE_OPEN_TIME, asOf: CLOSE, source: 'no-trades' as const },
      { cause: 'first', exchange: 'binance' },
    );
    const key = exchangeCorrectionsKey(exchangeId);
    const [entry] = await redis.xrangeBuffer(key, '-', '+');
    await redis.del(key);
    const count = 1_203;
    for (let at = 1; at <= count; at += 1) await redis.xadd(key, `${at * 10}-0`, ...(entry?.[1] ?? []));
    const all = await allSince(exchangeId, 0);
    expect(all.map(({ at }) => at)).toEqual(Array.from({ length: count }, (_, at) => (at + 1) * 10));
    expect((await allSince(exchangeId, 12_020)).map(({ at }) => at)).toEqual([12_020, 12_030]);
    await log.trim(exchangeId, CORRECTIONS_KEPT_MS + 5_000);
    const left = await allSince(exchangeId, 0);
    expect(left.length).toBeLessThan(count);
    expect(left.at(-1)?.at).toBe(12_030);
    expect(left.filter(({ at }) => at >= 5_000)).toHaveLength(704);
  });

  it('leaves out an entry that is none, names it, and gives those around it', async () => {
    const exchangeId = freshExchangeId();
    const key = exchangeCorrectionsKey(exchangeId);
    const garbage = ['series', 'BTCUSDT 1m', 'openTime', '0', 'old', 'x', 'new', 'y', 'cause', 'z'];
    await redis.xadd(key, '7-0', 'series', 'BTCUSDT 2m');
    await redis.xadd(key, '8-0', ...garbage);
    await write(exchangeId, { source: 'no-trades', volume: 0 });
    await cache.retract(
      exchangeId,
      SERIES,
      { openTime: EXAMPLE_OPEN_TIME, asOf: CLOSE, source: 'no-trades' as const },
      { cause: 'refuted', exchange: 'binance' },
    );
    const [entry] = await redis.xrangeBuffer(key, '-', '+', 'COUNT', 3).then((all) => all.slice(2));
    const [, fields = []] = entry ?? [];
    for (const openTime of ['abc', '', '1e30', '9'.repeat(16), undefined]) {
      const other = openTime === undefined ? 'no open time' : 'openTime';
      await redis.xadd(key, '*', ...fields.with(2, Buffer.from(other)).with(3, Buffer.from(openTime ?? '0')));
    }
    const [named, read]: [string[], unknown[]] = [[], []];
    for await (const each of log.since(exchangeId, 0, (error) => named.push(error.message))) read.push(each);
    expect(read).toMatchObject([{ cause: 'refuted' }]);
    const [first, second, ...rest] = named;
    expect(first).toContain('7-0');
    expect(second).toContain('BTCUSDT 1m');
    expect(rest).toEqual(Array(5).fill(expect.stringContaining('is not a correction')));
  });
});
