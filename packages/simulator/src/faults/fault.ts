import { z } from 'zod';
import { messageOf } from '@livermore/utils';
import { INTERVALS } from '../market/market';
import { parseDuration, parseStart } from './fault-times';

/**
 * Faults a script can order. `symbol`, `timeframe`: the series concerned, all when absent. A fault lasts for
 * the `for` of its line in the script; one that is an event (a cut, a shutdown) happens once.
 * `npm run graph` writes the comments and fields below into docs/simulator.md: what is said here is said there.
 */
const series = { symbol: z.string().optional(), timeframe: z.string().optional() };
const share = z.number().min(0).max(1);
/** Put into `Retry-After` as it stands, whatever it says: any text a header can carry. */
const retryAfter = {
  retryAfter: z
    .string()
    .regex(/^[ -~]*$/)
    .optional(),
};

/** Ways in which one row or element is not what the venue documents; `any`: one of them by the seed. */
export const BLEMISHES = ['zero-low', 'nan', 'negative-volume', 'high-below-open', 'short', 'null'] as const;
const what = z.enum(['any', ...BLEMISHES]).default('any');

/** Ways in which an entry of a listing is odd; `all`: one entry of each. */
export const ODDITIES = ['field-missing', 'field-null', 'name', 'types', 'null'] as const;

export const FaultSchema = z.discriminatedUnion('kind', [
  // sockets
  /** Every connection is dropped; with `midFrame` after half of a frame. Happens once. */
  z.strictObject({ kind: z.literal('cut'), midFrame: z.boolean().default(false) }),
  /**
   * The connections of that moment stay open and nothing comes: neither data nor, unless `pings`, protocol pings. They
   * are dropped when it ends.
   */
  z.strictObject({ kind: z.literal('half-open'), pings: z.boolean().default(false) }),
  /** New connections are answered 503. */
  z.strictObject({ kind: z.literal('refuse-connections') }),
  /** Every frame arrives `byMs` late, in order. */
  z.strictObject({ kind: z.literal('frames-delayed'), byMs: z.number().positive() }),
  /** Every frame arrives twice. */
  z.strictObject({ kind: z.literal('frames-repeated') }),
  /** Neighbouring frames change places. */
  z.strictObject({ kind: z.literal('frames-reordered') }),
  /** A `share` of the frames is lost. */
  z.strictObject({ kind: z.literal('frames-dropped'), share: share.default(1) }),
  /** A `share` of the frames ends half-way, as invalid JSON. */
  z.strictObject({ kind: z.literal('frames-truncated'), share: share.default(0.1) }),
  /** Before every frame comes one of a type nobody has documented. */
  z.strictObject({ kind: z.literal('frames-unknown') }),
  /** A live subscription stops delivering; the connection stays well. */
  z.strictObject({ kind: z.literal('series-silent'), ...series }),
  /** Subscriptions made while it lasts are acknowledged and never deliver. */
  z.strictObject({ kind: z.literal('ack-silent'), ...series }),
  /** Closing frames are never sent, updates are. */
  z.strictObject({ kind: z.literal('closes-missing'), ...series }),
  /** Binance: the closing frame of a `share` of the bars comes `byMs` late, after updates of the next bar. */
  z.strictObject({
    kind: z.literal('closes-late'),
    ...series,
    byMs: z.number().positive().default(30_000),
    share: share.default(1),
  }),
  /** Coinbase: the next `frames` frames of every connection are lost, with their numbers. Happens once. */
  z.strictObject({ kind: z.literal('sequence-gap'), frames: z.number().int().positive().default(3) }),
  /** Coinbase: the counter of frames starts again at 0 in the middle of a connection. Happens once. */
  z.strictObject({ kind: z.literal('sequence-restart') }),
  /** Coinbase: the counter inside heartbeats skips `by` numbers; no frame is lost. Happens once. */
  z.strictObject({ kind: z.literal('heartbeat-jump'), by: z.number().int().positive().default(5) }),
  /**
   * One element of a frame that carries several cannot be read, the others can: a bucket of Coinbase's `candles`, a
   * symbol of Binance's `!miniTicker@arr`. `share`: of such frames.
   */
  z.strictObject({ kind: z.literal('element-bad'), what, share: share.default(1) }),
  /**
   * One figure of a ticker is `value`, on streams and in REST: the change in 24 hours, or their volume (also where a
   * ticker tells no change). `share`: of the tickers told.
   */
  z.strictObject({
    kind: z.literal('ticker-bad'),
    symbol: z.string().optional(),
    field: z.enum(['change', 'volume']).default('change'),
    value: z.string().default('-1.5e-05'),
    share: share.default(1),
  }),
  /**
   * Coinbase: in snapshots of candles a `share` of the buckets before the newest two lack the part `loses` of their
   * volume, and with `range` reach no further than their open and close.
   */
  z.strictObject({
    kind: z.literal('snapshot-lossy'),
    symbol: z.string().optional(),
    loses: share.default(0.1),
    share: share.default(1),
    range: z.boolean().default(false),
  }),
  /** Coinbase: snapshots of candles hold the newest `buckets` only. */
  z.strictObject({
    kind: z.literal('snapshot-short'),
    symbol: z.string().optional(),
    buckets: z.number().int().nonnegative().default(2),
  }),
  /** Coinbase: order book snapshots are several megabytes long. */
  z.strictObject({ kind: z.literal('oversized-book') }),
  /** An error of the venue on every connection, which then is closed unless `close` is false. Happens once. */
  z.strictObject({
    kind: z.literal('error-frame'),
    message: z.string().default('internal error'),
    close: z.boolean().default(true),
  }),
  /** The age limit strikes now: every connection is closed. Happens once. */
  z.strictObject({ kind: z.literal('age-cut') }),
  /**
   * Binance: a farewell on every connection (none on Binance.US before its upgrade), which is closed `leadMs` later.
   * Happens once.
   */
  z.strictObject({ kind: z.literal('server-shutdown'), leadMs: z.number().nonnegative().default(10_000) }),
  // REST
  /** The venue does not know the symbol: REST refuses it, streams of it are silent. */
  z.strictObject({ kind: z.literal('bad-symbol'), symbol: z.string() }),
  /**
   * Every request is refused as one too many, with `Retry-After` when `retryAfterSeconds` says so, or `retryAfter`: any
   * text, however absurd.
   */
  z.strictObject({
    kind: z.literal('rest-429'),
    retryAfterSeconds: z.number().positive().optional(),
    ...retryAfter,
  }),
  /** Throttling disguised as 401, as seen on Coinbase. */
  z.strictObject({ kind: z.literal('rest-401') }),
  /** The address is banned for `banMs` from the start of the fault, until then or what `retryAfter` says instead. */
  z.strictObject({
    kind: z.literal('rest-418'),
    banMs: z.number().positive().default(120_000),
    ...retryAfter,
  }),
  /** Every request is refused because of where it comes from. */
  z.strictObject({ kind: z.literal('rest-451') }),
  /** A firewall's page instead of an answer. */
  z.strictObject({ kind: z.literal('rest-403-html') }),
  /** Every request meets a server error: a page, or with `html` false a line of text; with `Retry-After` if told so. */
  z.strictObject({
    kind: z.literal('rest-5xx'),
    status: z.number().int().min(500).max(599).default(503),
    html: z.boolean().default(true),
    ...retryAfter,
  }),
  /** Every answer comes `byMs` late. */
  z.strictObject({ kind: z.literal('rest-slow'), byMs: z.number().positive() }),
  /** No request is ever answered. */
  z.strictObject({ kind: z.literal('rest-hang') }),
  /** Answers of status 200 whose JSON is cut short or spoilt. */
  z.strictObject({ kind: z.literal('rest-garbage') }),
  /** Answers of status 200 whose JSON is `depth` lists in each other. */
  z.strictObject({ kind: z.literal('rest-deep'), depth: z.number().int().positive().default(100_000) }),
  /** Every answer has `bytes` of blanks before it, written as they are read. Without a network 64 MB at most. */
  z.strictObject({ kind: z.literal('rest-huge'), bytes: z.number().int().positive().default(300_000_000) }),
  /** The head of an answer comes at once, its body drips. Without a network it comes when all would have. */
  z.strictObject({ kind: z.literal('rest-drip'), bytesPerSecond: z.number().positive().default(100) }),
  /**
   * Coinbase: the cache before public REST repeats what it answered within `byMs`, `no-cache` or not, with a
   * fresh `Date`. `tells`: how old the answer is, by its old `Date`, or by an `Age` beside the fresh one.
   */
  z.strictObject({
    kind: z.literal('rest-cached'),
    byMs: z.number().positive().default(60_000),
    tells: z.enum(['date', 'age']).optional(),
  }),
  /**
   * REST shows candles as they were `byMs` ago: what opened since is not there, what closed since stands as it stood
   * then. With `keepsNewest` only closed bars are behind, as they were before their close until `byMs` after it, and
   * the forming one beside them is fresh.
   */
  z.strictObject({
    kind: z.literal('rest-stale'),
    ...series,
    byMs: z.number().positive().default(60_000),
    keepsNewest: z.boolean().optional(),
  }),
  /** Each answer comes from one of several replicas, each `lagsMs` behind. */
  z.strictObject({
    kind: z.literal('rest-replicas'),
    lagsMs: z.array(z.number().nonnegative()).min(1).default([0, 2000, 10_000]),
  }),
  /** Candles are an empty list, with status 200. */
  z.strictObject({ kind: z.literal('rest-empty'), ...series }),
  /**
   * A `share` of the candle answers, at most `answers` of them, is well-formed and wrong: prices times `price`, volumes
   * times `volume`.
   */
  z.strictObject({
    kind: z.literal('rest-lies'),
    ...series,
    answers: z.number().int().positive().optional(),
    share: share.default(1),
    price: z.number().positive().default(1.05),
    volume: z.number().nonnegative().default(2),
  }),
  /**
   * A `share` of the candle answers, at most `answers` of each series, holds the rows of a longer timeframe: `as`, or the
   * next longer one of 1m, 5m, 15m, 1h, 4h and 1d.
   */
  z.strictObject({
    kind: z.literal('rest-coarse'),
    ...series,
    as: z.enum(INTERVALS).optional(),
    answers: z.number().int().positive().optional(),
    share: share.default(1),
  }),
  /** REST shows a bar only `byMs` after its close, and nothing newer than that. */
  z.strictObject({ kind: z.literal('rest-lag'), byMs: z.number().positive() }),
  /** A `share` of the rows is left out of candle answers, the same rows each time. */
  z.strictObject({ kind: z.literal('rows-missing'), ...series, share: share.default(0.2) }),
  /**
   * Coinbase: candle answers, at most `answers` of each series, have a row for a bucket in which nothing traded: the newest
   * that had closed `barsAgo` bars before the fault's start. `volume`: what it is said to have traded, at `price` times the
   * close before. Elsewhere such buckets have a row anyhow.
   */
  z.strictObject({
    kind: z.literal('row-invented'),
    ...series,
    barsAgo: z.number().int().nonnegative().default(0),
    answers: z.number().int().positive().optional(),
    volume: z.number().positive().default(1),
    price: z.number().positive().default(1),
  }),
  /** Every fifth row or so comes twice. */
  z.strictObject({ kind: z.literal('rows-repeated'), ...series }),
  /** Rows come in another order. */
  z.strictObject({ kind: z.literal('rows-shuffled'), ...series }),
  /** One row of a `share` of the candle answers cannot be read, the others can. */
  z.strictObject({ kind: z.literal('row-bad'), ...series, what, share: share.default(1) }),
  /**
   * The listing has odd entries beside the right ones: a flag that is missing, a field that is null, a colon or a blank
   * in a name, wrong types, an entry that is null. With `symbol` that symbol's own entry is the odd one.
   */
  z.strictObject({
    kind: z.literal('listing-odd'),
    what: z.enum(['all', ...ODDITIES]).default('all'),
    symbol: z.string().optional(),
  }),
  /**
   * A closed bar changes for good, in REST: the one `barsAgo` before the newest closed, `afterMs` after the fault's
   * start; or one in `every` of the bars that close while it lasts, `afterMs` after its close. Volumes are taken times
   * `volume`; the high, or the low where `price` is negative, moves by that share. `alsoParents`: so do all longer bars
   * it is part of (without `timeframe`, of bars of a minute). `onStream`: the stream tells the changed bar again. A bar
   * without trades stays as it is.
   */
  z.strictObject({
    kind: z.literal('revised-candle'),
    ...series,
    barsAgo: z.number().int().nonnegative().default(3),
    every: z.number().int().positive().optional(),
    afterMs: z.number().nonnegative().default(0),
    volume: z.number().positive().default(1.125),
    price: z.number().gt(-1).default(0),
    alsoParents: z.boolean().default(false),
    onStream: z.boolean().default(false),
  }),
  /**
   * The first bar of a minute with trades that closes after the fault's start is gone, of each symbol, from `afterMs` after
   * its close until the fault ends: in REST only, the stream says what it said. `alsoParents`: longer bars are what the
   * others inside them come to.
   */
  z.strictObject({
    kind: z.literal('bar-deleted'),
    symbol: z.string().optional(),
    afterMs: z.number().nonnegative().default(0),
    alsoParents: z.boolean().default(true),
  }),
  // the venue as a whole
  /** Nothing trades, REST answers 503, sockets are closed: the buckets that lie wholly inside never exist. */
  z.strictObject({ kind: z.literal('outage') }),
  /** The venue's clock is `byMs` ahead of ours; behind when negative. */
  z.strictObject({ kind: z.literal('clock-skew'), byMs: z.number() }),
  /**
   * REST, stream, snapshot and listing disagree moderately, as venues do, in all the ways this venue has: rows some
   * seconds behind, replicas, lossy snapshots, late corrections, late closing frames, longer bars that are not the sum
   * of their parts, an odd listing, a bad row now and then. `strength` scales lags and shares.
   */
  z.strictObject({
    kind: z.literal('disagreeing'),
    seed: z.number().int().nonnegative().default(1),
    strength: z.number().positive().max(10).default(1),
  }),
]);
export type Fault = z.infer<typeof FaultSchema>;
export type FaultKind = Fault['kind'];
/** A fault as it is ordered: fields that have a value of their own may be left out. */
export type OrderedFault = z.input<typeof FaultSchema>;

const AT = 'milliseconds, a time such as "90s" or "5m", or an ISO instant was expected';
const FOR = 'milliseconds, or a time such as "90s" or "5m", was expected; more than none';
/** No start to count from is known here, nor needed to say whether a text is one. */
const at = spelled(z.number().nonnegative(), AT, (text) => parseStart(text, 0));
const lasting = spelled(z.number().positive(), FOR, (text) => {
  if (parseDuration(text) <= 0) throw new RangeError(FOR);
});

/**
 * A line of a script. `at`: milliseconds after the simulator's start, or `"90s"`, `"5m"`, `"2h"`, or an ISO
 * instant. `for`: the same spellings; a fault without it is an event, or lasts to the end.
 */
export const FaultScriptSchema = z.array(
  z.strictObject({ at, for: lasting.optional(), fault: FaultSchema }),
  {
    error: 'a list of faults was expected',
  },
);
export type FaultScript = z.input<typeof FaultScriptSchema>;

/** A number of ms, or a text that `read` does not refuse. */
function spelled(ms: z.ZodNumber, expected: string, read: (text: string) => unknown) {
  const text = z.string().superRefine((value, context) => {
    try {
      read(value);
    } catch (error) {
      context.addIssue({ code: 'custom', message: messageOf(error) });
    }
  });
  return z.union([ms, text], { error: expected });
}
