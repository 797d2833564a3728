import type { Bar, Interval, Market, MarketSymbol, Trade } from '../market/market';

/** A symbol that trades like clockwork. */
export interface FakeSymbol {
  readonly symbol: string;
  /** A trade at every multiple of this, ms. */
  readonly everyMs: number;
  readonly from: number;
  /** First instant (ms) at which it trades no more. */
  readonly until?: number;
  /** Whether the trade that would happen at `time` (ms) does not. */
  readonly skips?: (time: number) => boolean;
  readonly status?: MarketSymbol['status'];
}

const LENGTHS: Partial<Record<Interval, number>> = {
  '1m': 60_000,
  '5m': 300_000,
  '15m': 900_000,
  '30m': 1_800_000,
  '1h': 3_600_000,
  '2h': 7_200_000,
  '4h': 14_400_000,
  '6h': 21_600_000,
  '1d': 86_400_000,
};

/** A market whose every trade is known beforehand: prices climb and fall by cents, sizes repeat every ten trades. */
export function createFakeMarket(specs: readonly FakeSymbol[]): Market {
  const known = new Map(specs.map((spec) => [spec.symbol, spec]));
  const trades = (symbol: string, from: number, to: number) => tradesOf(known.get(symbol), from, to);
  return {
    symbols: specs.map(marketSymbol),
    trades,
    bars: (symbol, interval, from, to, now) => {
      const length = LENGTHS[interval];
      const listed = known.get(symbol)?.from;
      if (length === undefined || listed === undefined) return [];
      const bars: Bar[] = [];
      const first = Math.max(Math.ceil(from / length), Math.floor(listed / length)) * length;
      for (let open = first; open < to && open <= now; open += length) {
        const inside = trades(symbol, open, Math.min(open + length, now + 1));
        bars.push(barOf(open, length, inside));
      }
      return bars;
    },
    nextTradeAt: (symbol, after) => nextOf(known.get(symbol), after),
    isOut: () => false,
    intervals: () => Object.keys(LENGTHS).filter(isInterval),
  };
}

function isInterval(name: string): name is Interval {
  return name in LENGTHS;
}

function marketSymbol({ symbol, from, status = 'trading' }: FakeSymbol): MarketSymbol {
  const [base = symbol, quote = ''] = symbol.split('-');
  return { symbol, base, quote, priceDecimals: 2, sizeDecimals: 5, listedAt: from, status };
}

function happens(spec: FakeSymbol, time: number): boolean {
  return time >= spec.from && time < (spec.until ?? Infinity) && !spec.skips?.(time);
}

function tradeAt(spec: FakeSymbol, time: number): Trade {
  const id = time / spec.everyMs;
  const cents = 9_168_000 + (id % 97) * 10 - (id % 7);
  return {
    id,
    time,
    price: (cents / 100).toFixed(2),
    size: (((id % 10) + 1) / 1000).toFixed(5),
    isBuyerMaker: id % 2 === 0,
  };
}

function tradesOf(spec: FakeSymbol | undefined, from: number, to: number): Trade[] {
  if (spec === undefined) return [];
  const trades: Trade[] = [];
  const first = Math.ceil(Math.max(from, spec.from) / spec.everyMs) * spec.everyMs;
  for (let time = first; time < Math.min(to, spec.until ?? Infinity); time += spec.everyMs) {
    if (happens(spec, time)) trades.push(tradeAt(spec, time));
  }
  return trades;
}

function nextOf(spec: FakeSymbol | undefined, after: number): number | undefined {
  if (spec === undefined) return undefined;
  const from = Math.max(after + 1, spec.from);
  let time = Math.ceil(from / spec.everyMs) * spec.everyMs;
  while (time < (spec.until ?? Infinity) && spec.skips?.(time)) time += spec.everyMs;
  return time < (spec.until ?? Infinity) ? time : undefined;
}

function price(value: number | undefined): string {
  return (value ?? 91_680).toFixed(2);
}

function barOf(openTime: number, length: number, trades: readonly Trade[]): Bar {
  const prices = trades.map((trade) => Number(trade.price));
  const sizes = trades.map((trade) => Math.round(Number(trade.size) * 1e5));
  const volume = sizes.reduce((sum, size) => sum + size, 0) / 1e5;
  return {
    openTime,
    closeTime: openTime + length,
    open: price(prices[0]),
    high: price(prices.length === 0 ? undefined : Math.max(...prices)),
    low: price(prices.length === 0 ? undefined : Math.min(...prices)),
    close: price(prices.at(-1)),
    volume: volume.toFixed(5),
    quoteVolume: trades.reduce((sum, trade) => sum + Number(trade.price) * Number(trade.size), 0).toFixed(8),
    trades: trades.length,
    takerBaseVolume: '0',
    takerQuoteVolume: '0',
    firstTradeId: trades[0]?.id ?? -1,
    lastTradeId: trades.at(-1)?.id ?? -1,
  };
}
