import { HARDCODED_CONFIG, openTimeOf, seriesKey, timeframeMs } from '@livermore/schemas';
import type { OpenTimeRange, Series } from '@livermore/schemas';
import { AppError, messageOf } from '@livermore/utils';
import type { Clock, Logger } from '@livermore/utils';
import { BannedError } from '../errors';
import type { Lane, PageLoader, PageReport } from '../ports';
import { pagesOf } from '../rest/page-plan';

/** Bars of a series that may be missing or wrong, from `from` (ms, included) to `to` (excluded). */
export interface RepairRequest extends OpenTimeRange {
  readonly series: Series;
  readonly reason: string;
  readonly lane: Extract<Lane, 'repair' | 'boundary'>;
}

export interface GapRepairerOptions {
  readonly loader: PageLoader;
  readonly candlesPerPage: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A page has come, and why it was asked for. */
  readonly onReport?: (report: PageReport, reasons: readonly string[]) => void;
}

export interface GapRepairerFacts {
  /** Series with a repair waiting or under way. */
  readonly open: number;
  readonly repaired: number;
  readonly failures: number;
  readonly abandoned: number;
}

/** Bars to be fetched, and why. */
interface Part extends OpenTimeRange {
  readonly reasons: readonly string[];
}

interface Gap extends Pick<RepairRequest, 'lane' | 'series'> {
  /** Ascending, and so far apart that no two of them fit a request. */
  readonly parts: readonly Part[];
  /** Answers that could not settle it. */
  readonly unsettled: number;
  /** Failures in a row. */
  readonly failed: number;
}

const MAX_CONCURRENT = 16;
/** Waits before asking again for what an answer left unsettled; after the last one, the next sweep finds it. */
const UNSETTLED_DELAYS_MS = [3_000, 10_000, 30_000, 90_000, 300_000];
const FAILED_BASE_MS = 1_000;
const FAILED_CAP_MS = 60_000;
const BLOCKED_RETRY_MS = 600_000;
/** Reasons that are kept of a part. */
const MAX_REASONS = 8;

/**
 * The one repair path: whatever was missed (a reconnect, a gap in a counter, an overdue close, a boundary, a sleep)
 * becomes a range of a series, fetched through the same loader as warmup. One gap per series at a time; a newer request
 * joins it, as a part of its own where it is far from the others. So the memory is bounded by the number of series.
 */
export class GapRepairer {
  readonly #options: GapRepairerOptions;
  readonly #waiting = new Map<string, Gap>();
  readonly #delayed = new Map<string, { gap: Gap; cancel: () => void }>();
  readonly #running = new Set<string>();
  readonly #abort = new AbortController();
  readonly #idle: (() => void)[] = [];
  #repaired = 0;
  #failures = 0;
  #abandoned = 0;

  constructor(options: GapRepairerOptions) {
    this.#options = options;
  }

  get facts(): GapRepairerFacts {
    return {
      open: new Set([...this.#waiting.keys(), ...this.#delayed.keys(), ...this.#running]).size,
      repaired: this.#repaired,
      failures: this.#failures,
      abandoned: this.#abandoned,
    };
  }

  /** Asks for a range; ranges of one series that a request reaches grow together. Nothing to do for an empty one. */
  request({ series, from: since, to, reason, lane }: RepairRequest): void {
    const from = openTimeOf(series.timeframe, since);
    if (from >= to) return;
    this.#add(
      this.#joined({ series, lane, parts: [{ from, to, reasons: [reason] }], unsettled: 0, failed: 0 }),
    );
  }

  /** Resolves when nothing waits or runs; what is delayed for a later try does not count. */
  drain(): Promise<void> {
    if (this.#waiting.size === 0 && this.#running.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle.push(resolve);
    });
  }

  stop(): void {
    this.#abort.abort(new Error('repair stopped'));
    for (const { cancel } of this.#delayed.values()) cancel();
    this.#delayed.clear();
    this.#waiting.clear();
    this.#settle();
  }

  #add(gap: Gap): void {
    if (this.#abort.signal.aborted) return;
    const key = seriesKey(gap.series);
    const delayed = this.#delayed.get(key);
    delayed?.cancel();
    this.#delayed.delete(key);
    const merged = [this.#waiting.get(key), delayed?.gap].reduce<Gap>(
      (whole, part) => (part === undefined ? whole : this.#joined(whole, part)),
      gap,
    );
    this.#waiting.set(key, merged);
    this.#pump();
  }

  #pump(): void {
    for (const lane of ['repair', 'boundary'] as const) {
      for (const [key, gap] of this.#waiting) {
        if (this.#running.size >= MAX_CONCURRENT) return;
        if (gap.lane !== lane || this.#running.has(key)) continue;
        this.#waiting.delete(key);
        this.#running.add(key);
        void this.#repair(key, gap);
      }
    }
  }

  async #repair(key: string, gap: Gap): Promise<void> {
    try {
      const unsettled: Part[] = [];
      for (const part of gap.parts) unsettled.push(...(await this.#load(gap, part)));
      if (unsettled.length === 0) this.#repaired += 1;
      else this.#askAgain(gap, unsettled);
    } catch (error) {
      this.#failed(gap, error);
    } finally {
      this.#running.delete(key);
      this.#pump();
      this.#settle();
    }
  }

  /** Loads one part. @returns what the answers left unsettled of it, as a part; empty when nothing is */
  async #load({ series, lane }: Gap, part: Part): Promise<readonly Part[]> {
    const { loader, candlesPerPage, onReport } = this.#options;
    const unsettled: number[] = [];
    const cause = part.reasons.join(', ');
    for (const page of pagesOf(series, part, candlesPerPage)) {
      const report = await loader.load(page, { lane, signal: this.#abort.signal, cause });
      onReport?.(report, part.reasons);
      unsettled.push(...report.unsettled);
    }
    if (unsettled.length === 0) return [];
    // The bar after the hole is asked for as well: it is what brackets it.
    const to = Math.max(...unsettled) + 2 * timeframeMs(series.timeframe);
    return [{ from: Math.min(...unsettled), to, reasons: part.reasons }];
  }

  #askAgain(gap: Gap, parts: readonly Part[]): void {
    const delayMs = UNSETTLED_DELAYS_MS[gap.unsettled];
    if (gap.lane === 'boundary') return;
    if (delayMs === undefined) {
      this.#abandoned += 1;
      const { from = 0 } = parts[0] ?? {};
      this.#options.logger.warn({ event: 'gap_unsettled', ...gap.series, from, reason: reasonOf(gap) });
      return;
    }
    this.#later(this.#joined({ ...gap, parts, unsettled: gap.unsettled + 1, failed: 0 }), delayMs);
  }

  #failed(gap: Gap, error: unknown): void {
    if (this.#abort.signal.aborted) return;
    this.#failures += 1;
    const recovery = error instanceof AppError ? error.recovery : 'stop';
    this.#options.logger.warn({
      event: 'gap_repair_failed',
      ...gap.series,
      reason: reasonOf(gap),
      error: messageOf(error),
      recovery,
    });
    if (recovery === 'skip') {
      this.#abandoned += 1;
      return;
    }
    this.#later({ ...gap, failed: gap.failed + 1 }, this.#retryDelayMs(gap, error, recovery));
  }

  #retryDelayMs(gap: Gap, error: unknown, recovery: string): number {
    if (error instanceof BannedError)
      return Math.max(FAILED_BASE_MS, error.until - this.#options.clock.now());
    if (recovery === 'stop') return BLOCKED_RETRY_MS;
    return Math.min(FAILED_CAP_MS, FAILED_BASE_MS * 2 ** Math.min(gap.failed, 10));
  }

  #later(gap: Gap, delayMs: number): void {
    const key = seriesKey(gap.series);
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined) {
      this.#waiting.set(key, this.#joined(waiting, gap));
      return;
    }
    const cancel = this.#options.clock.setTimer(() => {
      this.#delayed.delete(key);
      this.#add(gap);
    }, delayMs);
    this.#delayed.set(key, { gap, cancel });
  }

  #joined(a: Gap, b: Gap = a): Gap {
    const bars = this.#options.candlesPerPage - 1;
    return {
      ...(a.lane === 'repair' ? a : b),
      parts: joinedParts([...a.parts, ...(a === b ? [] : b.parts)], timeframeMs(a.series.timeframe), bars),
      unsettled: Math.min(a.unsettled, b.unsettled),
      failed: Math.max(a.failed, b.failed),
    };
  }

  #settle(): void {
    if (this.#waiting.size > 0 || this.#running.size > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}

/**
 * Parts in order, those in one where together they have no more than so many bars of `step` ms. The cache keeps so many
 * bars of a series: older ones would be fetched in vain.
 */
function joinedParts(parts: readonly Part[], step: number, bars: number): readonly Part[] {
  const oldest =
    Math.max(...parts.map((part) => part.to)) - HARDCODED_CONFIG.cache.maxCandlesPerSeries * step;
  const joined: Part[] = [];
  for (const part of parts.toSorted((a, b) => a.from - b.from)) {
    if (part.to <= oldest) continue;
    const from = Math.max(part.from, oldest);
    const last = joined.at(-1);
    if (last !== undefined && (from <= last.to || part.to - last.from <= bars * step)) {
      const reasons = [...new Set([...last.reasons, ...part.reasons])].slice(0, MAX_REASONS);
      joined.splice(-1, 1, { from: last.from, to: Math.max(last.to, part.to), reasons });
    } else joined.push({ ...part, from });
  }
  return joined;
}

function reasonOf({ parts }: Gap): string {
  return [...new Set(parts.flatMap((part) => part.reasons))].join(', ');
}
