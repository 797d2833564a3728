import { z } from 'zod';

/**
 * Faults a script can order. `symbol`, `timeframe`: the series concerned, all when absent. A fault lasts for
 * the `for` of its line in the script; one that is an event (a cut, a shutdown) happens once.
 * `npm run graph` writes the comments and fields below into docs/simulator.md: what is said here is said there.
 */
const series = { symbol: z.string().optional(), timeframe: z.string().optional() };

export const FaultSchema = z.discriminatedUnion('kind', [
  // sockets
  /** Every connection is dropped; with `midFrame` after half of a frame. Happens once. */
  z.object({ kind: z.literal('cut'), midFrame: z.boolean().default(false) }),
  /**
   * The connections of that moment stay open and nothing comes: neither data nor, unless `pings`, protocol pings. They
   * are dropped when it ends.
   */
  z.object({ kind: z.literal('half-open'), pings: z.boolean().default(false) }),
  /** New connections are answered 503. */
  z.object({ kind: z.literal('refuse-connections') }),
  /** Every frame arrives `byMs` late, in order. */
  z.object({ kind: z.literal('frames-delayed'), byMs: z.number().positive() }),
  /** Every frame arrives twice. */
  z.object({ kind: z.literal('frames-repeated') }),
  /** Neighbouring frames change places. */
  z.object({ kind: z.literal('frames-reordered') }),
  /** A `share` of the frames is lost. */
  z.object({ kind: z.literal('frames-dropped'), share: z.number().min(0).max(1).default(1) }),
  /** A `share` of the frames ends half-way, as invalid JSON. */
  z.object({ kind: z.literal('frames-truncated'), share: z.number().min(0).max(1).default(0.1) }),
  /** Before every frame comes one of a type nobody has documented. */
  z.object({ kind: z.literal('frames-unknown') }),
  /** A live subscription stops delivering; the connection stays well. */
  z.object({ kind: z.literal('series-silent'), ...series }),
  /** Subscriptions made while it lasts are acknowledged and never deliver. */
  z.object({ kind: z.literal('ack-silent'), ...series }),
  /** Closing frames are never sent, updates are. */
  z.object({ kind: z.literal('closes-missing'), ...series }),
  /** Coinbase: the next `frames` frames of every connection are lost, with their numbers. Happens once. */
  z.object({ kind: z.literal('sequence-gap'), frames: z.number().int().positive().default(3) }),
  /** Coinbase: the counter of frames starts again at 0 in the middle of a connection. Happens once. */
  z.object({ kind: z.literal('sequence-restart') }),
  /** Coinbase: the counter inside heartbeats skips `by` numbers; no frame is lost. Happens once. */
  z.object({ kind: z.literal('heartbeat-jump'), by: z.number().int().positive().default(5) }),
  /** Coinbase: order book snapshots are several megabytes long. */
  z.object({ kind: z.literal('oversized-book') }),
  /** An error of the venue on every connection, which then is closed unless `close` is false. Happens once. */
  z.object({
    kind: z.literal('error-frame'),
    message: z.string().default('internal error'),
    close: z.boolean().default(true),
  }),
  /** The age limit strikes now: every connection is closed. Happens once. */
  z.object({ kind: z.literal('age-cut') }),
  /**
   * Binance: a farewell on every connection (none on Binance.US before its upgrade), which is closed `leadMs` later.
   * Happens once.
   */
  z.object({ kind: z.literal('server-shutdown'), leadMs: z.number().nonnegative().default(10_000) }),
  // REST
  /** The venue does not know the symbol: REST refuses it, streams of it are silent. */
  z.object({ kind: z.literal('bad-symbol'), symbol: z.string() }),
  /** Every request is refused as one too many, with `Retry-After` when `retryAfterSeconds` says so. */
  z.object({ kind: z.literal('rest-429'), retryAfterSeconds: z.number().positive().optional() }),
  /** Throttling disguised as 401, as seen on Coinbase. */
  z.object({ kind: z.literal('rest-401') }),
  /** The address is banned for `banMs` from the start of the fault. */
  z.object({ kind: z.literal('rest-418'), banMs: z.number().positive().default(120_000) }),
  /** Every request is refused because of where it comes from. */
  z.object({ kind: z.literal('rest-451') }),
  /** A firewall's page instead of an answer. */
  z.object({ kind: z.literal('rest-403-html') }),
  /** Every request meets a server error: a page, or with `html` false a line of text. */
  z.object({
    kind: z.literal('rest-5xx'),
    status: z.number().int().min(500).max(599).default(503),
    html: z.boolean().default(true),
  }),
  /** Every answer comes `byMs` late. */
  z.object({ kind: z.literal('rest-slow'), byMs: z.number().positive() }),
  /** No request is ever answered. */
  z.object({ kind: z.literal('rest-hang') }),
  /** Answers of status 200 whose JSON is cut short or spoilt. */
  z.object({ kind: z.literal('rest-garbage') }),
  /** Coinbase: the cache before public REST repeats what it answered within `byMs`, `no-cache` or not. */
  z.object({ kind: z.literal('rest-stale'), byMs: z.number().positive().default(60_000) }),
  /** REST shows a bar only `byMs` after its close, and nothing newer than that. */
  z.object({ kind: z.literal('rest-lag'), byMs: z.number().positive() }),
  /** A `share` of the rows is left out of candle answers, the same rows each time. */
  z.object({ kind: z.literal('rows-missing'), ...series, share: z.number().min(0).max(1).default(0.2) }),
  /** Every fifth row or so comes twice. */
  z.object({ kind: z.literal('rows-repeated'), ...series }),
  /** Rows come in another order. */
  z.object({ kind: z.literal('rows-shuffled'), ...series }),
  /** A closed bar, `barsAgo` before the newest closed one, has more volume from now on, in REST only. */
  z.object({
    kind: z.literal('revised-candle'),
    ...series,
    barsAgo: z.number().int().nonnegative().default(3),
  }),
  // the venue as a whole
  /** Nothing trades, REST answers 503, sockets are closed: the buckets that lie wholly inside never exist. */
  z.object({ kind: z.literal('outage') }),
  /** The venue's clock is `byMs` ahead of ours; behind when negative. */
  z.object({ kind: z.literal('clock-skew'), byMs: z.number() }),
]);
export type Fault = z.infer<typeof FaultSchema>;
export type FaultKind = Fault['kind'];

/**
 * A line of a script. `at`: milliseconds after the simulator's start, or `"90s"`, `"5m"`, `"2h"`, or an ISO
 * instant. `for`: the same spellings; a fault without it is an event, or lasts to the end.
 */
export const FaultScriptSchema = z.array(
  z.object({
    at: z.union([z.number().nonnegative(), z.string()]),
    for: z.union([z.number().positive(), z.string()]).optional(),
    fault: FaultSchema,
  }),
);
export type FaultScript = z.input<typeof FaultScriptSchema>;
