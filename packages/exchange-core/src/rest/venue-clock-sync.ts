import type { Exchange } from '@livermore/schemas';
import { messageOf, silentLogger, systemRandom } from '@livermore/utils';
import type { Clock, Logger, Random } from '@livermore/utils';
import type { RestProtocol } from '../protocol/protocol';
import type { RestClient } from './rest-client';
import type { VenueClock } from './venue-clock';

export interface VenueClockSyncOptions {
  readonly exchange: Exchange;
  readonly rest: Pick<RestProtocol, 'serverTime' | 'timeRequest'>;
  readonly client: Pick<RestClient, 'send'>;
  readonly time: VenueClock;
  readonly clock: Clock;
  readonly random?: Random;
  readonly logger?: Logger;
}

/** Measurements at the start, and whenever the reading is doubted: the quickest of them counts most. */
const BURST = 3;
const BURST_SPACING_MS = 100;
/** Between measurements in good times: our clock's rate loses at most 30 ms in it. */
const RESYNC_MS = 300_000;
/** Doubts raised faster than this are answered together. */
const LEAST_SPACING_MS = 5_000;

/** Keeps a venue's clock measured: at once, every few minutes, and soon after anything casts doubt on it. */
export class VenueClockSync {
  readonly #options: VenueClockSyncOptions;
  #first: { readonly done: Promise<void>; readonly signal: AbortSignal } | undefined;
  #wake: (() => void) | undefined;
  #isDoubted = false;

  constructor(options: VenueClockSyncOptions) {
    this.#options = options;
    options.time.listen({ doubted: () => this.#doubt(), stepped: () => undefined });
  }

  /**
   * Resolves at once when the venue's time is known, else after one measurement that all callers share: nobody may
   * say of a bar that it is closed by a clock that was never compared with the venue's.
   * @throws as RequestSender, and DecodeError
   */
  async ready(signal: AbortSignal): Promise<void> {
    while (this.#options.time.errorMs() === Number.POSITIVE_INFINITY) {
      signal.throwIfAborted();
      const first = (this.#first ??= { done: this.#sample(signal), signal });
      try {
        await first.done;
      } catch (error) {
        // Another caller's end is not ours: then we measure ourselves.
        if (!first.signal.aborted || signal.aborted) throw error;
      } finally {
        if (this.#first === first) this.#first = undefined;
      }
    }
  }

  /**
   * One burst of measurements.
   * @throws as RequestSender, and DecodeError, when not one could be made
   */
  async measure(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    let failure: unknown;
    let isMeasured = false;
    for (let at = 0; at < BURST; at += 1) {
      if (at > 0) await clock.sleep(BURST_SPACING_MS, signal);
      try {
        await this.#sample(signal);
        isMeasured = true;
      } catch (error) {
        signal.throwIfAborted();
        failure = error;
        if (!isMeasured) break;
      }
    }
    if (!isMeasured) throw failure;
  }

  /** Measures until `signal` is aborted; resolves then. Failures are logged and tried again. */
  async run(signal: AbortSignal): Promise<void> {
    const { logger = silentLogger, exchange } = this.#options;
    while (!signal.aborted) {
      try {
        await this.#pause(signal);
        this.#isDoubted = false;
        await this.measure(signal);
      } catch (error) {
        if (signal.aborted) return;
        logger.warn({ event: 'venue_time_unknown', exchange: exchange.name, error: messageOf(error) });
      }
    }
  }

  async #sample(signal: AbortSignal): Promise<void> {
    const { rest, exchange, client, time } = this.#options;
    const answer = await client.send(rest.timeRequest(exchange), { lane: 'repair', signal });
    const serverTime = rest.serverTime(answer.response);
    time.measured({ sentAt: answer.leftAt, receivedAt: answer.arrivedAt, serverTime });
  }

  /** Waits for the next measurement: a while, or shortly when in doubt. */
  async #pause(signal: AbortSignal): Promise<void> {
    const { clock, random = systemRandom } = this.#options;
    await clock.sleep(LEAST_SPACING_MS, signal);
    if (this.#isDoubted || this.#options.time.errorMs() === Number.POSITIVE_INFINITY) return;
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    const onAbort = () => woken.abort();
    signal.addEventListener('abort', onAbort, { once: true });
    await clock.sleep(RESYNC_MS * (0.75 + random.next() / 2), woken.signal).catch(() => undefined);
    signal.removeEventListener('abort', onAbort);
    this.#wake = undefined;
    signal.throwIfAborted();
  }

  #doubt(): void {
    this.#isDoubted = true;
    this.#wake?.();
  }
}
