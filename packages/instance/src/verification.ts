import { CorrectionLog, QualityStore, VerifiedStore, trimCloses } from '@livermore/cache';
import type { RedisClient, WriteOutcome } from '@livermore/cache';
import { Audit, FamilyCheck, Looks, QuietPrices } from '@livermore/exchange-core';
import type { AuditFacts, FamilyFacts, PageReport, RepairRequest } from '@livermore/exchange-core';
import { timeframeMs } from '@livermore/schemas';
import type { Exchange, Series, SourcedCandle, Timeframe } from '@livermore/schemas';
import { inRounds, messageOf } from '@livermore/utils';
import type { Clock, Logger } from '@livermore/utils';
import type { History } from './history';
import { QualityKeeper } from './quality-keeper';

export interface VerificationOptions {
  readonly exchange: Exchange;
  readonly redis: RedisClient;
  readonly history: History;
  readonly timeframes: readonly Timeframe[];
  readonly series: () => readonly Series[];
  readonly repair: (request: RepairRequest) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What is known of how sure the candles are. */
export interface TruthFacts {
  /** Bars that wait for another reading: they rest on one, or a reading contradicts them. */
  readonly unsettled: number;
  readonly contradictions: FamilyFacts;
  readonly audit: AuditFacts;
}

/** Readings may still be on their way this long after a close, ms. */
const FAMILY_AFTER_MS = 10_000;
const TRIM_EVERY_MS = 3_600_000;

/** Everything that makes bars surer once they are there: looks, the comparison with their parts, the audit, the counts. */
export class Verification {
  readonly #options: VerificationOptions;
  readonly #looks: Looks;
  readonly #family: FamilyCheck;
  readonly #audit: Audit;
  readonly #quality: QualityKeeper;
  readonly #quietPrices: QuietPrices | undefined;

  constructor(options: VerificationOptions) {
    this.#options = options;
    const { exchange, redis, history, clock, logger, series, repair } = options;
    const { rest, protocol, cache, loader } = history;
    const shared = { exchangeId: exchange.id, clock, logger, venueTime: rest.time };
    this.#looks = new Looks({
      ...shared,
      store: history.looks,
      absences: history.absences,
      cache,
      repair,
      series,
    });
    const { closes, rest: venueRest } = protocol;
    this.#family = new FamilyCheck({
      ...shared,
      exchangeName: exchange.name,
      timeframes: options.timeframes,
      cache,
      repair,
      // Where bars are fetched, their second reading comes first.
      afterMs: closes === 'flagged' ? FAMILY_AFTER_MS : venueRest.limits.finality.fromMs + FAMILY_AFTER_MS,
    });
    this.#audit = new Audit({
      ...shared,
      series,
      cache,
      store: new VerifiedStore(redis),
      loader,
      rest: venueRest,
      allowance: () => ({
        weight: rest.client.facts().weight.limit,
        perMs: venueRest.limits.budget.perMs,
      }),
      onRead: (report) => this.#compareFamily(report),
    });
    if (protocol.emptyBuckets === 'omitted') {
      const { writer: sink } = history;
      this.#quietPrices = new QuietPrices({ ...shared, exchangeName: exchange.name, cache, sink });
    }
    this.#quality = new QualityKeeper({ ...shared, store: new QualityStore(redis), series });
  }

  get facts(): TruthFacts {
    return {
      unsettled: this.#looks.waiting,
      contradictions: this.#family.facts,
      audit: this.#audit.facts,
    };
  }

  /** A closed bar was written or judged. */
  note(candle: SourcedCandle, outcome: WriteOutcome): void {
    this.#quality.note(candle, outcome);
    if (!outcome.written) return;
    const { symbol, timeframe, timestamp } = candle;
    if (outcome.changed && candle.source !== 'no-trades') this.#quietPrices?.carryOn(candle, timestamp);
    if (outcome.changed || !outcome.wasClosed) this.#family.note({ symbol, timeframe }, timestamp);
  }

  /** A bar was taken back: its longer bar may agree with what is left, and no quiet bar is to carry its price on. */
  noteRetracted(bar: SourcedCandle): void {
    this.#quality.noteRetracted(bar);
    if (bar.source !== 'no-trades') this.#quietPrices?.takeBack(bar);
    this.#family.note(bar, bar.timestamp);
  }

  /** A reading that a repair asked for has come. */
  noteRepair(report: PageReport, reasons: readonly string[]): void {
    if (!reasons.includes('look')) return;
    this.#looks.done(report).catch((error: unknown) => {
      this.#options.logger.debug({ event: 'looks_not_let_go', error: messageOf(error) });
    });
  }

  /** Begins; ends with the signal. @returns what stops the timers */
  start(signal: AbortSignal, options: { readonly audits: boolean }): () => void {
    void this.#looks.run(signal);
    void this.#family.run(signal);
    void this.#quietPrices?.run(signal);
    if (options.audits) void this.#audit.run(signal);
    this.#quality.start();
    void this.#quality.run(signal);
    void this.#trim(signal);
    return () => this.#quality.stop();
  }

  /** Keeps what was counted since it was kept last. To be called when the last close has been written. */
  flush(): Promise<void> {
    return this.#quality.flush();
  }

  /** What the audit read is compared with its parts as well. */
  async #compareFamily({ page }: PageReport): Promise<void> {
    const { symbol, timeframe } = page;
    const to = page.to - timeframeMs(timeframe);
    await this.#quietPrices?.mend(
      { symbol, timeframe },
      { from: page.from - timeframeMs(timeframe), to: page.to },
    );
    await this.#family.check({ symbol, timeframe }, { from: page.from, to });
  }

  /** Now and every hour: one that is started again before an hour is over trims as well. */
  async #trim(signal: AbortSignal): Promise<void> {
    const { redis, exchange, clock, logger } = this.#options;
    const log = new CorrectionLog(redis);
    const failed = 'logs_not_trimmed';
    const trim = async () => {
      await log.trim(exchange.id, clock.now());
      await trimCloses(redis, exchange.id, clock.now());
    };
    await trim().catch((error: unknown) => logger.warn({ event: failed, error: messageOf(error) }));
    await inRounds(trim, { everyMs: TRIM_EVERY_MS, failed, clock, logger }, signal);
  }
}
