import { hash32 } from '@livermore/utils';
import { bucketStart, INTERVAL_MS } from '../market/intervals';
import type { Bar, Interval, Market } from '../market/market';
import type { SeriesName } from './active-faults';
import type { DeletedBars } from './deleted-bars';
import { createInventor } from './invented-row';
import { createLiar } from './lies';
import { Portions } from './portions';
import type { RestView } from './rest-turn';
import type { Revisions } from './revisions';

/** A market in which closed bars change as the revisions say. */
export function withRevisions(market: Market, revisions: Revisions): Market {
  return withBars(market, (symbol, interval, from, to, at) =>
    revisions.revised(market.bars(symbol, interval, from, to, at), { symbol, interval }, at),
  );
}

/** A market some bars of which are gone. */
export function withoutDeleted(market: Market, deleted: DeletedBars): Market {
  return withBars(market, (symbol, interval, from, to, at) =>
    deleted.without(market.bars(symbol, interval, from, to, at), { symbol, interval }, at),
  );
}

/**
 * The market as REST candle routes show it: as it was, late, lied about, with rows missing, invented, of another length,
 * repeated or in another order. `market` has the revisions, and lacks what is deleted.
 */
export function withRestFaults(market: Market, view: RestView, deleted: DeletedBars): Market {
  const lieAbout = createLiar(market, view);
  const invent = createInventor(market, view);
  const lengthen = createLengthener(view);
  return withBars(market, (symbol, interval, from, to, at) => {
    const series = { symbol, timeframe: interval };
    const empty = view.faults.find('rest-empty', series);
    if (empty !== undefined) {
      view.turn.note(view.faults, empty);
      return [];
    }
    for (const fault of deleted.of({ symbol, interval }, from, to, at)) view.turn.note(view.faults, fault);
    const shown = asItWas(market, { symbol, interval: lengthen(symbol, interval), from, to, at }, view);
    const told = invent(lieAbout(shown, series), symbol, interval);
    return misordered(incomplete(told, series, at, view), series, view);
  });
}

function withBars(market: Market, bars: Market['bars']): Market {
  return {
    get symbols() {
      return market.symbols;
    },
    trades: (symbol, from, to) => market.trades(symbol, from, to),
    nextTradeAt: (symbol, after) => market.nextTradeAt(symbol, after),
    isOut: (symbol, at) => market.isOut(symbol, at),
    intervals: (symbol) => market.intervals(symbol),
    bars,
  };
}

interface Question {
  readonly symbol: string;
  readonly interval: Interval;
  readonly from: number;
  readonly to: number;
  readonly at: number;
}

/** The lengths that clients keep, and take for each other's rows. */
const LENGTHS: readonly Interval[] = ['1m', '5m', '15m', '1h', '4h', '1d'];

/** Makes what says of which length the rows of an answer are. */
function createLengthener({ faults, turn }: RestView): (symbol: string, interval: Interval) => Interval {
  const portions = new Portions(turn);
  return (symbol, interval) => {
    const fault = faults.find('rest-coarse', { symbol, timeframe: interval });
    const coarse = fault?.as ?? LENGTHS[LENGTHS.indexOf(interval) + 1];
    if (fault === undefined || coarse === undefined || !portions.has(fault, `${symbol} ${interval}`))
      return interval;
    turn.note(faults, fault);
    return coarse;
  };
}

/** The rows as an earlier look would have given them, whole replicas and single rows. */
function asItWas(market: Market, question: Question, { faults, turn }: RestView): readonly Bar[] {
  const { symbol, interval, from, to, at } = question;
  const stale = faults.find('rest-stale', { symbol, timeframe: interval });
  const replicas = faults.find('rest-replicas');
  const lags = replicas?.lagsMs ?? [];
  const replicaMs = lags[Math.floor(turn.draw('replica') * lags.length)] ?? 0;
  const wholeMs = stale === undefined || stale.keepsNewest === true ? 0 : stale.byMs;
  const seenAt = at - Math.max(replicaMs, wholeMs);
  const rows = market.bars(symbol, interval, from, to, seenAt);
  const behind = wholeMs > replicaMs ? stale : replicas;
  if (behind !== undefined && seenAt < at && showsLess(market, question, seenAt)) turn.note(faults, behind);
  if (stale?.keepsNewest !== true) return rows;
  const shown = rows.flatMap((bar) => beforeItsClose(market, question, bar, { seenAt, byMs: stale.byMs }));
  if (shown.length < rows.length || shown.some((bar, row) => bar !== rows[row])) turn.note(faults, stale);
  return shown;
}

/** Whether an answer lacks closed bars that a fresh look gives, or shows them otherwise; what still forms is no news. */
function showsLess(market: Market, { symbol, interval, from, to, at }: Question, seenAt: number): boolean {
  const since = Math.max(from, bucketStart(interval, seenAt));
  if (since >= to) return false;
  const then = new Set(market.bars(symbol, interval, since, to, seenAt).map((bar) => JSON.stringify(bar)));
  return market
    .bars(symbol, interval, since, to, at)
    .some((bar) => bar.closeTime <= at && bar.trades > 0 && !then.has(JSON.stringify(bar)));
}

/** A bar that closed lately as it stood `byMs` ago, though not in its first half: a replica knows at least so much. */
function beforeItsClose(
  market: Market,
  { symbol, interval }: Question,
  bar: Bar,
  { seenAt, byMs }: { readonly seenAt: number; readonly byMs: number },
): readonly Bar[] {
  if (bar.closeTime > seenAt || bar.closeTime + byMs <= seenAt) return [bar];
  const then = Math.max(seenAt - byMs, bar.closeTime - Math.ceil(INTERVAL_MS[interval] / 2));
  const [before] = market.bars(symbol, interval, bar.openTime, bar.openTime + 1, then);
  return before === undefined ? [] : [before.trades === bar.trades ? bar : before];
}

/** Whatever closed lately is not there yet, nor is anything newer; others never are. */
function incomplete(rows: readonly Bar[], series: SeriesName, at: number, view: RestView): readonly Bar[] {
  const { faults, seed, turn } = view;
  let left = rows;
  const lag = faults.find('rest-lag');
  if (lag !== undefined) {
    left = left.filter((bar) => bar.closeTime > at || bar.closeTime + lag.byMs <= at);
    if (left.length < rows.length) {
      left = left.filter((bar) => bar.closeTime <= at);
      turn.note(faults, lag);
    }
  }
  const missing = faults.find('rows-missing', series);
  if (missing === undefined) return left;
  const kept = left.filter(
    (bar) => hash32(`${seed}|${series.symbol}|${bar.openTime}`) / 4_294_967_296 >= missing.share,
  );
  if (kept.length < left.length) turn.note(faults, missing);
  return kept;
}

function misordered(
  bars: readonly Bar[],
  series: SeriesName,
  { faults, seed, turn }: RestView,
): readonly Bar[] {
  const throwOf = (bar: Bar) => hash32(`${seed}|${bar.openTime}`);
  let rows = bars;
  const repeated = faults.find('rows-repeated', series);
  if (repeated !== undefined) {
    rows = rows.flatMap((bar) => (throwOf(bar) % 5 === 0 ? [bar, bar] : [bar]));
    if (rows.length > bars.length) turn.note(faults, repeated);
  }
  const shuffled = faults.find('rows-shuffled', series);
  if (rows.length < 2 || shuffled === undefined) return rows;
  turn.note(faults, shuffled);
  return rows.toSorted((a, b) => throwOf(a) - throwOf(b));
}
