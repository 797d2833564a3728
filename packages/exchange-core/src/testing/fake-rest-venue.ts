import type { Exchange, SourcedCandle } from '@livermore/schemas';
import { timeframeMs } from '@livermore/schemas';
import type { Clock } from '@livermore/utils';
import { z } from 'zod';
import { restAsOf } from '../as-of';
import { BodyTooLargeError, DecodeError } from '../errors';
import { waitOf } from '../protocol/http-answer';
import type { CandlePage, RestProtocol, RestVerdict, WeightLimit } from '../protocol/protocol';
import { readRows } from '../protocol/page-rows';
import { parseWith } from '../protocol/wire';
import { DEFAULT_BODY_BYTES } from '../transport';
import type { HttpGet, HttpRequest, HttpResponse } from '../transport';

/**
 * REST of a venue small enough to read at a glance: it counts weight in windows of its own clock, bans whoever goes
 * on after too many refusals, and serves the bars it is given. Every answer can be replaced by a test.
 */
export interface FakeRestVenueOptions {
  readonly clock: Clock;
  readonly limit: WeightLimit;
  /** The venue's clock less ours, ms. */
  readonly skewMs?: number;
  /** One-way delays of a request and of its answer, ms. */
  readonly uplinkMs?: number;
  readonly downlinkMs?: number;
  /** Open times of the bars it has, of any series; all of them when absent. */
  readonly has?: (openTime: number) => boolean;
}

/** Seen by a test: what was asked, when (venue time, ms), and how it was answered. */
export interface SeenRequest {
  readonly url: string;
  readonly at: number;
  readonly status: number;
}

export const FAKE_EXCHANGE: Exchange = {
  id: 7,
  name: 'sandbox',
  wsUrl: 'ws://127.0.0.1:1',
  restUrl: 'http://fake',
  isActive: true,
};

const TimeSchema = z.object({ time: z.number() });
const BarsSchema = z.array(z.unknown());
const TimedRowSchema = z.object({ t: z.int() });
const BarSchema = z.object({ t: z.int(), p: z.number(), v: z.number() });
const ListingSchema = z.object({ weight: z.number(), perMs: z.number() });

export class FakeRestVenue {
  readonly seen: SeenRequest[] = [];
  /** When set, answers instead of the venue; `flood`: with a body that never ends. Undefined: the venue answers after all. */
  answer:
    | ((request: HttpRequest, at: number) => HttpResponse | 'hang' | 'cut' | 'flood' | undefined)
    | undefined;
  skewMs: number;
  readonly #options: FakeRestVenueOptions;
  #window = 0;
  #used = 0;

  constructor(options: FakeRestVenueOptions) {
    this.#options = options;
    this.skewMs = options.skewMs ?? 0;
  }

  get now(): number {
    return this.#options.clock.now() + this.skewMs;
  }

  /** Somebody else behind the same address spends weight now. */
  spendElsewhere(weight: number): void {
    this.#count(weight);
  }

  /** The transport that reaches this venue. */
  readonly get: HttpGet = async (request, signal) => {
    const { clock, uplinkMs = 20, downlinkMs = 20 } = this.#options;
    if (uplinkMs > 0) await clock.sleep(uplinkMs, signal);
    const answer = this.answer?.(request, this.now) ?? this.#serve(request);
    const status = typeof answer === 'string' ? 0 : answer.status;
    this.seen.push({ url: request.url, at: this.now, status });
    if (answer === 'hang') await clock.sleep(1e9, signal);
    if (answer === 'flood') throw new BodyTooLargeError(request.maxBodyBytes ?? DEFAULT_BODY_BYTES);
    if (answer === 'hang' || answer === 'cut') throw new Error('socket hang up');
    if (downlinkMs > 0) await clock.sleep(downlinkMs, signal);
    return answer;
  };

  #serve(request: HttpRequest): HttpResponse {
    const { limit } = this.#options;
    const url = new URL(request.url);
    this.#count(Number(url.searchParams.get('w')));
    const headers = { 'x-used': String(this.#used) };
    if (this.#used > limit.weight) return { status: 429, headers, body: '{}' };
    return { status: 200, headers, body: JSON.stringify(this.#body(url)) };
  }

  #count(weight: number): void {
    const window = Math.floor(this.now / this.#options.limit.perMs);
    if (window !== this.#window) this.#used = 0;
    this.#window = window;
    this.#used += weight;
  }

  #body(url: URL): unknown {
    if (url.pathname === '/time') return { time: Math.floor(this.now) };
    if (url.pathname === '/listing')
      return { weight: this.#options.limit.weight, perMs: this.#options.limit.perMs };
    const [from = 0, to = 0, step = 1] = ['from', 'to', 'step'].map((name) =>
      Number(url.searchParams.get(name)),
    );
    const bars = [];
    for (let t = from; t < to && t <= this.now; t += step) {
      if (this.#options.has?.(t) ?? true) bars.push({ t, p: fakePrice(t), v: 1 });
    }
    return bars;
  }
}

/** The price of a bar of the fake venue. */
export function fakePrice(openTime: number): number {
  return 100 + ((openTime / 60_000) % 50);
}

/** The protocol the fake venue speaks. Each request of candles weighs 2, the others 1. */
export function fakeRest(
  limit: WeightLimit,
  limits: Partial<Omit<RestProtocol['limits'], 'budget'>> = {},
): RestProtocol {
  return {
    limits: {
      candlesPerPage: 100,
      settleMs: 2_000,
      confirmMs: 60_000,
      finality: { fromMs: 30_000, apartMs: 30_000 },
      ...limits,
      budget: limit,
    },
    candleWeight: () => 2,
    timeRequest: (exchange) => ({ url: `${exchange.restUrl}/time?w=1`, weight: 1, maxBodyBytes: 1_000 }),
    serverTime: (response) => read(TimeSchema, response).time,
    listingRequest: (exchange) => ({
      url: `${exchange.restUrl}/listing?w=1`,
      weight: 1,
      maxBodyBytes: 1_000,
    }),
    listing: (response) => ({ symbols: [], unreadable: [], weightLimit: read(ListingSchema, response) }),
    candleRequest: (exchange, page) => ({
      url: `${exchange.restUrl}/bars?w=2&s=${page.symbol}&from=${page.from}&to=${page.to}&step=${timeframeMs(page.timeframe)}`,
      weight: 2,
      maxBodyBytes: 100_000,
    }),
    candles: (page, response, { exchange, answeredAt }) =>
      readRows(page, read(BarsSchema, response), {
        venue: exchange,
        candle: (row, at) =>
          candleOf(
            parseWith(BarSchema, row, { venue: exchange, path: `${at}.` }),
            page,
            exchange,
            answeredAt,
          ),
        openTimeOf: (row) => TimedRowSchema.safeParse(row).data?.t,
      }),
    usedWeight: (headers) => (headers['x-used'] === undefined ? undefined : Number(headers['x-used'])),
    verdict,
  };
}

function candleOf(
  bar: z.infer<typeof BarSchema>,
  page: CandlePage,
  exchange: string,
  answeredAt: number,
): SourcedCandle {
  return {
    timestamp: bar.t,
    open: bar.p,
    high: bar.p,
    low: bar.p,
    close: bar.p,
    volume: bar.v,
    symbol: page.symbol,
    timeframe: page.timeframe,
    exchange,
    sequenceNum: restAsOf(page.timeframe, bar.t, answeredAt),
    source: 'rest',
  };
}

function read<T>(schema: z.ZodType<T>, response: HttpResponse): T {
  try {
    const value: unknown = JSON.parse(response.body);
    return schema.parse(value);
  } catch {
    throw new DecodeError('sandbox', 'body', 'is not what the fake venue serves');
  }
}

function verdict({ status, headers, body }: HttpResponse): RestVerdict {
  const wait = waitOf(headers);
  if (status === 200) return { verdict: 'ok' };
  if (status === 429) return { verdict: 'rate-limited', ...wait };
  if (status === 418) return { verdict: 'banned', ...wait, ...(body === '' ? {} : { until: Number(body) }) };
  if (status === 451) return { verdict: 'blocked', message: body };
  if (status === 404) return { verdict: 'unknown-symbol', message: body };
  if (status >= 500) return { verdict: 'unavailable', message: `HTTP ${status}`, ...wait };
  return { verdict: 'rejected', message: body };
}
