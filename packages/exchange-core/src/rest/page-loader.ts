import { MICROS_PER_MS, closeTimeOf, isClosed, timeframeMs } from '@livermore/schemas';
import type { Exchange, SourcedCandle } from '@livermore/schemas';
import type { AbsenceStore, CandleCacheStrategy, LookStore, UnservedStore } from '@livermore/cache';
import { ASKED_APART_MS, WITHDRAWN_APART_MS, judgeMissing, missingBuckets } from '../coverage/evidence';
import type { Evidence, EvidenceInput } from '../coverage/evidence';
import { KnownBarsReader } from '../coverage/known-bars';
import type { KnownPage } from '../coverage/known-bars';
import { asReadings, asSourced } from '../coverage/reading';
import type {
  BarOutcome,
  CandleSource,
  Company,
  FeedWitness,
  HistorySink,
  HistoryWrite,
  LoadOptions,
  PageAnswer,
  PageLoader,
  PageReport,
} from '../ports';
import type { CandlePage, ExchangeProtocol } from '../protocol/protocol';

export interface HistoryLoaderOptions {
  readonly exchange: Exchange;
  readonly protocol: Pick<ExchangeProtocol, 'emptyBuckets'> & {
    readonly rest: {
      readonly limits: Pick<ExchangeProtocol['rest']['limits'], 'candlesPerPage' | 'confirmMs' | 'finality'>;
    };
  };
  readonly source: Pick<CandleSource, 'fetchPage'>;
  readonly sink: HistorySink;
  readonly cache: Pick<CandleCacheStrategy, 'readExchangeCandles'>;
  readonly absences: Pick<AbsenceStore, 'add' | 'read' | 'remove'>;
  readonly unserved: Pick<UnservedStore, 'add' | 'read' | 'remove'>;
  readonly looks: Pick<LookStore, 'add'>;
  readonly feed?: FeedWitness;
  readonly company?: Company;
}

/** A bar said to be quiet is looked at again this long after, ms: rows that were lost may be there again. */
const QUIET_LOOK_MS = 20 * 60_000;

/**
 * Loads pages of history: fetch one bar further than asked, as a witness; judge what is missing; write by the order of truth;
 * remember what is to be asked again.
 */
export class HistoryLoader implements PageLoader {
  readonly #options: HistoryLoaderOptions;
  readonly #known: KnownBarsReader;

  constructor(options: HistoryLoaderOptions) {
    this.#options = options;
    this.#known = new KnownBarsReader(options);
  }

  /** @throws as CandleSource and HistorySink; loading the page again is always safe */
  async load(page: CandlePage, options: LoadOptions): Promise<PageReport> {
    const answer = await this.#options.source.fetchPage(this.#withWitness(page), options);
    const readings = asReadings(answer.candles, answer.answeredAt);
    const rows = readings.filter((row) => row.timestamp < page.to);
    const { known, evidence } = await this.#judge(page, answer);
    const reaffirmed = await this.#review(known, evidence, answer.answeredAt);
    const quiet = [...evidence.quiet, ...reaffirmed];
    const candles = [...rows, ...quiet].toSorted((a, b) => a.timestamp - b.timestamp);
    const outcomes = await this.#options.sink.writeHistory(page, candles, this.#writeOf(options));
    await this.#remember(page, known, evidence, { rows, answeredAt: answer.answeredAt });
    const written = candles.flatMap((candle, at): BarOutcome[] => {
      const outcome = outcomes[at];
      return outcome === undefined ? [] : [{ candle, outcome }];
    });
    return {
      page,
      answeredAt: answer.answeredAt,
      rows: rows.length,
      absent: evidence.absent,
      unsettled: evidence.unsettled,
      stillQuiet: evidence.stillQuiet,
      newestAsked: this.#withWitness(page).to - timeframeMs(page.timeframe),
      newestRow: answer.candles.at(-1)?.timestamp,
      outcomes: written,
      ...countOf(written),
    };
  }

  /**
   * A warmup reads everything once, within seconds; of what it read, only bars that no reading can settle yet are looked at
   * soon. The audit reads all of it again.
   */
  #writeOf({ lane, cause = lane }: LoadOptions): HistoryWrite {
    const { finality } = this.#options.protocol.rest.limits;
    return lane === 'warmup' ? { cause, youngForMs: finality.fromMs } : { cause };
  }

  /** The page, and the bar after it where a request has room for one more: the later row is a witness of the others. */
  #withWitness(page: CandlePage): CandlePage {
    const step = timeframeMs(page.timeframe);
    const hasRoom = (page.to - page.from) / step < this.#options.protocol.rest.limits.candlesPerPage;
    return hasRoom ? { ...page, to: page.to + step } : page;
  }

  async #judge(
    page: CandlePage,
    answer: PageAnswer,
  ): Promise<{ readonly known: KnownPage; readonly evidence: Evidence }> {
    const { exchange, protocol } = this.#options;
    const input: EvidenceInput = {
      exchange: exchange.name,
      emptyBuckets: protocol.emptyBuckets,
      limits: protocol.rest.limits,
      page,
      candles: answer.candles,
      unreadable: answer.unreadable,
      answeredAt: answer.answeredAt,
    };
    const known = await this.#known.read(page, answer, missingBuckets(input));
    return { known, evidence: judgeMissing({ ...input, known }) };
  }

  /**
   * Bars that are known and not in the answer: quiet ones that a longer bar refutes, and others that the venue does not
   * have, are taken back; quiet ones that still stand become surer with time.
   */
  async #review(
    { stored }: KnownPage,
    evidence: Evidence,
    answeredAt: number,
  ): Promise<readonly SourcedCandle[]> {
    const { exchange, sink } = this.#options;
    const [refuted, stillQuiet] = [new Set(evidence.refuted), new Set(evidence.stillQuiet)];
    const withdrawn = new Set(evidence.withdrawn);
    const reaffirmed: SourcedCandle[] = [];
    for (const stands of stored) {
      const bar = asSourced(stands, exchange.name);
      if (bar === undefined) continue;
      const isQuiet = bar.source === 'no-trades';
      if (withdrawn.has(bar.timestamp))
        await sink.retract(bar, 'not served, and a longer bar has no room for it');
      else if (isQuiet && refuted.has(bar.timestamp)) await sink.retract(bar, 'refuted by a longer bar');
      else if (isQuiet && stillQuiet.has(bar.timestamp)) reaffirmed.push(...surer(bar, answeredAt));
    }
    return reaffirmed;
  }

  async #remember(
    page: CandlePage,
    known: KnownPage,
    evidence: Evidence,
    { rows, answeredAt }: { readonly rows: readonly SourcedCandle[]; readonly answeredAt: number },
  ): Promise<void> {
    const { absences, unserved, looks, exchange } = this.#options;
    const { id } = exchange;
    const there = new Set([...rows, ...evidence.quiet].map((candle) => candle.timestamp));
    const isAbsent = new Set(evidence.absent);
    const asked = evidence.unserved.filter((openTime) => !known.askedAt.has(openTime));
    const doubtful = evidence.doubtful.filter((openTime) => !known.askedAt.has(openTime));
    const answered = [...known.askedAt.keys()].filter((at) => there.has(at) || isAbsent.has(at));
    const newlyAbsent = evidence.absent.filter((openTime) => !known.absent.has(openTime));
    const quiet = evidence.quiet.map((candle) => candle.timestamp);
    await Promise.all([
      absences.add(id, page, newlyAbsent),
      absences.remove(
        id,
        page,
        [...known.absent].filter((openTime) => there.has(openTime)),
      ),
      unserved.add(id, page, [...asked, ...doubtful], answeredAt),
      unserved.remove(id, page, answered),
      looks.add(id, page, asked, answeredAt + ASKED_APART_MS),
      looks.add(id, page, doubtful, answeredAt + WITHDRAWN_APART_MS),
      looks.add(id, page, [...quiet, ...newlyAbsent], answeredAt + QUIET_LOOK_MS),
    ]);
  }
}

/** A quiet bar is settled by a look so long after its close, ms, and final by one a day after. */
const QUIET_SETTLES_MS = 600_000;
const DAY_MS = 86_400_000;

/** The bar with the standing that a look at `answeredAt` (ms) gives it; none where it has that already. */
function surer(bar: SourcedCandle, answeredAt: number): readonly SourcedCandle[] {
  const age = answeredAt - closeTimeOf(bar.timeframe, bar.timestamp);
  if (age < QUIET_SETTLES_MS || bar.standing === 'final') return [];
  if (age < DAY_MS && bar.standing === 'settled') return [];
  const standing = age < DAY_MS ? 'settled' : 'final';
  return [{ ...bar, sequenceNum: Math.floor(answeredAt * MICROS_PER_MS), standing }];
}

function countOf(all: readonly BarOutcome[]): Pick<PageReport, 'written' | 'corrected' | 'noTrades'> {
  const written = all.filter(({ outcome }) => outcome.written);
  return {
    written: written.length,
    corrected: written.filter(({ outcome }) => outcome.wasClosed && outcome.changed).length,
    noTrades: all.filter(({ candle }) => candle.source === 'no-trades' && isClosed(candle)).length,
  };
}
