import { closeAsOf } from '@livermore/schemas';
import type { SourcedCandle, Timeframe } from '@livermore/schemas';
import { recordedText } from './recorded';

/**
 * Recorded native candles of a venue as closed bars, ascending; none where the data is absent.
 * @example recordedCandles('binance/2025-05/BTCUSDT', '1m')
 */
export function recordedCandles(series: string, timeframe: Timeframe, suffix = ''): readonly SourcedCandle[] {
  const text = recordedText(`klines/${series}-${timeframe}${suffix}.csv.gz`) ?? '';
  const symbol = series.slice(series.lastIndexOf('/') + 1);
  const exchange = series.slice(0, series.indexOf('/'));
  const [header = '', ...rows] = text.split('\n').filter((row) => row !== '');
  const columns = header.split(',');
  const at = (row: readonly string[], name: string) => Number(row[columns.indexOf(name)]);
  return rows.map((line) => {
    const row = line.split(',');
    const timestamp = at(row, 'open_time');
    return {
      timestamp,
      open: at(row, 'open'),
      high: at(row, 'high'),
      low: at(row, 'low'),
      close: at(row, 'close'),
      volume: at(row, 'volume'),
      symbol,
      exchange,
      timeframe,
      sequenceNum: closeAsOf(timeframe, timestamp),
      source: 'rest',
    };
  });
}
