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

/** Puts a bar into Redis as it was, in one command. */
const PUT = `
redis.call('DEL', unpack(KEYS))
local openTime, name, look, member, doubt, due, told = unpack(ARGV)
if member ~= '' then redis.call('ZADD', KEYS[1], openTime, member) end
if doubt ~= '' then redis.call('ZADD', KEYS[2], openTime, doubt) end
if due ~= '' then redis.call('ZADD', KEYS[3], due, look) end
if told ~= '' then redis.call('HSET', KEYS[4], name, told) end
`;

/** Reads it back: every member there is, the first of them, its doubt, when it is due, and what was told. */
const READ = `
local members = redis.call('ZRANGE', KEYS[1], 0, -1)
return {
  table.concat(members), members[1] or '', redis.call('ZRANGE', KEYS[2], 0, -1)[1] or '',
  redis.call('ZSCORE', KEYS[3], ARGV[2]) or '', redis.call('HGET', KEYS[4], ARGV[1]) or '',
}`;

function keysOf(exchangeId: number): readonly string[] {
  return [
    exchangeCandleKey(exchangeId, SERIES.symbol, SERIES.timeframe),
    exchangeDoubtKey(exchangeId, SERIES.symbol, SERIES.timeframe),
    exchangeLooksKey(exchangeId),
    exchangeToldKey(exchangeId),
    exchangeCorrectionsKey(exchangeId),
  ];
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
  const keys = keysOf(exchangeId);
  const { member, doubt, look, told } = before;
  await redis.eval(
    PUT,
    keys.length,
    ...keys,
    OPEN_TIME,
    NAME,
    LOOK,
    member ?? '',
    doubt ?? '',
    look ?? '',
    told ?? '',
  );
  const done = await perform(tools.cache, exchangeId, before, step);
  const held = await redis.callBuffer('EVAL', READ, keys.length, ...keys, NAME, LOOK);
  const [all, one, ...rest] = Array.isArray(held) ? held.map(bytesOf) : [];
  if (all?.length !== one?.length) throw new Error(`two members at one open time after ${step.name}`);
  const [doubted, due, said] = rest;
  const after = cachedBar({ member: one, doubt: doubted, look: due?.toString(), told: said?.toString() });
  return { after, ...done };
}

/** Bytes of a reply; nothing for an empty one. */
function bytesOf(reply: unknown): Buffer | undefined {
  return Buffer.isBuffer(reply) && reply.length > 0 ? reply : undefined;
}

async function perform(
  cache: CandleCacheStrategy,
  exchangeId: number,
  before: CachedBar,
  step: Step,
): Promise<Omit<Transition, 'after'>> {
  if (step.candle !== undefined) {
    const outcome = await cache.writeExchangeCandle(
      exchangeId,
      step.candle,
      step.tells ? { liveSince: 0 } : {},
    );
    return { outcome, removed: false, removalTold: false };
  }
  const bar = {
    openTime: EXAMPLE_OPEN_TIME,
    asOf: before.candle?.sequenceNum ?? 0,
    source: 'no-trades',
  } as const;
  const { removed, wasTold } = await cache.retract(exchangeId, SERIES, bar, {
    cause: 'search',
    exchange: 'binance',
  });
  return { outcome: undefined, removed, removalTold: wasTold };
}
