import { hash32 } from '@livermore/utils';
import { DAY_MS, firstBucketFrom, nextBucket } from './intervals';
import { INTERVALS } from './market';
import type { Bar, Interval, Market, MarketSymbol, Trade } from './market';
import type { Character } from './seeded/day';
import { derive } from './seeded/dice';
import { DayMemo, Ledger } from './seeded/ledger';
import { firstAtOrAfter } from './seeded/tally';
import type { Tally } from './seeded/tally';
import { unitsToText } from './units';

/** A symbol with the character of its market. */
export interface SeededSymbol extends MarketSymbol {
  /** Price around which it wanders, in quote units. */
  readonly price: number;
  /** Trades a day; below a few hundred most minutes pass without one. Whole, at least 1. */
  readonly tradesPerDay?: number;
  /** Typical daily move, as a share of the price. */
  readonly volatility?: number;
  /** Quote units traded a day. */
  readonly turnover?: number;
}

export interface SeededMarketOptions {
  readonly seed: number;
  readonly symbols: readonly SeededSymbol[];
}

/** Days a symbol that is not trading did trade after its listing. */
const LIFE_OF_A_HALTED_SYMBOL_DAYS = 400;
/** Largest day's worth in ticks × units: a month of it still is an exact float64 integer. */
const MOST_WORTH_PER_DAY = 1e14;
const UNITS_PER_TRADE = 24;
/** How far `nextTradeAt` looks: a symbol trades at least once a day. */
const LOOK_AHEAD_MS = 3 * DAY_MS;

/**
 * An imaginary market that is a pure function of seed and time. Any bar at any time costs about the same, however
 * far from the listing: nothing is walked from the beginning.
 */
export function createSeededMarket(options: SeededMarketOptions): Market {
  const memo = new DayMemo();
  const books = new Map(
    options.symbols.map((symbol) => [symbol.symbol, new SeededBook(memo, symbol, options.seed)] as const),
  );
  return {
    symbols: options.symbols,
    bars: (symbol, interval, from, to, now) => books.get(symbol)?.bars(interval, from, to, now) ?? [],
    trades: (symbol, from, to) => books.get(symbol)?.trades(from, to) ?? [],
    nextTradeAt: (symbol, after) => books.get(symbol)?.nextTradeAt(after),
    isOut: (symbol, at) => books.get(symbol)?.isOut(at) ?? true,
    intervals: (symbol) => (books.has(symbol) ? INTERVALS : []),
  };
}

class SeededBook {
  readonly #ledger: Ledger;
  readonly #priceDecimals: number;
  readonly #unitDecimals: number;
  readonly #opensAt: number;
  readonly #endsAt: number;

  constructor(memo: DayMemo, symbol: SeededSymbol, seed: number) {
    const { character, unitDecimals } = characterOf(symbol, seed);
    this.#ledger = new Ledger(memo, symbol.symbol, character);
    this.#priceDecimals = symbol.priceDecimals;
    this.#unitDecimals = unitDecimals;
    this.#opensAt = character.firstDay * DAY_MS;
    this.#endsAt =
      symbol.status === 'trading' ? Infinity : this.#opensAt + LIFE_OF_A_HALTED_SYMBOL_DAYS * DAY_MS;
  }

  bars(interval: Interval, from: number, to: number, now: number): readonly Bar[] {
    const bars: Bar[] = [];
    const end = Math.min(to, this.#endsAt);
    for (let start = firstBucketFrom(interval, from); start < end && start <= now;) {
      const next = nextBucket(interval, start);
      if (next > this.#opensAt) {
        const until = Math.min(next, now + 1, this.#endsAt);
        bars.push(this.#bar(start, next, this.#ledger.tally(start, until)));
      } else {
        // Straight to the listing, rather than bucket by bucket.
        start = Math.max(next, firstBucketFrom(interval, this.#opensAt - (next - start)));
        continue;
      }
      start = next;
    }
    return bars;
  }

  trades(from: number, to: number): readonly Trade[] {
    const trades: Trade[] = [];
    this.#ledger.visit(from, Math.min(to, this.#endsAt), (node, tape) => {
      for (let at = firstAtOrAfter(tape.time, from); at < tape.time.length; at += 1) {
        const time = tape.time[at] ?? 0;
        if (time >= to) return false;
        trades.push({
          id: node.firstId + at,
          time,
          price: unitsToText(tape.price[at] ?? 0, this.#priceDecimals),
          size: unitsToText(tape.size[at] ?? 0, this.#unitDecimals),
          isBuyerMaker: tape.isBought[at] !== true,
        });
      }
      return true;
    });
    return trades;
  }

  nextTradeAt(after: number): number | undefined {
    const from = Math.max(after + 1, this.#opensAt);
    let found: number | undefined;
    this.#ledger.visit(from, Math.min(from + LOOK_AHEAD_MS, this.#endsAt), (_node, tape) => {
      found = tape.time[firstAtOrAfter(tape.time, from)];
      return found === undefined;
    });
    return found !== undefined && found < this.#endsAt ? found : undefined;
  }

  isOut(at: number): boolean {
    return at < this.#opensAt || at >= this.#endsAt;
  }

  #bar(openTime: number, closeTime: number, tally: Tally): Bar {
    const price = (ticks: number) => unitsToText(ticks, this.#priceDecimals);
    const base = (units: number) => unitsToText(units, this.#unitDecimals);
    const quote = (worth: number) => unitsToText(worth, this.#priceDecimals + this.#unitDecimals);
    const close = price(tally.close);
    const isFlat = tally.count === 0;
    return {
      openTime,
      closeTime,
      open: isFlat ? close : price(tally.open),
      high: isFlat ? close : price(tally.high),
      low: isFlat ? close : price(tally.low),
      close,
      volume: base(tally.base),
      quoteVolume: quote(tally.quote),
      trades: tally.count,
      takerBaseVolume: base(tally.boughtBase),
      takerQuoteVolume: quote(tally.boughtQuote),
      firstTradeId: tally.firstId,
      lastTradeId: isFlat ? -1 : tally.firstId + tally.count - 1,
    };
  }
}

function characterOf(
  symbol: SeededSymbol,
  seed: number,
): { readonly character: Character; readonly unitDecimals: number } {
  const ticks = Math.max(200, Math.round(symbol.price * 10 ** symbol.priceDecimals));
  const tradesPerDay = Math.max(1, Math.round(symbol.tradesPerDay ?? 2880));
  const turnover = symbol.turnover ?? 2e7;
  const quoteUnit = 10 ** symbol.priceDecimals;
  const most = MOST_WORTH_PER_DAY / quoteUnit / turnover;
  const unitDecimals = Math.max(
    0,
    Math.min(symbol.sizeDecimals, 8 - symbol.priceDecimals, Math.floor(Math.log10(most))),
  );
  const wanted = (turnover / symbol.price) * 10 ** unitDecimals;
  const least = tradesPerDay * UNITS_PER_TRADE;
  return {
    unitDecimals,
    character: {
      seed: derive(seed, hash32(symbol.symbol)),
      ticks,
      volatility: symbol.volatility ?? 0.02,
      tradesPerDay,
      unitsPerDay: Math.max(least, Math.min(wanted, MOST_WORTH_PER_DAY / ticks)),
      firstDay: Math.floor(symbol.listedAt / DAY_MS),
    },
  };
}
