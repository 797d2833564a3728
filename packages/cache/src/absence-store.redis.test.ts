import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { AbsenceStore } from './absence-store';
import { exchangeAbsenceKey } from './keys';
import { createRedis } from './redis';
import { freshExchangeId } from './testing';

const SERIES = { symbol: 'BTCUSDT', timeframe: '1m' } as const;
const EVER = { from: 0, to: Number.MAX_SAFE_INTEGER };
const minutes = (...at: readonly number[]) => at.map((each) => each * 60_000);

describe('AbsenceStore on a real Redis', () => {
  let redis: Redis;
  let absences: AbsenceStore;

  beforeAll(() => {
    redis = createRedis(inject('redisUrl'));
    absences = new AbsenceStore(redis);
  });

  afterAll(async () => {
    await redis.quit();
  });

  it('remembers open times once each, ascending, and forgets them when told', async () => {
    const exchangeId = freshExchangeId();
    await absences.add(exchangeId, SERIES, minutes(3, 1, 2));
    await absences.add(exchangeId, SERIES, minutes(2, 9));
    expect(await absences.read(exchangeId, SERIES, EVER)).toEqual(minutes(1, 2, 3, 9));
    expect(await absences.read(exchangeId, SERIES, { from: 120_000, to: 180_000 })).toEqual(minutes(2, 3));
    await absences.remove(exchangeId, SERIES, minutes(2, 8));
    expect(await absences.read(exchangeId, SERIES, EVER)).toEqual(minutes(1, 3, 9));
  });

  it('of nothing, it writes and removes nothing', async () => {
    const exchangeId = freshExchangeId();
    await absences.add(exchangeId, SERIES, []);
    await absences.remove(exchangeId, SERIES, []);
    expect(await redis.exists(exchangeAbsenceKey(exchangeId, 'BTCUSDT', '1m'))).toBe(0);
  });

  it('leaves out what is no open time', async () => {
    const exchangeId = freshExchangeId();
    await redis.zadd(exchangeAbsenceKey(exchangeId, 'BTCUSDT', '1m'), 60_000, 'soon', 120_000, '120000');
    expect(await absences.read(exchangeId, SERIES, EVER)).toEqual([120_000]);
  });
});
