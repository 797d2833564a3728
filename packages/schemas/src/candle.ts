import { z } from 'zod';
import { SymbolSchema, isSymbol } from './symbol';
import { LATEST_OPEN_TIME_MS, TimeframeSchema, closeTimeOf, isTimeframe, openTimeOf } from './timeframe';
import type { Timeframe } from './timeframe';

const price = z.number().positive();

const candleShape = {
  /** Open time of the bar, ms since the epoch, UTC. */
  timestamp: z.int().positive().max(LATEST_OPEN_TIME_MS),
  open: price,
  high: price,
  low: price,
  close: price,
  /** Base volume. */
  volume: z.number().nonnegative(),
  /** The venue's own spelling: `BTCUSDT`, `BTC-USD`. */
  symbol: SymbolSchema,
  timeframe: TimeframeSchema,
};

/** Most trades of one bar that can be told: four bytes, less the value that says nothing. */
export const MAX_TRADES = 2 ** 32 - 2;

/**
 * Where a candle came from. `derived`: made of shorter bars where that is exact; `stand-in`: where it is not. `no-trades`:
 * a flat bar stored on proof that nothing traded. `snapshot`: an older bar told again when a stream was subscribed.
 */
export const CANDLE_SOURCES = ['stream', 'rest', 'derived', 'no-trades', 'snapshot', 'stand-in'] as const;
export const CandleSourceSchema = z.enum(CANDLE_SOURCES);
export type CandleSource = z.infer<typeof CandleSourceSchema>;

/**
 * How far a closed candle is beyond what its source alone says. `unwitnessed`: nothing showed that the venue had moved
 * past the bar when it told this. `once`: made of bars that were read once. `settled`: told alike by two independent
 * readings. `final`: unchanged in the reading a day later.
 */
export const CANDLE_STANDINGS = ['unwitnessed', 'once', 'settled', 'final'] as const;
export const CandleStandingSchema = z.enum(CANDLE_STANDINGS);
export type CandleStanding = z.infer<typeof CandleStandingSchema>;

interface Bar {
  readonly timestamp: number;
  readonly timeframe: Timeframe;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

function checkBar(context: z.core.ParsePayload<Bar>): void {
  const bar = context.value;
  const fault = (path: keyof Bar, message: string) =>
    context.issues.push({ code: 'custom', path: [path], message, input: bar[path] });
  if (bar.high < Math.max(bar.open, bar.close)) fault('high', 'high is below open or close');
  if (bar.low > Math.min(bar.open, bar.close)) fault('low', 'low is above open or close');
  if (bar.timestamp !== openTimeOf(bar.timeframe, bar.timestamp)) {
    fault('timestamp', `timestamp is not an open time of ${bar.timeframe}`);
  }
}

/** One bar of OHLCV. Refuses a high below or a low above open and close, and an open time off the grid. */
export const CandleSchema = z.object(candleShape).check(checkBar);
export type Candle = z.infer<typeof CandleSchema>;

/**
 * A candle with its exchange and the exchange time at which this state was true.
 *
 * `sequenceNum` is the as-of, in microseconds since the epoch: a bar is closed exactly when its as-of is at
 * or past its close time. So numbers from different connections, machines and transports are comparable.
 */
export const UnifiedCandleSchema = z
  .object({
    ...candleShape,
    exchange: z.string().min(1),
    sequenceNum: z.int().nonnegative().optional(),
    source: CandleSourceSchema.optional(),
    standing: CandleStandingSchema.optional(),
    /** It was once closed with other values. */
    corrected: z.literal(true).optional(),
    /** Volume in the quote asset, where the venue tells it; so with the three below. */
    quoteVolume: z.number().nonnegative().optional(),
    /** Number of trades. */
    trades: z.int().nonnegative().max(MAX_TRADES).optional(),
    /** Base and quote volume of trades whose taker bought. */
    takerBaseVolume: z.number().nonnegative().optional(),
    takerQuoteVolume: z.number().nonnegative().optional(),
  })
  .check(checkBar);
export type UnifiedCandle = z.infer<typeof UnifiedCandleSchema>;

/**
 * What `UnifiedCandleSchema` checks, without a copy and without words, for candles by the hundred thousand. Whoever hears
 * no asks the schema which field it is.
 */
export function isUnifiedCandle(value: unknown): value is UnifiedCandle {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of an object each field may be asked for
  const candle = value as Readonly<Partial<Record<keyof UnifiedCandle, unknown>>>;
  const { open, high, low, close, timestamp, timeframe } = candle;
  return (
    isPrice(open) &&
    isPrice(high) &&
    isPrice(low) &&
    isPrice(close) &&
    low <= open &&
    low <= close &&
    high >= open &&
    high >= close &&
    isAmount(candle.volume) &&
    isSymbol(candle.symbol) &&
    typeof timeframe === 'string' &&
    isTimeframe(timeframe) &&
    isCount(timestamp, LATEST_OPEN_TIME_MS) &&
    timestamp > 0 &&
    timestamp === openTimeOf(timeframe, timestamp) &&
    isToldWell(candle)
  );
}

/** What a candle says beyond its bar: all of it may be absent but the exchange. */
function isToldWell(candle: Readonly<Partial<Record<keyof UnifiedCandle, unknown>>>): boolean {
  const { exchange, sequenceNum, source, standing, corrected, trades } = candle;
  const { quoteVolume, takerBaseVolume, takerQuoteVolume } = candle;
  return (
    typeof exchange === 'string' &&
    exchange !== '' &&
    (sequenceNum === undefined || isCount(sequenceNum, Number.MAX_SAFE_INTEGER)) &&
    (source === undefined || isOneOf(CANDLE_SOURCES, source)) &&
    (standing === undefined || isOneOf(CANDLE_STANDINGS, standing)) &&
    (corrected === undefined || corrected === true) &&
    (trades === undefined || isCount(trades, MAX_TRADES)) &&
    (quoteVolume === undefined || isAmount(quoteVolume)) &&
    (takerBaseVolume === undefined || isAmount(takerBaseVolume)) &&
    (takerQuoteVolume === undefined || isAmount(takerQuoteVolume))
  );
}

function isPrice(value: unknown): value is number {
  return typeof value === 'number' && value > 0 && value < Infinity;
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < Infinity;
}

function isCount(value: unknown, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most;
}

function isOneOf(known: readonly unknown[], value: unknown): boolean {
  return known.includes(value);
}

/** A candle of the pipeline: it always knows its as-of and its source. */
export type SourcedCandle = UnifiedCandle & { readonly sequenceNum: number; readonly source: CandleSource };

/** Microseconds in a millisecond: as-of is in µs, every other time in ms. */
export const MICROS_PER_MS = 1000;

/** Close time of a candle's bar as an as-of (µs). */
export function closeAsOf(timeframe: Timeframe, openTime: number): number {
  return closeTimeOf(timeframe, openTime) * MICROS_PER_MS;
}

/** Whether this state of the bar is final: its as-of is at or past its close time. */
export function isClosed(candle: Pick<UnifiedCandle, 'timestamp' | 'timeframe' | 'sequenceNum'>): boolean {
  return (
    candle.sequenceNum !== undefined && candle.sequenceNum >= closeAsOf(candle.timeframe, candle.timestamp)
  );
}

/** What a reader may expect of a candle: `provisional` is closed and may still change, `final` is not expected to. */
export const CANDLE_STATES = ['forming', 'provisional', 'settled', 'final'] as const;
export type CandleState = (typeof CANDLE_STATES)[number];

type Placed = Pick<UnifiedCandle, 'timestamp' | 'timeframe' | 'sequenceNum' | 'source' | 'standing'>;

/** Whether a candle still forms, and how sure its values are once it is closed. */
export function candleStateOf(candle: Placed): CandleState {
  if (!isClosed(candle)) return 'forming';
  return candle.standing === 'settled' || candle.standing === 'final' ? candle.standing : 'provisional';
}

/** The class of a candle in the order of truth: a higher one is never replaced by a lower. */
export type CandleClass = 0 | 1 | 2 | 3 | 4;

const CLASS_OF_SOURCE: Readonly<Record<CandleSource, CandleClass>> = {
  stream: 3,
  rest: 2,
  derived: 3,
  'no-trades': 1,
  snapshot: 1,
  'stand-in': 1,
};

/**
 * The class of a candle: 0 forming; 1 a bar on weak or indirect evidence; 2 read once from REST, witnessed; 3 the
 * stream's own final; 4 settled. That nothing traded stays below whatever the venue serves.
 */
export function candleClassOf(candle: Placed): CandleClass {
  if (!isClosed(candle)) return 0;
  const { source, standing } = candle;
  if (standing === 'unwitnessed' || source === undefined || source === 'no-trades') return 1;
  if (standing === 'once') return 2;
  return standing === undefined ? CLASS_OF_SOURCE[source] : 4;
}

/** All candles of one (symbol, timeframe) of an exchange. */
export interface Series {
  readonly symbol: string;
  readonly timeframe: Timeframe;
}

/** A series as maps and the stores of an exchange name it. @example seriesKey({ symbol: 'BTCUSDT', timeframe: '1m' }) // 'BTCUSDT 1m' */
export function seriesKey({ symbol, timeframe }: Readonly<Record<keyof Series, string>>): string {
  return `${symbol} ${timeframe}`;
}

/** Reads such a name back; undefined when it is none. */
export function parseSeriesKey(key: string): Series | undefined {
  const [symbol = '', timeframe = '', ...more] = key.split(' ');
  return symbol !== '' && isTimeframe(timeframe) && more.length === 0 ? { symbol, timeframe } : undefined;
}

/** A half-open range of open times, ms: `from` is in, `to` is not. */
export interface OpenTimeRange {
  readonly from: number;
  readonly to: number;
}
