import { candleClassOf, isClosed } from '@livermore/schemas';
import type { CandleClass } from '@livermore/schemas';
import type { Redis } from 'ioredis';
import { decodeCandle } from '../../candle-layout';
import type { StoredCandle } from '../../candle-layout';
import {
  exchangeCandleKey,
  exchangeCorrectionsKey,
  exchangeDoubtKey,
  exchangeLooksKey,
  exchangeToldKey,
} from '../../keys';
import type { CandleCacheStrategy, WriteOutcome } from '../../strategies/candle-cache';
import { EXAMPLE_OPEN_TIME } from '../candles';
import type { Step } from './steps';

const SERIES = { symbol: 'BTCUSDT', timeframe: '1m' } as const;
const NAME = `${SERIES.symbol} ${SERIES.timeframe}`;
const LOOK = `${NAME} ${EXAMPLE_OPEN_TIME}`;
const OPEN_TIME = String(EXAMPLE_OPEN_TIME);

/** All that Redis holds of one bar, byte for byte: equal states behave equally from there on. */
export interface CachedBar {
  readonly key: string;
  readonly member: Buffer | undefined;
  readonly doubt: Buffer | undefined;
  readonly look: string | undefined;
  readonly told: string | undefined;
  readonly candle: StoredCandle | undefined;
  readonly doubted: StoredCandle | undefined;
  readonly isClosed: boolean;
  readonly rank: CandleClass;
  /** Open, high, low, close and volume, as text; empty where there is no bar. */
  readonly values: string;
}

/** What a step made of a bar. */
export interface Transition {
  readonly after: CachedBar;
  readonly outcome: WriteOutcome | undefined;
  /** A bar was taken back, and whether it had been announced. */
  readonly removed: boolean;
  readonly removalTold: boolean;
}

type Raw = Pick<CachedBar, 'member' | 'doubt' | 'look' | 'told'>;

const text = (bytes: Buffer | undefined) => bytes?.toString('base64') ?? '';

export function cachedBar({ member, doubt, look, told }: Raw): CachedBar {
  const candle = member === undefined ? undefined : decodeCandle(member, SERIES);
  const doubted = doubt === undefined ? undefined : decodeCandle(doubt, SERIES);
  return {
    key: [text(member), text(doubt), look ?? '', told ?? ''].join('|'),
    member,
    doubt,
    look,
    told,
    candle,
    doubted,
    isClosed: candle !== undefined && isClosed(candle),
    rank: candle === undefined ? 0 : candleClassOf(candle),
    values: candle === undefined ? '' : valuesOf(candle),
  };
}

export function valuesOf({
  open,
  high,
  low,
  close,
  volume,
}: Pick<StoredCandle, 'open' | 'high' | 'low' | 'close' | 'volume'>): string {
  return [open, high, low, close, volume].join(' ');
}

/**
 * One step of the production path on a bar put into Redis as it was. Many may run at once, each with an `exchangeId` of its
 * own.
 */
export async function take(
  tools: { readonly redis: Redis; readonly cache: CandleCacheStrategy },
  exchangeId: number,
  before: CachedBar,
  step: Step,
): Promise<Transition> {
  const { redis } = tools;
  const series = exchangeCandleKey(exchangeId, SERIES.symbol, SERIES.timeframe);
  const doubts = exchangeDoubtKey(exchangeId, SERIES.symbol, SERIES.timeframe);
  const [looks, told] = [exchangeLooksKey(exchangeId), exchangeToldKey(exchangeId)];
  await redis.del(series, doubts, looks, told, exchangeCorrectionsKey(exchangeId));
  const put: Promise<unknown>[] = [];
  if (before.member !== undefined) put.push(redis.zadd(series, OPEN_TIME, before.member));
  if (before.doubt !== undefined) put.push(redis.zadd(doubts, OPEN_TIME, before.doubt));
  if (before.look !== undefined) put.push(redis.zadd(looks, before.look, LOOK));
  if (before.told !== undefined) put.push(redis.hset(told, NAME, before.told));
  await Promise.all(put);
  const done = await perform(tools.cache, exchangeId, before, step);
  const [members, doubted, look, saidNow] = await Promise.all([
    redis.zrangeBuffer(series, '0', '-1'),
    redis.zrangeBuffer(doubts, '0', '-1'),
    redis.zscore(looks, LOOK),
    redis.hget(told, NAME),
  ]);
  if (members.length > 1) throw new Error(`${members.length} members at one open time after ${step.name}`);
  const after = cachedBar({
    member: members[0],
    doubt: doubted[0],
    look: look ?? undefined,
    told: saidNow ?? undefined,
  });
  return { after, ...done };
}

async function perform(
  cache: CandleCacheStrategy,
  exchangeId: number,
  before: CachedBar,
  step: Step,
): Promise<Omit<Transition, 'after'>> {
  if (step.candle !== undefined) {
    const outcome = await cache.writeExchangeCandle(exchangeId, step.candle, { tells: step.tells });
    return { outcome, removed: false, removalTold: false };
  }
  const bar = { openTime: EXAMPLE_OPEN_TIME, asOf: before.candle?.sequenceNum ?? 0 };
  const { removed, wasTold } = await cache.retractQuiet(exchangeId, SERIES, bar, 'search');
  return { outcome: undefined, removed, removalTold: wasTold };
}
