import { DecodeError } from '../../errors';
import type { HttpResponse } from '../../transport';
import type { Volumes } from '../protocol';
import { readEach, symbolKnown } from '../unreadable';
import { amountAt, isObject, parseJson, parseWith } from '../wire';
import { DayTickerSchema } from './messages';

const WHERE = { venue: 'binance', path: '' };

/** Quote volumes of a rolling day. An entry that cannot be read is left out. @throws DecodeError for what is no list */
export function volumes(response: HttpResponse): Volumes {
  const tickers = parseJson(WHERE.venue, response.body);
  if (!Array.isArray(tickers)) throw new DecodeError(WHERE.venue, 'root', 'is not a list of tickers');
  const { values, unreadable } = readEach(tickers, volumeOf, (entry) =>
    isObject(entry) ? symbolKnown(entry['symbol']) : {},
  );
  return { bySymbol: new Map(values), unreadable };
}

function volumeOf(entry: unknown, at: number): readonly [symbol: string, quoteVolume: number] {
  const where = { ...WHERE, path: `${at}.` };
  const { symbol, quoteVolume } = parseWith(DayTickerSchema, entry, where);
  return [symbol, amountAt(quoteVolume, where, 'quoteVolume')];
}
