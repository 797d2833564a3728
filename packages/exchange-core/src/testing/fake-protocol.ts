import type { MarketEvent, UnifiedCandle } from '@livermore/schemas';
import { MICROS_PER_MS, TIMEFRAMES, closeAsOf } from '@livermore/schemas';
import { z } from 'zod';
import { DecodeError } from '../errors';
import type {
  DecodeContext,
  ExchangeProtocol,
  Frame,
  StreamLimits,
  StreamMessage,
  StreamProtocol,
  Subscription,
} from '../protocol/protocol';
import { told } from '../protocol/unreadable';

/**
 * A venue small enough to read at a glance, to test the runtime with.
 *
 *   → {"op":"sub","topics":["AAA@1m"],"id":1}      ← {"ack":1}  or  {"ack":1,"active":[…]}  or  {"error":"…","id":1}
 *   → {"op":"list","id":2}                         ← {"ack":2,"active":["AAA@1m"]}
 *   ← {"at":1700000000000,"n":7,"bar":{…}}  {"n":8,"odd":[{"field":"price",…}]}  {"beat":true}  {"bye":"…"}  {"what":"…"}
 */
export interface FakeProtocolOptions {
  readonly limits?: Partial<StreamLimits>;
  /** `none`: answers carry no id, but the whole map of subscriptions. */
  readonly ids?: 'numbered' | 'none';
  readonly hasListing?: boolean;
  readonly standing?: readonly Subscription[];
}

/** A bar on the fake wire. `final` is its close. */
const BarSchema = z.object({
  symbol: z.string(),
  timeframe: z.enum(TIMEFRAMES),
  openTime: z.int(),
  price: z.number(),
  final: z.boolean(),
});
export type FakeBar = z.infer<typeof BarSchema>;

/** An entry that cannot be read, as its decoder would tell of it. */
const OddSchema = z.object({
  field: z.string(),
  message: z.string(),
  symbol: z.string().exactOptional(),
  openTime: z.int().exactOptional(),
  topics: z.union([z.array(z.string()), z.literal('any')]).exactOptional(),
});

const WireSchema = z.object({
  at: z.int().optional(),
  n: z.int().optional(),
  ack: z.int().nullable().optional(),
  active: z.array(z.string()).optional(),
  error: z.string().optional(),
  id: z.int().optional(),
  bar: BarSchema.optional(),
  odd: z.array(OddSchema).optional(),
  beat: z.boolean().optional(),
  bye: z.string().optional(),
  what: z.string().optional(),
});
export type FakeWire = z.infer<typeof WireSchema>;

/** What a client of the fake venue may send. */
export const FakeRequestSchema = z.object({
  op: z.enum(['sub', 'unsub', 'list']),
  topics: z.array(z.string()).default([]),
  id: z.int().optional(),
});

export const FAKE_LIMITS: StreamLimits = {
  topicsPerConnection: 100,
  topicsPerFrame: 10,
  frameSpacingMs: 100,
  connectSpacingMs: 200,
  connects: { count: 20, perMs: 60_000 },
  deadAfterMs: 30_000,
  silentAfterMs: 60_000,
};

/** The fake venue's protocol. */
export function fakeProtocol(options: FakeProtocolOptions = {}): ExchangeProtocol {
  const stream = fakeStream(options);
  return {
    name: 'fake',
    timeframes: { streamed: ['1m', '5m'], rolledUp: [], fetched: ['15m', '1h', '4h', '1d'] },
    closes: 'flagged',
    derivation: 'exact',
    emptyBuckets: 'flat',
    stream,
    rest: {
      limits: {
        candlesPerPage: 100,
        budget: { weight: 100, perMs: 60_000, window: 'fixed', reserve: 0 },
        settleMs: 0,
        confirmMs: 0,
        finality: { fromMs: 30_000, apartMs: 30_000 },
      },
      candleWeight: unused,
      timeRequest: unused,
      serverTime: unused,
      listingRequest: unused,
      listing: unused,
      candleRequest: unused,
      candles: unused,
      usedWeight: unused,
      verdict: unused,
    },
  };
}

function unused(): never {
  throw new Error('the fake venue has no REST');
}

/** The stream half of it. */
export function fakeStream(options: FakeProtocolOptions = {}): StreamProtocol {
  const limits = { ...FAKE_LIMITS, ...options.limits };
  const isNumbered = options.ids !== 'none';
  const frames = (op: string, subscriptions: readonly Subscription[], nextId: () => number): Frame[] => {
    const made: Frame[] = [];
    for (let at = 0; at < subscriptions.length; at += limits.topicsPerFrame) {
      const topics = subscriptions.slice(at, at + limits.topicsPerFrame).map(({ topic }) => topic);
      made.push(frame(op, topics, isNumbered ? nextId() : undefined));
    }
    return made;
  };
  return {
    limits,
    standing: options.standing ?? [],
    url: (exchange) => exchange.wsUrl,
    candles: ({ symbol, timeframe }) => ({
      topic: `${symbol}@${timeframe}`,
      channel: 'candles',
      symbol,
      timeframe,
    }),
    ticker: (symbol) => ({ topic: `${symbol}@ticker`, channel: 'ticker', symbol }),
    subscribeFrames: (added, nextId) => frames('sub', added, nextId),
    unsubscribeFrames: (removed, nextId) => frames('unsub', removed, nextId),
    ...(options.hasListing === true ? { listFrame: (nextId) => frame('list', [], nextId()) } : {}),
    decode,
  };
}

function frame(op: string, topics: readonly string[], id: number | undefined): Frame {
  const text = JSON.stringify({ op, topics, ...(id === undefined ? {} : { id }) });
  return { text, topics, ...(id === undefined ? {} : { requestId: id }) };
}

function decode(text: string, context: DecodeContext): StreamMessage {
  const wire = parse(text, context);
  const head = {
    ...(wire.n === undefined ? {} : { sequence: wire.n }),
    ...(wire.at === undefined ? {} : { venueTime: wire.at }),
  };
  const { ack, active, error, id, bar } = wire;
  const echoed = typeof ack === 'number' ? { requestId: ack } : {};
  if (ack !== undefined)
    return { ...head, kind: 'ack', ...echoed, ...(active === undefined ? {} : { active }) };
  if (error !== undefined) {
    return { ...head, kind: 'error', message: error, ...(id === undefined ? {} : { requestId: id }) };
  }
  const odd = told(wire.odd ?? []);
  if (bar !== undefined)
    return { ...head, ...odd, kind: 'data', events: eventsOf(bar, wire.at ?? 0, context) };
  if (wire.odd !== undefined) return { ...head, kind: 'unreadable', unreadable: wire.odd };
  if (wire.bye !== undefined) return { ...head, kind: 'goodbye', reason: wire.bye };
  return wire.beat === true
    ? { ...head, kind: 'heartbeat' }
    : { ...head, kind: 'ignored', what: wire.what ?? '' };
}

function parse(text: string, context: DecodeContext): FakeWire {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new DecodeError(context.exchange, 'frame', 'is not JSON');
  }
  const result = WireSchema.safeParse(value);
  if (result.success) return result.data;
  throw new DecodeError(
    context.exchange,
    result.error.issues[0]?.path.join('.') ?? 'frame',
    'is not understood',
  );
}

function eventsOf(bar: FakeBar, at: number, context: DecodeContext): readonly MarketEvent[] {
  const closing = closeAsOf(bar.timeframe, bar.openTime);
  const micros = at * MICROS_PER_MS;
  const { price, timeframe } = bar;
  const figures = { open: price, high: price, low: price, close: price, volume: 1 };
  return context.symbolsOf(bar.symbol).map((symbol) => {
    const candle: UnifiedCandle = {
      ...figures,
      timestamp: bar.openTime,
      symbol,
      timeframe,
      exchange: context.exchange,
      sequenceNum: bar.final ? Math.max(micros, closing) : Math.min(micros, closing - 1),
      source: 'stream',
    };
    return { type: bar.final ? 'candle:close' : 'candle:update', candle };
  });
}
