import { withSpoilt } from '../faults/blemish';
import { INTERVALS } from '../market/market';
import { refusals } from './answers';
import { rowOf, selectBars } from './kline-rows';
import { spoiltRow } from './spoilt';
import { instantOf, integerOf, timeZoneOf } from './parameters';
import type { ParameterSpec } from './parameters';
import { KLINE_LIMIT_DEFAULT, KLINE_LIMIT_MAX } from './profile';
import type { Profile } from './profile';
import type { RestCall, RestContext, Route } from './rest-context';

/** Instants before this are taken as this. */
const EARLIEST = Date.UTC(2017, 0, 1);

export function klinesRoute(profile: Profile): Route {
  const parameters: ParameterSpec = {
    symbol: 'symbol!',
    interval: 'text!',
    startTime: 'integer',
    endTime: 'integer',
    limit: 'integer',
    ...(profile.hasTimeZone ? { timeZone: 'text' as const } : {}),
  };
  return { parameters, weight: (_query, { weights }) => weights.klines, answer: klines };
}

function klines({ query, now, unit }: RestCall, context: RestContext): unknown {
  const name = query.get('symbol') ?? '';
  const wanted = query.get('interval') ?? '';
  context.recorder.candles(name, wanted);
  const interval = INTERVALS.find((one) => one === wanted);
  if (interval === undefined || (interval === '1s' && !context.profile.hasSeconds)) throw refusals.interval();
  const symbol = context.listing.find(name);
  if (symbol === undefined) throw refusals.symbol();
  const limit = integerOf(query, 'limit') ?? KLINE_LIMIT_DEFAULT;
  if (limit < 1) throw refusals.invalid('limit');
  const from = instantOf(query, 'startTime', 'up');
  const bars = selectBars(context.restMarket, {
    symbol: name,
    interval,
    from: from === undefined ? undefined : Math.max(from, EARLIEST),
    to: instantOf(query, 'endTime', 'down'),
    limit: Math.min(limit, KLINE_LIMIT_MAX),
    shift: timeZoneOf(query.get('timeZone')),
    listedAt: symbol.listedAt,
    now,
  });
  context.revisions.shown(bars);
  const scale = context.listing.priceScale(name);
  const rows = bars.map((bar) => rowOf(bar, scale, unit));
  const spoilt = context.blemishes.ofRows({ symbol: name, timeframe: interval }, rows.length);
  return withSpoilt(rows, spoilt, spoiltRow);
}
