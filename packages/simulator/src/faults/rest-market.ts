import { hash32 } from '@livermore/utils';
import { bucketStart } from '../market/intervals';
import type { Bar, Interval, Market } from '../market/market';
import { textToUnits, unitsToText } from '../market/units';
import type { ActiveFaults } from './active-faults';

/** A closed bar with more volume than the stream told, from `since` on. */
interface Revision {
  readonly symbol: string | undefined;
  readonly timeframe: string | undefined;
  readonly barsAgo: number;
  readonly since: number;
}

/** Revisions remembered: the venue never takes one back. */
const REVISIONS_KEPT = 100;
const SIZE_SCALE = 10;

/** The market as REST candle routes show it: late, revised, with rows missing, repeated or in another order. */
export function withRestFaults(
  market: Market,
  faults: ActiveFaults,
  now: () => number,
  seed: number,
): Market {
  const revisions: Revision[] = [];
  const learn = (symbol?: string, timeframe?: string, barsAgo = 3) => {
    revisions.push({ symbol, timeframe, barsAgo, since: now() });
    if (revisions.length > REVISIONS_KEPT) revisions.shift();
  };
  for (const { fault } of faults.all('revised-candle')) learn(fault.symbol, fault.timeframe, fault.barsAgo);
  faults.onStart((fault) => {
    if (fault.kind === 'revised-candle') learn(fault.symbol, fault.timeframe, fault.barsAgo);
  });
  return {
    get symbols() {
      return market.symbols;
    },
    trades: (symbol, from, to) => market.trades(symbol, from, to),
    nextTradeAt: (symbol, after) => market.nextTradeAt(symbol, after),
    isOut: (symbol, at) => market.isOut(symbol, at),
    intervals: (symbol) => market.intervals(symbol),
    bars: (symbol, interval, from, to, at) => {
      const truth = market.bars(symbol, interval, from, to, at);
      const revised =
        revisions.length === 0 ? truth : truth.map((bar) => revise(bar, symbol, interval, revisions));
      return distort(revised, symbol, interval, at, faults, seed);
    },
  };
}

function revise(bar: Bar, symbol: string, interval: Interval, revisions: readonly Revision[]): Bar {
  const isHit = revisions.some(
    (one) =>
      (one.symbol ?? symbol) === symbol &&
      (one.timeframe ?? interval) === interval &&
      bar.openTime === barsBefore(interval, one.since, one.barsAgo + 1),
  );
  if (!isHit) return bar;
  // An eighth more, and never nothing.
  const volume = textToUnits(bar.volume, SIZE_SCALE);
  return { ...bar, volume: unitsToText(volume + volume / 8n + 10n ** 6n, SIZE_SCALE) };
}

function barsBefore(interval: Interval, at: number, bars: number): number {
  let start = bucketStart(interval, at);
  for (let left = bars; left > 0; left -= 1) start = bucketStart(interval, start - 1);
  return start;
}

function distort(
  bars: readonly Bar[],
  symbol: string,
  interval: Interval,
  now: number,
  faults: ActiveFaults,
  seed: number,
): readonly Bar[] {
  const series = { symbol, timeframe: interval };
  const lag = faults.find('rest-lag');
  const missing = faults.find('rows-missing', series);
  let rows = bars;
  // Whatever closed lately is not there yet, nor is anything newer.
  if (lag !== undefined) rows = rows.filter((bar) => bar.closeTime > now || bar.closeTime + lag.byMs <= now);
  if (lag !== undefined && rows.length < bars.length) rows = rows.filter((bar) => bar.closeTime <= now);
  if (missing !== undefined)
    rows = rows.filter((bar) => hash32(`${seed}|${symbol}|${bar.openTime}`) / 4_294_967_296 >= missing.share);
  if (faults.find('rows-repeated', series) !== undefined)
    rows = rows.flatMap((bar) => (hash32(`${seed}|${bar.openTime}`) % 5 === 0 ? [bar, bar] : [bar]));
  if (faults.find('rows-shuffled', series) !== undefined)
    rows = rows.toSorted((a, b) => hash32(`${seed}|${a.openTime}`) - hash32(`${seed}|${b.openTime}`));
  return rows;
}
