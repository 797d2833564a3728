import { LATEST_OPEN_TIME_MS, timeframeMs } from '@livermore/schemas';
import type { SourcedCandle } from '@livermore/schemas';
import { restAsOf } from '../../as-of';
import { DecodeError } from '../../errors';
import type { HttpResponse } from '../../transport';
import { inPage } from '../page-rows';
import type { AnswerContext, CandlePage } from '../protocol';
import { amountAt, checkRange, integerAt, parseJson, priceAt } from '../wire';
import type { Where } from '../wire';

/**
 * `GET /api/v3/klines`: rows of twelve, oldest first, one for every bucket while the market exists.
 *
 *   [[1795312740000,"91650.00000000","91702.10000000","91640.00000000","91680.00000000","12.34500000",
 *     1795312799999,"1131790.22000000",2411,"6.10000000","559232.10000000","0"]]
 *      open time, open, high, low, close, volume, close time, quote volume, trades, taker volumes, unused
 *
 * https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints
 */
export function candles(page: CandlePage, response: HttpResponse, context: AnswerContext) {
  const rows = parseJson(context.exchange, response.body);
  if (!Array.isArray(rows)) throw new DecodeError(context.exchange, 'root', 'is not an array of rows');
  return inPage(
    page,
    rows.map((row: unknown, at) => candleOf(row, at, page, context)),
  );
}

const ROW_LENGTH = 12;
const RANGE = { high: '[2]', low: '[3]' };

function candleOf(row: unknown, at: number, page: CandlePage, context: AnswerContext): SourcedCandle {
  const where: Where = { venue: context.exchange, path: `[${at}]` };
  const cells: readonly unknown[] = Array.isArray(row) ? row : [];
  if (cells.length < ROW_LENGTH) {
    throw new DecodeError(where.venue, where.path, `is not a row of ${ROW_LENGTH}`);
  }
  const timestamp = openTimeOfRow(cells, page, where);
  const volume = amountAt(cells[5], where, '[5]');
  const candle: SourcedCandle = {
    timestamp,
    open: priceAt(cells[1], where, '[1]'),
    high: priceAt(cells[2], where, '[2]'),
    low: priceAt(cells[3], where, '[3]'),
    close: priceAt(cells[4], where, '[4]'),
    volume,
    symbol: page.symbol,
    timeframe: page.timeframe,
    exchange: context.exchange,
    sequenceNum: restAsOf(page.timeframe, timestamp, context.answeredAt),
    // A flat row of volume zero is the venue's own statement that nothing traded.
    source: volume === 0 ? 'no-trades' : 'rest',
  };
  checkRange(candle, where, RANGE);
  return candle;
}

/** The open time, on the grid, with the close time one millisecond before the next open. */
function openTimeOfRow(cells: readonly unknown[], page: CandlePage, where: Where): number {
  const openTime = integerAt(cells[0], where, '[0]');
  const length = timeframeMs(page.timeframe);
  if (openTime % length !== 0 || openTime > LATEST_OPEN_TIME_MS) {
    throw new DecodeError(where.venue, `${where.path}[0]`, `is not an open time of ${page.timeframe}`);
  }
  if (cells[6] !== openTime + length - 1) {
    throw new DecodeError(where.venue, `${where.path}[6]`, 'is not the last millisecond of the bar');
  }
  return openTime;
}
