import type { Series } from '@livermore/schemas';
import { z } from 'zod';
import { setAside } from './commands';
import { CacheValueError } from './errors';
import {
  exchangeAbsenceKey,
  exchangeCandleKey,
  exchangeClosesKey,
  exchangeCorrectionsKey,
  exchangeDoubtKey,
  exchangeLooksKey,
  exchangeQualityKey,
  exchangeSymbolsKey,
  exchangeToldKey,
  exchangeUnservedKey,
  exchangeVerifiedKey,
  foreignKey,
  tickerKey,
} from './keys';
import type { RedisClient } from './redis';

/** A value that was moved out of the way: its key, and the type it had. */
export interface ForeignValue {
  readonly key: string;
  readonly type: string;
}

type KeyAndType = readonly [key: string, type: 'hash' | 'stream' | 'string' | 'zset'];

const KEPT_SECONDS = 7 * 86_400;

/**
 * Moves values of a type that is not ours away from the keys of an exchange, or of some of its series as well, so that
 * they can be written again; of the tickers of some symbols, and of the counts of a UTC day (`2026-11-20`), where they are
 * named. They are kept for a week beside it, under `foreignKey`.
 * @returns what was moved
 */
export async function setForeignAside(
  redis: Pick<RedisClient, 'eval' | 'evalsha'>,
  exchangeId: number,
  series: readonly Series[] = [],
  others: { readonly symbols?: readonly string[]; readonly day?: string } = {},
): Promise<readonly ForeignValue[]> {
  const { symbols = [], day } = others;
  const keys: readonly KeyAndType[] = [
    ...keysOfExchange(exchangeId),
    ...series.flatMap((each) => keysOfSeries(exchangeId, each)),
    ...symbols.map((symbol): KeyAndType => [tickerKey(exchangeId, symbol), 'string']),
    ...(day === undefined ? [] : [[exchangeQualityKey(exchangeId, day), 'hash'] as const]),
  ];
  const moved = await Promise.all(keys.map((each) => setOneAside(redis, each)));
  return moved.flatMap((each) => each ?? []);
}

async function setOneAside(
  redis: Pick<RedisClient, 'eval' | 'evalsha'>,
  [key, type]: KeyAndType,
): Promise<ForeignValue | undefined> {
  const reply = z.string().safeParse(await setAside.run(redis, [key, foreignKey(key)], [type, KEPT_SECONDS]));
  if (!reply.success) throw new CacheValueError(key, 'type', reply.error.message);
  return reply.data === '' ? undefined : { key, type: reply.data };
}

function keysOfExchange(exchangeId: number): readonly KeyAndType[] {
  return [
    [exchangeSymbolsKey(exchangeId), 'string'],
    [exchangeLooksKey(exchangeId), 'zset'],
    [exchangeToldKey(exchangeId), 'hash'],
    [exchangeVerifiedKey(exchangeId), 'hash'],
    [exchangeCorrectionsKey(exchangeId), 'stream'],
    [exchangeClosesKey(exchangeId), 'stream'],
  ];
}

function keysOfSeries(exchangeId: number, { symbol, timeframe }: Series): readonly KeyAndType[] {
  return [
    [exchangeCandleKey(exchangeId, symbol, timeframe), 'zset'],
    [exchangeAbsenceKey(exchangeId, symbol, timeframe), 'zset'],
    [exchangeUnservedKey(exchangeId, symbol, timeframe), 'zset'],
    [exchangeDoubtKey(exchangeId, symbol, timeframe), 'zset'],
  ];
}
