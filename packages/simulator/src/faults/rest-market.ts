import { hash32 } from '@livermore/utils';
import { bucketStart, INTERVAL_MS } from '../market/intervals';
import type { Bar, Interval, Market } from '../market/market';
import type { SeriesName } from './active-faults';
import { createLiar } from './lies';
import type { RestView } from './rest-turn';
import type { Revisions } from './revisions';

/** A market in which closed bars change as the revisions say. `onRevised` hears of each answer that holds such a bar. */
export function withRevisions(market: Market, revisions: Revisions, onRevised?: () => void): Market {
  return withBars(market, (symbol, interval, from, to, at) => {
    const bars = market.bars(symbol, interval, from, to, at);
    const revised = revisions.revised(bars, { symbol, interval }, at);
    if (revised !== bars && revised.some((bar, row) => bar !== bars[row])) onRevised?.();
    return revised;
  });
}

/**
 * The market as REST candle routes show it: as it was, late, lied about, with rows missing, repeated or in another
 * order. `market` has the revisions.
 */
export function withRestFaults(market: Market, view: RestView): Market {
  const lieAbout = createLiar(market, view);
  return withBars(market, (symbol, interval, from, to, at) => {
    const series = { symbol, timeframe: interval };
    if (view.faults.find('rest-empty', series) !== undefined) {
      view.turn.note(view.faults, 'rest-empty');
      return [];
    }
    const shown = asItWas(market, { symbol, interval, from, to, at }, view);
    return misordered(incomplete(lieAbout(shown, series), series, at, view), series, view);
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

/** The rows as an earlier look would have given them, whole replicas and single rows. */
function asItWas(market: Market, question: Question, { faults, turn }: RestView): readonly Bar[] {
  const { symbol, interval, from, to, at } = question;
  const stale = faults.find('rest-stale', { symbol, timeframe: interval });
  const lags = faults.find('rest-replicas')?.lagsMs ?? [];
  const replicaMs = lags[Math.floor(turn.draw('replica') * lags.length)] ?? 0;
  const wholeMs = stale === undefined || stale.keepsNewest === true ? 0 : stale.byMs;
  const seenAt = at - Math.max(replicaMs, wholeMs);
  const rows = market.bars(symbol, interval, from, to, seenAt);
  if (seenAt < at && showsLess(market, question, seenAt))
    turn.note(faults, wholeMs > replicaMs ? 'rest-stale' : 'rest-replicas');
  if (stale?.keepsNewest !== true) return rows;
  const shown = rows.flatMap((bar) => beforeItsClose(market, question, bar, { seenAt, byMs: stale.byMs }));
  if (shown.some((bar, row) => bar !== rows[row])) turn.note(faults, 'rest-stale');
  return shown;
}

/** Whether the newest rows of an answer differ from what a fresh look gives. */
function showsLess(market: Market, { symbol, interval, to, at }: Question, seenAt: number): boolean {
  const from = bucketStart(interval, seenAt);
  if (from >= to) return false;
  const [then, now] = [seenAt, at].map((when) => market.bars(symbol, interval, from, to, when));
  return JSON.stringify(then) !== JSON.stringify(now);
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
      turn.note(faults, 'rest-lag');
    }
  }
  const missing = faults.find('rows-missing', series);
  if (missing === undefined) return left;
  const kept = left.filter(
    (bar) => hash32(`${seed}|${series.symbol}|${bar.openTime}`) / 4_294_967_296 >= missing.share,
  );
  if (kept.length < left.length) turn.note(faults, 'rows-missing');
  return kept;
}

function misordered(
  bars: readonly Bar[],
  series: SeriesName,
  { faults, seed, turn }: RestView,
): readonly Bar[] {
  const throwOf = (bar: Bar) => hash32(`${seed}|${bar.openTime}`);
  let rows = bars;
  if (faults.find('rows-repeated', series) !== undefined) {
    rows = rows.flatMap((bar) => (throwOf(bar) % 5 === 0 ? [bar, bar] : [bar]));
    if (rows.length > bars.length) turn.note(faults, 'rows-repeated');
  }
  if (rows.length < 2 || faults.find('rows-shuffled', series) === undefined) return rows;
  turn.note(faults, 'rows-shuffled');
  return rows.toSorted((a, b) => throwOf(a) - throwOf(b));
}
