import type { SourcedCandle } from '@livermore/schemas';
import { restAsOf } from '../../as-of';
import { DecodeError } from '../../errors';
import type { HttpResponse } from '../../transport';
import { readRows } from '../page-rows';
import type { AnswerContext, CandlePage, PageRows } from '../protocol';
import { amountAt, checkRange, parseJson, priceAt } from '../wire';
import type { Where } from '../wire';
import { extraCount, extraVolume, withoutUnread } from './extras';
import { openTimeAt, openTimeKnown } from './open-time';

/**
 * `GET /api/v3/klines`: rows of twelve, oldest first, one for every bucket while the market exists.
 *
 *   [[1795312740000,"91650.00000000","91702.10000000","91640.00000000","91680.00000000","12.34500000",
 *     1795312799999,"1131790.22000000",2411,"6.10000000","559232.10000000","0"]]
 *      open time, open, high, low, close, volume, close time, quote volume, trades, taker base and quote volume, unused
 *
 * https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints
 */
export function candles(page: CandlePage, response: HttpResponse, context: AnswerContext): PageRows {
  const rows = parseJson(context.exchange, response.body);
  if (!Array.isArray(rows)) throw new DecodeError(context.exchange, 'root', 'is not an array of rows');
  return readRows(page, rows, {
    venue: context.exchange,
    candle: (row, at) => candleOf(row, at, page, context),
    openTimeOf: (row) => openTimeKnown(cellsOf(row)[0], page.timeframe).openTime,
  });
}

const ROW_LENGTH = 12;
const RANGE = { high: '[2]', low: '[3]' };
const TIMES = { openTime: '[0]', lastMs: '[6]' };

function cellsOf(row: unknown): readonly unknown[] {
  return Array.isArray(row) ? row : [];
}

function candleOf(row: unknown, at: number, page: CandlePage, context: AnswerContext): SourcedCandle {
  const where: Where = { venue: context.exchange, path: `[${at}]` };
  const cells = cellsOf(row);
  if (cells.length < ROW_LENGTH) {
    throw new DecodeError(where.venue, where.path, `is not a row of ${ROW_LENGTH}`);
  }
  const timestamp = openTimeAt(cells[0], cells[6], page.timeframe, where, TIMES);
  const candle = withoutUnread({
    timestamp,
    open: priceAt(cells[1], where, '[1]'),
    high: priceAt(cells[2], where, '[2]'),
    low: priceAt(cells[3], where, '[3]'),
    close: priceAt(cells[4], where, '[4]'),
    volume: amountAt(cells[5], where, '[5]'),
    symbol: page.symbol,
    timeframe: page.timeframe,
    exchange: context.exchange,
    sequenceNum: restAsOf(page.timeframe, timestamp, context.answeredAt),
    // Also of a flat row of volume zero: the volume says that nothing traded.
    source: 'rest',
    quoteVolume: extraVolume(cells[7]),
    trades: extraCount(cells[8]),
    takerBaseVolume: extraVolume(cells[9]),
    takerQuoteVolume: extraVolume(cells[10]),
  });
  checkRange(candle, where, RANGE);
  return candle;
}
