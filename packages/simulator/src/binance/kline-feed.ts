import { hash32 } from '@livermore/utils';
import { bucketStart, nextBucket } from '../market/intervals';
import type { Bar, Interval } from '../market/market';
import type { Feed, FeedContext, Subscriber } from './feed';
import { Frame } from './frame';
import { shiftedBar, shiftOf } from './kline-rows';
import { wireBar } from './listing';

/** How long (ms) after a boundary its closing events are sent: 2 to 15, the same for every stream. */
export function closeDelay(seed: number, boundary: number): number {
  return 2 + (hash32(`${seed}|${boundary}`) % 14);
}

/** `<symbol>@kline_<interval>` */
export class KlineFeed implements Feed {
  readonly name: string;
  readonly subscribers = new Set<Subscriber>();
  readonly interval: Interval;
  readonly shift: number;
  readonly #symbol: string;
  readonly #context: FeedContext;
  #start: number;
  /** Trades of the bar as last sent; -1 when the bucket was not sent yet. */
  #sent = -1;

  constructor(
    context: FeedContext,
    name: string,
    series: { readonly symbol: string; readonly interval: Interval; readonly shift: number },
    now: number,
  ) {
    this.name = name;
    this.#symbol = series.symbol;
    this.interval = series.interval;
    this.shift = shiftOf(series.interval, series.shift);
    this.#context = context;
    this.#start = bucketStart(this.interval, now, this.shift);
  }

  emit(now: number, since: number): void {
    for (const bar of this.#revised(since, now)) this.#push(bar, now, true);
    if (this.#context.timing === '2021') this.#closeByTrade(now);
    if (now >= this.#end) return;
    const bar = this.#bar(this.#start, now);
    const isIdle = this.#context.timing === '2021' && bar?.trades === 0;
    if (bar === undefined || isIdle || bar.trades === this.#sent) return;
    this.#sent = bar.trades;
    this.#push(bar, now, false);
  }

  /** Sends the closing event of the bucket that ended at `end`, once, and turns to the next. */
  close(end: number, now: number): void {
    if (this.#context.timing === '2021' || this.#end > end) return;
    this.#closeCurrent(now);
    this.#start = end;
  }

  get #end(): number {
    return nextBucket(this.interval, this.#start, this.shift);
  }

  #closeByTrade(now: number): void {
    const current = bucketStart(this.interval, now, this.shift);
    if (current === this.#start || this.#bar(current, now)?.trades === 0) return;
    this.#closeCurrent(now);
    this.#start = current;
  }

  #closeCurrent(now: number): void {
    const bar = this.#bar(this.#start, Math.max(now, this.#end));
    this.#sent = -1;
    const series = { symbol: this.#symbol, timeframe: this.interval };
    const { faults, agenda } = this.#context;
    if (bar === undefined || faults.act('closes-missing', series) !== undefined) return;
    const late = faults.find('closes-late', series);
    if (late === undefined || !this.#isChosen(bar, late.share)) {
      this.#push(bar, now, true);
      return;
    }
    const close = (at: number) => {
      if (this.subscribers.size > 0) faults.acted(late);
      this.#push(bar, at, true);
    };
    agenda.add(now + late.byMs, { run: close });
  }

  #isChosen(bar: Bar, share: number): boolean {
    const { seed } = this.#context;
    return hash32(`${seed}|late|${this.#symbol}|${this.interval}|${bar.openTime}`) / 2 ** 32 < share;
  }

  /** Bars told long ago that have changed meanwhile. */
  #revised(since: number, now: number): readonly Bar[] {
    if (this.shift !== 0) return [];
    return this.#context.revisions.told({ symbol: this.#symbol, interval: this.interval }, since, now);
  }

  #bar(start: number, now: number): Bar | undefined {
    const { market } = this.#context;
    if (this.shift !== 0)
      return shiftedBar(market, this.#symbol, { interval: this.interval, start, shift: this.shift, now });
    return market.bars(this.#symbol, this.interval, start, start + 1, now)[0];
  }

  #push(bar: Bar, now: number, isClosed: boolean): void {
    const { faults, listing, revisions } = this.#context;
    if (faults.isSilent(this.#symbol, this.interval)) return;
    revisions.shown([bar]);
    const wire = wireBar(bar, listing.priceScale(this.#symbol));
    const frame = new Frame(this.name, (unit) => this.#text(wire, now, isClosed, unit));
    for (const subscriber of this.subscribers) subscriber.deliver(frame);
  }

  #text(bar: Bar, now: number, isClosed: boolean, unit: 1 | 1000): string {
    return JSON.stringify({
      e: 'kline',
      E: now * unit,
      s: this.#symbol,
      k: {
        t: bar.openTime * unit,
        T: bar.closeTime * unit - 1,
        s: this.#symbol,
        i: this.interval,
        f: bar.firstTradeId,
        L: bar.lastTradeId,
        o: bar.open,
        c: bar.close,
        h: bar.high,
        l: bar.low,
        v: bar.volume,
        n: bar.trades,
        x: isClosed,
        q: bar.quoteVolume,
        V: bar.takerBaseVolume,
        Q: bar.takerQuoteVolume,
        B: '0',
      },
    });
  }
}
