import { messageOf } from '@livermore/utils';
import type { Clock } from '@livermore/utils';
import type { Child, ChildEvent } from './child';
import { EXIT_CODES } from './exit-codes';

export interface SuperviseOptions {
  /** Starts it; `before` is what it said when it was ready for the first time, if it ever was. */
  readonly start: (before: ChildEvent | undefined) => Pick<Child, 'said' | 'ended' | 'stop'>;
  /** The event by which it says that it is ready. */
  readonly readyEvent: string;
  readonly clock: Clock;
  /** It ended by itself and is started again in so many ms. */
  readonly onEnded: (sentence: string, delayMs: number) => void;
}

/** A program that is kept running. */
export interface Supervision {
  /** What it said when it was ready for the first time; rejects when it ended before. */
  readonly ready: Promise<ChildEvent>;
  /** Rejects when keeping it running is in vain; resolves after `stop`. */
  readonly over: Promise<void>;
  stop(): Promise<void>;
}

/** Called wrongly, or refused by the venue for where it is: it would only end so again. */
const FINAL: ReadonlySet<number> = new Set([EXIT_CODES.usage, EXIT_CODES.venue]);
const FIRST_DELAY_MS = 1_000;
const DELAY_CAP_MS = 60_000;
/** One that ran this long had not failed at its start. */
const HEALTHY_MS = 60_000;
/** Failures in a row after which it is not a passing trouble. */
const MAX_FAILURES = 8;

/**
 * Keeps a program running: one that ends by itself is started again, ever more patiently, and in the end not. One that
 * was never ready, or says that it is called wrongly, would only fail again.
 */
export function supervise(options: SuperviseOptions): Supervision {
  const { clock, readyEvent, start, onEnded } = options;
  const stopping = new AbortController();
  let current = start(undefined);
  let first: ChildEvent | undefined;
  const ready = current.said(readyEvent).then((event) => (first = event));
  const keep = async (): Promise<void> => {
    for (let failures = 0; ;) {
      const startedAt = clock.monotonicMs();
      const how = await current.ended;
      if (stopping.signal.aborted) return;
      failures = clock.monotonicMs() - startedAt >= HEALTHY_MS ? 1 : failures + 1;
      if (first === undefined || FINAL.has(how.exitCode)) throw how;
      if (failures >= MAX_FAILURES) throw how;
      const delayMs = Math.min(DELAY_CAP_MS, FIRST_DELAY_MS * 2 ** (failures - 1));
      onEnded(messageOf(how), delayMs);
      await clock.sleep(delayMs, stopping.signal).catch(() => undefined);
      if (stopping.signal.aborted) return;
      current = start(first);
    }
  };
  const over = keep();
  // Whoever waits hears of it; nobody has to.
  over.catch(() => undefined);
  ready.catch(() => undefined);
  return {
    ready,
    over,
    stop: async () => {
      stopping.abort(new Error('stopped'));
      await current.stop();
    },
  };
}
