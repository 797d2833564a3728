import type { Timeframe } from '@livermore/schemas';
import { isTimeframe } from '@livermore/schemas';

/**
 * Every Redis key and channel, spelled once. `exchangeId` is the numeric id of the exchange; `symbol` is the
 * venue's own spelling and has no colon (see `SymbolSchema`). Keys are enumerated from symbols, never matched by
 * prefix: `candles:1:…` may be exchange 1 or user 1.
 */

// ── Instance registry ────────────────────────────────────────────────────────────────────────────────────────

/** What the holder of an exchange is doing. @example instanceStatusKey(2) // 'exchange:2:status' */
export function instanceStatusKey(exchangeId: number): string {
  return `exchange:${exchangeId}:status`;
}

// ── Warmup schedule ──────────────────────────────────────────────────────────────────────────────────────────

/** What a warmup will fetch. @example warmupScheduleKey(2) // 'exchange:2:warm-up-schedule:symbols' */
export function warmupScheduleKey(exchangeId: number): string {
  return `exchange:${exchangeId}:warm-up-schedule:symbols`;
}

/** How a warmup is going. @example warmupStatsKey(2) // 'exchange:2:warm-up-schedule:stats' */
export function warmupStatsKey(exchangeId: number): string {
  return `exchange:${exchangeId}:warm-up-schedule:stats`;
}

// ── Tier 1: exchange-scoped (shared) ─────────────────────────────────────────────────────────────────────────

/** The symbols an exchange keeps live. @example exchangeSymbolsKey(2) // 'exchange:2:symbols' */
export function exchangeSymbolsKey(exchangeId: number): string {
  return `exchange:${exchangeId}:symbols`;
}

/** The series every reader shares. @example exchangeCandleKey(2, 'BTCUSDT', '1m') // 'candles:2:BTCUSDT:1m' */
export function exchangeCandleKey(exchangeId: number, symbol: string, timeframe: Timeframe): string {
  return `candles:${exchangeId}:${symbol}:${timeframe}`;
}

/**
 * Open times the venue was asked for and does not have: neither a bar nor proof that nothing traded.
 * @example exchangeAbsenceKey(2, 'BTCUSDT', '1m') // 'candles:2:BTCUSDT:1m:absent'
 */
export function exchangeAbsenceKey(exchangeId: number, symbol: string, timeframe: Timeframe): string {
  return `${exchangeCandleKey(exchangeId, symbol, timeframe)}:absent`;
}

/**
 * Open times an answer of the venue lacked and nothing is proven of yet: asked for again before anything is said.
 * @example exchangeUnservedKey(2, 'BTC-USD', '1m') // 'candles:2:BTC-USD:1m:unserved'
 */
export function exchangeUnservedKey(exchangeId: number, symbol: string, timeframe: Timeframe): string {
  return `${exchangeCandleKey(exchangeId, symbol, timeframe)}:unserved`;
}

/**
 * What a reading said of a settled or streamed bar that differs from it, until a second reading decides.
 * @example exchangeDoubtKey(2, 'BTCUSDT', '1m') // 'candles:2:BTCUSDT:1m:doubts'
 */
export function exchangeDoubtKey(exchangeId: number, symbol: string, timeframe: Timeframe): string {
  return `${exchangeCandleKey(exchangeId, symbol, timeframe)}:doubts`;
}

/** Which bars are to be read again, and when. @example exchangeLooksKey(2) // 'exchange:2:looks' */
export function exchangeLooksKey(exchangeId: number): string {
  return `exchange:${exchangeId}:looks`;
}

/** From which bar to which each series has been announced. @example exchangeToldKey(2) // 'exchange:2:told' */
export function exchangeToldKey(exchangeId: number): string {
  return `exchange:${exchangeId}:told`;
}

/** Closed bars that changed. @example exchangeCorrectionsKey(2) // 'exchange:2:corrections' */
export function exchangeCorrectionsKey(exchangeId: number): string {
  return `exchange:${exchangeId}:corrections`;
}

/**
 * Everything that was announced in the last 24 hours, to be resumed from: closes, what became of them, and what came
 * without being told one by one. @example exchangeClosesKey(2) // 'exchange:2:closes'
 */
export function exchangeClosesKey(exchangeId: number): string {
  return `exchange:${exchangeId}:closes`;
}

/** Through which bar each series was compared with the venue's own. @example exchangeVerifiedKey(2) // 'exchange:2:verified' */
export function exchangeVerifiedKey(exchangeId: number): string {
  return `exchange:${exchangeId}:verified`;
}

/**
 * Counts of one UTC day about how right the candles were. `day`: `YYYY-MM-DD`.
 * @example exchangeQualityKey(2, '2026-11-20') // 'exchange:2:quality:2026-11-20'
 */
export function exchangeQualityKey(exchangeId: number, day: string): string {
  return `exchange:${exchangeId}:quality:${day}`;
}

/**
 * Announces a bar that closed, after it was written.
 * @example exchangeCandleCloseChannel(2, 'BTCUSDT', '1m') // 'channel:exchange:2:candle:close:BTCUSDT:1m'
 */
export function exchangeCandleCloseChannel(exchangeId: number, symbol: string, timeframe: Timeframe): string {
  return `channel:exchange:${exchangeId}:candle:close:${symbol}:${timeframe}`;
}

/**
 * Pattern of the close channels of an exchange, or of one timeframe of it.
 * @example exchangeCandleClosePattern(2) // 'channel:exchange:2:candle:close:*:*'
 */
export function exchangeCandleClosePattern(exchangeId: number, timeframe?: Timeframe): string {
  return `channel:exchange:${exchangeId}:candle:close:*:${timeframe ?? '*'}`;
}

/** Reads a close channel's name; undefined when it is not one. */
export function parseExchangeCandleCloseChannel(
  channel: string,
): { exchangeId: number; symbol: string; timeframe: Timeframe } | undefined {
  const match = /^channel:exchange:(\d+):candle:close:([^:]+):([^:]+)$/.exec(channel);
  const [, exchangeId, symbol, timeframe] = match ?? [];
  if (exchangeId === undefined || symbol === undefined || timeframe === undefined) return undefined;
  return isTimeframe(timeframe) ? { exchangeId: Number(exchangeId), symbol, timeframe } : undefined;
}

/** Last price and 24-hour figures. @example tickerKey(2, 'BTCUSDT') // 'ticker:2:BTCUSDT' */
export function tickerKey(exchangeId: number, symbol: string): string {
  return `ticker:${exchangeId}:${symbol}`;
}

/** Announces a ticker. @example tickerChannel(2, 'BTCUSDT') // 'channel:ticker:2:BTCUSDT' */
export function tickerChannel(exchangeId: number, symbol: string): string {
  return `channel:ticker:${exchangeId}:${symbol}`;
}

/** Reads a ticker channel's name; undefined when it is not one. */
export function parseTickerChannel(channel: string): { exchangeId: number; symbol: string } | undefined {
  const [, exchangeId, symbol] = /^channel:ticker:(\d+):([^:]+)$/.exec(channel) ?? [];
  return exchangeId === undefined || symbol === undefined
    ? undefined
    : { exchangeId: Number(exchangeId), symbol };
}

/**
 * Where a value goes that lay in the place of one of ours and was of another type.
 * @example foreignKey('exchange:2:told') // 'exchange:2:told:foreign'
 */
export function foreignKey(key: string): string {
  return `${key}:foreign`;
}

// ── Tier 2: user-scoped ──────────────────────────────────────────────────────────────────────────────────────

/** A user's private series. @example candleKey(7, 2, 'BTCUSDT', '1m') // 'candles:7:2:BTCUSDT:1m' */
export function candleKey(userId: number, exchangeId: number, symbol: string, timeframe: Timeframe): string {
  return `candles:${userId}:${exchangeId}:${symbol}:${timeframe}`;
}

/**
 * Updates of a bar that is still open.
 * @example candleChannel(7, 2, 'BTCUSDT', '1m') // 'channel:candle:7:2:BTCUSDT:1m'
 */
export function candleChannel(
  userId: number,
  exchangeId: number,
  symbol: string,
  timeframe: Timeframe,
): string {
  return `channel:candle:${userId}:${exchangeId}:${symbol}:${timeframe}`;
}

/**
 * A user's own announcement of finalised candles.
 * @example candleCloseChannel(7, 2, 'BTCUSDT', '1m') // 'channel:candle:close:7:2:BTCUSDT:1m'
 */
export function candleCloseChannel(
  userId: number,
  exchangeId: number,
  symbol: string,
  timeframe: Timeframe,
): string {
  return `channel:candle:close:${userId}:${exchangeId}:${symbol}:${timeframe}`;
}

/** Reads a user's close channel name; undefined when it is not one. */
export function parseCandleCloseChannel(
  channel: string,
): { userId: number; exchangeId: number; symbol: string; timeframe: Timeframe } | undefined {
  const match = /^channel:candle:close:(\d+):(\d+):([^:]+):([^:]+)$/.exec(channel);
  const [, userId, exchangeId, symbol, timeframe] = match ?? [];
  if (userId === undefined || exchangeId === undefined || symbol === undefined) return undefined;
  if (timeframe === undefined || !isTimeframe(timeframe)) return undefined;
  return { userId: Number(userId), exchangeId: Number(exchangeId), symbol, timeframe };
}
