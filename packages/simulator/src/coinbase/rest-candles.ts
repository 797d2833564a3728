/** `GET /products/{id}/candles`: newest first, both ends inclusive, fewer than 350 buckets apart, empty ones left out. */
import { withSpoilt } from '../faults/blemish';
import type { Bar } from '../market/market';
import type { SimRequest, SimResponse } from '../server/venue';
import type { Product } from './catalogue';
import { granularityOf } from './granularity';
import type { Granularity } from './granularity';
import type { RestContext } from './rest-context';
import { spoiltCandle } from './spoilt';
import { wholeNumber } from './rest-products';
import { errorAnswer, jsonAnswer, plainDecimal } from './wire';

/** Candles a request may span; `(end - start) / granularity` must stay below. */
const MAX_CANDLES = 350;
const TOO_MANY = 'start and end argument is invalid - number of candles requested should be less than 350';

/** Seconds since the epoch, both inclusive, compared with the bucket's start. */
interface Window {
  readonly start: number;
  readonly end: number;
}

/** One candle as REST and socket spell it, without its product. Note the order: low, high, open, close. */
export interface WireCandle {
  readonly start: string;
  readonly low: string;
  readonly high: string;
  readonly open: string;
  readonly close: string;
  readonly volume: string;
}

/** Answers a request for candles, or refuses the whole of it. */
export function candles(context: RestContext, request: SimRequest, product: Product): SimResponse {
  const { query } = request;
  const granularity = granularityOf(query.get('granularity') ?? '');
  if (granularity === undefined) return invalid('granularity argument is invalid');
  const limitText = query.get('limit');
  const limit = limitText === null ? MAX_CANDLES : wholeNumber(limitText);
  if (limit === undefined || limit < 1) return invalid('limit argument is invalid');
  const window = windowOf(query, granularity, context.now);
  if (window === undefined || window.start > window.end) return invalid('start and end argument is invalid');
  if ((window.end - window.start) / granularity.seconds >= MAX_CANDLES) return invalid(TOO_MANY);
  const rows = tradedBars(context, product, { granularity, window }).slice(-limit);
  context.revisions.shown(rows);
  const wire = rows.toReversed().map(wireCandle);
  const series = { symbol: product.symbol?.symbol ?? product.id, timeframe: granularity.interval };
  const spoilt = context.blemishes.ofRows(series, wire.length);
  return jsonAnswer(200, { candles: withSpoilt(wire, spoilt, spoiltCandle) });
}

/** The wire form of a bar. */
export function wireCandle(bar: Bar): WireCandle {
  return {
    start: String(bar.openTime / 1000),
    low: plainDecimal(bar.low),
    high: plainDecimal(bar.high),
    open: plainDecimal(bar.open),
    close: plainDecimal(bar.close),
    volume: plainDecimal(bar.volume),
  };
}

function invalid(message: string): SimResponse {
  return errorAnswer(400, 'INVALID_ARGUMENT', message);
}

/** The window asked for; a missing end is now, a missing start as early as allowed. Undefined: not readable. */
function windowOf(query: URLSearchParams, granularity: Granularity, now: number): Window | undefined {
  const [startText, endText] = [query.get('start') || null, query.get('end') || null];
  const end = endText === null ? Math.floor(now / 1000) : wholeNumber(endText);
  if (end === undefined) return undefined;
  const newest = Math.floor(end / granularity.seconds) * granularity.seconds;
  const start =
    startText === null ? newest - (MAX_CANDLES - 1) * granularity.seconds : wholeNumber(startText);
  return start === undefined ? undefined : { start, end };
}

function tradedBars(
  context: RestContext,
  product: Product,
  what: { readonly granularity: Granularity; readonly window: Window },
): readonly Bar[] {
  const { symbol } = product;
  const { interval } = what.granularity;
  if (symbol === undefined || !context.restMarket.intervals(symbol.symbol).includes(interval)) return [];
  const { start, end } = what.window;
  const bars = context.restMarket.bars(symbol.symbol, interval, start * 1000, end * 1000 + 1, context.now);
  return bars.filter((bar) => bar.trades > 0);
}
