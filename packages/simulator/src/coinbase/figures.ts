/** Prices and rolling figures of a symbol, all from the one tape. */
import type { Bar, Interval, Market, MarketSymbol, Trade } from '../market/market';
import { fromUnits, plainDecimal, toUnits } from './wire';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Decimals in which volumes are added up and prices compared: more than any symbol has. */
const SCALE = 12;

/** Figures of a rolling day; all empty where nothing traded. */
export interface DayFigures {
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly volume: string;
  readonly quoteVolume: string;
}

const NOTHING: DayFigures = { open: '', high: '', low: '', volume: '', quoteVolume: '' };

/** Where the last price is looked for: interval and number of bars, from near to far. */
const LOOKBACKS: readonly (readonly [Interval, number])[] = [
  ['1m', 15 * MINUTE_MS],
  ['5m', 60 * MINUTE_MS],
  ['15m', 6 * 60 * MINUTE_MS],
  ['1h', DAY_MS],
  ['4h', 4 * DAY_MS],
  ['6h', 6 * DAY_MS],
  ['1d', 30 * DAY_MS],
];

/** How far back recent trades are looked for, from near to far: an illiquid symbol costs more, never without bound. */
const TRADE_LOOKBACKS_MS = [MINUTE_MS, 10 * MINUTE_MS, 60 * MINUTE_MS, 6 * 60 * MINUTE_MS, DAY_MS];

/** Reads a market for last prices, recent trades, and rolling figures, which are renewed once a minute. */
export class Figures {
  readonly #market: Market;
  readonly #days = new Map<string, { readonly minute: number; readonly figures: DayFigures }>();
  readonly #years = new Map<string, { readonly day: number; readonly high: string; readonly low: string }>();

  constructor(market: Market) {
    this.#market = market;
  }

  /** The last price at `now`, or '' where none is found within a month. */
  lastPrice(symbol: MarketSymbol | undefined, now: number): string {
    if (symbol === undefined) return '';
    const served = this.#market.intervals(symbol.symbol);
    for (const [interval, length] of LOOKBACKS) {
      if (!served.includes(interval)) continue;
      const bars = this.#market.bars(symbol.symbol, interval, now - length, now + 1, now);
      const last = bars.findLast((bar) => bar.trades > 0);
      if (last !== undefined) return plainDecimal(last.close);
    }
    return '';
  }

  /** The newest `count` trades up to `now`, ascending. */
  recentTrades(symbol: MarketSymbol | undefined, now: number, count: number): readonly Trade[] {
    if (symbol === undefined) return [];
    let found: readonly Trade[] = [];
    for (const length of TRADE_LOOKBACKS_MS) {
      found = this.#market.trades(symbol.symbol, now - length, now + 1);
      if (found.length >= count) break;
    }
    return found.slice(-count);
  }

  /** Figures of the 24 hours before the running minute. */
  day(symbol: MarketSymbol | undefined, now: number): DayFigures {
    if (symbol === undefined) return NOTHING;
    const minute = Math.floor(now / MINUTE_MS);
    const known = this.#days.get(symbol.symbol);
    if (known?.minute === minute) return known.figures;
    const figures = dayFigures(this.#traded(symbol, ['1h', '15m', '30m', '5m', '1m', '4h'], DAY_MS, now));
    this.#days.set(symbol.symbol, { minute, figures });
    return figures;
  }

  /** Highest and lowest price of 52 weeks, renewed once a day. */
  year(symbol: MarketSymbol, now: number): { readonly high: string; readonly low: string } {
    const day = Math.floor(now / DAY_MS);
    const known = this.#years.get(symbol.symbol);
    if (known?.day === day) return known;
    const bars = this.#traded(symbol, ['1d', '1h', '4h', '6h'], 364 * DAY_MS, now);
    const { high, low } = dayFigures(bars);
    const year = { day, high, low };
    this.#years.set(symbol.symbol, year);
    return year;
  }

  #traded(symbol: MarketSymbol, wanted: readonly Interval[], length: number, now: number): readonly Bar[] {
    const served = this.#market.intervals(symbol.symbol);
    const interval = wanted.find((each) => served.includes(each));
    if (interval === undefined) return [];
    const bars = this.#market.bars(symbol.symbol, interval, now - length, now + 1, now);
    return bars.filter((bar) => bar.trades > 0);
  }
}

function dayFigures(bars: readonly Bar[]): DayFigures {
  const [first] = bars;
  if (first === undefined) return NOTHING;
  const sum = (of: (bar: Bar) => string) =>
    fromUnits(
      bars.reduce((total, bar) => total + toUnits(of(bar), SCALE), 0n),
      SCALE,
    );
  return {
    open: first.open,
    high: bars.map((bar) => bar.high).reduce(higher),
    low: bars.map((bar) => bar.low).reduce(lower),
    volume: sum((bar) => bar.volume),
    quoteVolume: sum((bar) => bar.quoteVolume),
  };
}

/** The greater of two decimals. */
export function higher(a: string, b: string): string {
  return plainDecimal(b === '' || (a !== '' && toUnits(a, SCALE) >= toUnits(b, SCALE)) ? a : b);
}

/** The smaller of two decimals. */
export function lower(a: string, b: string): string {
  return plainDecimal(b === '' || (a !== '' && toUnits(a, SCALE) <= toUnits(b, SCALE)) ? a : b);
}

/** Change from `open` to `last` in percent, many digits and a sign, as the venue spells it. */
export function percentChange(open: string, last: string): string {
  if (open === '' || last === '' || Number(open) === 0) return '';
  return plainDecimal(((Number(last) / Number(open) - 1) * 100).toFixed(14));
}
