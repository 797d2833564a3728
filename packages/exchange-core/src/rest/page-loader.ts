import { TIMEFRAMES, isClosed, openTimeOf, timeframeMs } from '@livermore/schemas';
import type { Exchange, SourcedCandle } from '@livermore/schemas';
import type { AbsenceStore, CandleCacheStrategy, WriteOutcome } from '@livermore/cache';
import { isJudgedByParts, judgePage } from '../coverage/evidence';
import type { Evidence, KnownBars } from '../coverage/evidence';
import type { CandleSource, HistorySink, PageAnswer, PageLoader, PageReport, SendOptions } from '../ports';
import type { CandlePage, ExchangeProtocol } from '../protocol/protocol';

export interface HistoryLoaderOptions {
  readonly exchange: Exchange;
  readonly protocol: Pick<ExchangeProtocol, 'emptyBuckets'> & {
    readonly rest: { readonly limits: Pick<ExchangeProtocol['rest']['limits'], 'settleMs' | 'confirmMs'> };
  };
  readonly source: CandleSource;
  readonly sink: HistorySink;
  readonly cache: Pick<CandleCacheStrategy, 'readExchangeCandles'>;
  readonly absences: Pick<AbsenceStore, 'add' | 'read' | 'remove'>;
}

/** Bars before a page from which is told how often the series trades. */
const KNOWN_BARS_BEFORE = 120;

/**
 * Loads pages of history: fetch, judge, write, remember absences. What an answer lacks is asked for a second time
 * before it is believed to be quiet or absent, because such a verdict is kept: a row lost on the way must not
 * become a bar that never was.
 */
export class HistoryLoader implements PageLoader {
  readonly #options: HistoryLoaderOptions;

  constructor(options: HistoryLoaderOptions) {
    this.#options = options;
  }

  /** @throws as CandleSource and HistorySink; loading the page again is always safe */
  async load(page: CandlePage, options: SendOptions & { readonly announce: boolean }): Promise<PageReport> {
    const { source, sink, absences, exchange } = this.#options;
    const [answer, absentBefore] = await Promise.all([
      source.fetchPage(page, options),
      absences.read(exchange.id, page, { from: page.from, to: page.to - 1 }),
    ]);
    const { evidence, rows } = await this.#judge(answer, new Set(absentBefore), options);
    const outcomes = await sink.writeHistory(page, evidence.candles, { announce: options.announce });
    await this.#remember(page, evidence, absentBefore);
    return {
      page,
      rows,
      absent: evidence.absent,
      unsettled: evidence.unsettled,
      ...countOf(evidence.candles, outcomes),
    };
  }

  async #judge(
    answer: PageAnswer,
    absentBefore: ReadonlySet<number>,
    options: SendOptions,
  ): Promise<{ readonly evidence: Evidence; readonly rows: number }> {
    const first = this.#evidence(answer);
    const rows = answer.candles.length;
    if (isComplete(first, answer)) return { evidence: first, rows };
    const known = await this.#knownBars(answer.page);
    const informed = this.#evidence(answer, known);
    if (!isNews(informed, answer, absentBefore)) return { evidence: informed, rows };
    const second = merged(answer, await this.#options.source.fetchPage(answer.page, options));
    return { evidence: this.#evidence(second, known), rows: second.candles.length };
  }

  #evidence(answer: PageAnswer, known?: KnownBars): Evidence {
    const { exchange, protocol } = this.#options;
    return judgePage({
      ...answer,
      exchange: exchange.name,
      emptyBuckets: protocol.emptyBuckets,
      limits: protocol.rest.limits,
      ...(known === undefined ? {} : { known }),
    });
  }

  /** What the cache holds before the page and inside it. */
  async #knownBars(page: CandlePage): Promise<KnownBars> {
    const { cache, exchange, absences } = this.#options;
    const length = timeframeMs(page.timeframe);
    const from = page.from - KNOWN_BARS_BEFORE * length;
    const [cached, older, isOut, absentBefore, isQuietWithin] = await Promise.all([
      cache.readExchangeCandles(exchange.id, page, { from, to: page.to - 1 }),
      cache.readExchangeCandles(exchange.id, page, { from: 0, to: from - 1, limit: 1 }),
      this.#outagesWithin(page),
      absences.read(exchange.id, page, { from: page.from - length, to: page.from - 1 }),
      this.#quietWithin(page),
    ]);
    const closedBefore = new Map(
      cached.filter((bar) => bar.timestamp < page.from && isClosed(bar)).map((bar) => [bar.timestamp, bar]),
    );
    const before = [];
    for (let at = page.from - length; ; at -= length) {
      const bar = closedBefore.get(at);
      if (bar === undefined) break;
      before.unshift(bar);
    }
    const inside = new Map(
      cached
        .filter((bar) => bar.timestamp >= page.from)
        .map((bar) => [bar.timestamp, { ...bar, isClosed: isClosed(bar) }]),
    );
    const hasEarlier = closedBefore.size > 0 || older.length > 0;
    return { before, hasEarlier, followsAbsent: absentBefore.length > 0, inside, isOut, isQuietWithin };
  }

  /** Bars of the page that hold shorter ones known to be absent at the venue. */
  async #outagesWithin(page: CandlePage): Promise<(openTime: number) => boolean> {
    const { absences, exchange } = this.#options;
    const shorter = TIMEFRAMES.slice(0, TIMEFRAMES.indexOf(page.timeframe));
    const window = { from: page.from, to: page.to - 1 };
    const lists = await Promise.all(
      shorter.map((timeframe) => absences.read(exchange.id, { symbol: page.symbol, timeframe }, window)),
    );
    const out = new Set(lists.flat().map((openTime) => openTimeOf(page.timeframe, openTime)));
    return (openTime) => out.has(openTime);
  }

  /** Bars of the page whose parts, in the next shorter timeframe, are all cached as flat. */
  async #quietWithin(page: CandlePage): Promise<(openTime: number) => boolean> {
    const { cache, exchange } = this.#options;
    const timeframe = TIMEFRAMES[TIMEFRAMES.indexOf(page.timeframe) - 1];
    if (timeframe === undefined || !isJudgedByParts(page.timeframe)) return () => false;
    const shorter = { symbol: page.symbol, timeframe };
    const parts = await cache.readExchangeCandles(exchange.id, shorter, { from: page.from, to: page.to - 1 });
    const flat = new Map<number, number>();
    for (const part of parts) {
      if (part.source !== 'no-trades' || !isClosed(part)) continue;
      const openTime = openTimeOf(page.timeframe, part.timestamp);
      flat.set(openTime, (flat.get(openTime) ?? 0) + 1);
    }
    const whole = timeframeMs(page.timeframe) / timeframeMs(timeframe);
    return (openTime) => flat.get(openTime) === whole;
  }

  async #remember(page: CandlePage, evidence: Evidence, absentBefore: readonly number[]): Promise<void> {
    const { absences, exchange } = this.#options;
    const there = new Set(evidence.candles.map((candle) => candle.timestamp));
    const known = new Set(absentBefore);
    const added = evidence.absent.filter((openTime) => !known.has(openTime));
    const removed = absentBefore.filter((openTime) => there.has(openTime));
    await Promise.all([absences.add(exchange.id, page, added), absences.remove(exchange.id, page, removed)]);
  }
}

function isComplete(evidence: Evidence, answer: PageAnswer): boolean {
  return (
    evidence.absent.length === 0 &&
    evidence.candles.length === answer.candles.length &&
    evidence.unsettled.every((openTime) => answer.candles.some((candle) => candle.timestamp === openTime))
  );
}

/** Whether the evidence says of a bar, for the first time, that the venue does not have it or that it is quiet. */
function isNews(evidence: Evidence, answer: PageAnswer, absentBefore: ReadonlySet<number>): boolean {
  return (
    evidence.candles.length > answer.candles.length ||
    evidence.absent.some((openTime) => !absentBefore.has(openTime))
  );
}

/** Two answers to one question: of a bar in both, the later state; of a bar in one, that one. */
function merged(first: PageAnswer, second: PageAnswer): PageAnswer {
  const bars = new Map(first.candles.map((candle) => [candle.timestamp, candle]));
  for (const candle of second.candles) bars.set(candle.timestamp, candle);
  const candles = [...bars.values()].toSorted((a, b) => a.timestamp - b.timestamp);
  return { page: first.page, candles, answeredAt: first.answeredAt };
}

function countOf(
  candles: readonly SourcedCandle[],
  outcomes: readonly WriteOutcome[],
): Pick<PageReport, 'written' | 'corrected' | 'noTrades'> {
  const written = outcomes.filter((outcome) => outcome.written);
  return {
    written: written.length,
    corrected: written.filter((outcome) => outcome.wasClosed && outcome.changed).length,
    noTrades: candles.filter((candle) => candle.source === 'no-trades' && isClosed(candle)).length,
  };
}
