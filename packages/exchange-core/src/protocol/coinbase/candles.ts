import type { SourcedCandle } from '@livermore/schemas';
import { restAsOf } from '../../as-of';
import { DecodeError } from '../../errors';
import type { HttpResponse } from '../../transport';
import { readRows } from '../page-rows';
import type { AnswerContext, CandlePage, PageRows } from '../protocol';
import { isObject, parseJson, parseWith } from '../wire';
import type { Where } from '../wire';
import { readBar } from './bar';
import { CandlesBodySchema } from './messages';
import { openTimeIn } from './time';

/**
 * `GET /market/products/{id}/candles`: newest first, buckets without trades left out (and left out here too:
 * that nothing traded is for the reader of several answers to prove).
 *
 *   {"candles":[
 *     {"start":"1795168800","low":"91671.3","high":"91690","open":"91680","close":"91688.01","volume":"0.8011"},
 *     {"start":"1795168740","low":"91640","high":"91702.1","open":"91650","close":"91680","volume":"12.345"}]}
 *
 * https://docs.cdp.coinbase.com/api-reference/advanced-trade-api/rest-api/public/get-public-product-candles
 */
export function candles(page: CandlePage, response: HttpResponse, context: AnswerContext): PageRows {
  const root: Where = { venue: context.exchange, path: '' };
  const body = parseWith(CandlesBodySchema, parseJson(root.venue, response.body), root);
  return readRows(page, body.candles, {
    venue: context.exchange,
    candle: (row, at) => candleOf(row, at, page, context),
    openTimeOf: (row) => (isObject(row) ? openTimeIn(row['start'], page.timeframe) : undefined),
  });
}

function candleOf(row: unknown, at: number, page: CandlePage, context: AnswerContext): SourcedCandle {
  const where: Where = { venue: context.exchange, path: `candles.${at}.` };
  if (!isObject(row)) throw new DecodeError(where.venue, `candles.${at}`, 'is not an object');
  const bar = readBar(row, page.timeframe, where);
  return {
    ...bar,
    symbol: page.symbol,
    timeframe: page.timeframe,
    exchange: context.exchange,
    sequenceNum: restAsOf(page.timeframe, bar.timestamp, context.answeredAt),
    source: 'rest',
  };
}
