import { INTERVAL_MS } from '../market/intervals';
import type { Bar, Interval, Market } from '../market/market';
import type { FaultOf } from './active-faults';
import { WIRE_DIGITS, times } from './lies';
import { Portions } from './portions';
import type { RestView } from './rest-turn';

/** Buckets looked through for one in which nothing traded. */
const SEARCHED = 500;

/** Makes what puts a row into answers for a bucket in which nothing traded. */
export function createInventor(
  market: Market,
  { faults, turn }: Pick<RestView, 'faults' | 'turn'>,
): (rows: readonly Bar[], symbol: string, interval: Interval) => readonly Bar[] {
  const portions = new Portions(turn);
  return (rows, symbol, interval) => {
    const series = { symbol, timeframe: interval };
    const fault = faults.find('row-invented', series);
    const since = faults.all('row-invented').find((running) => running.fault === fault)?.since;
    if (fault === undefined || since === undefined) return rows;
    const end = since - fault.barsAgo * INTERVAL_MS[interval];
    const quiet = market
      .bars(symbol, interval, end - SEARCHED * INTERVAL_MS[interval], end, since)
      .findLast((bar) => bar.trades === 0 && bar.closeTime <= end);
    const at = rows.findIndex((bar) => bar.openTime === quiet?.openTime && bar.trades === 0);
    const bucket = rows[at];
    if (bucket === undefined || !portions.has(fault, `${symbol} ${interval}`)) return rows;
    turn.note(faults, fault);
    const listed = market.symbols.find((one) => one.symbol === symbol);
    return rows.with(at, traded(bucket, fault, listed?.priceDecimals ?? WIRE_DIGITS));
  };
}

function traded(bucket: Bar, fault: FaultOf<'row-invented'>, priceDecimals: number): Bar {
  const price = times(bucket.close, fault.price, priceDecimals);
  return {
    ...bucket,
    open: price,
    high: price,
    low: price,
    close: price,
    volume: times('1', fault.volume, WIRE_DIGITS),
    quoteVolume: times(price, fault.volume, WIRE_DIGITS),
    trades: 1,
  };
}
