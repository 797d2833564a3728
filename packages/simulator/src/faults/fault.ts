import { z } from 'zod';

/**
 * Faults a script can order. `symbol`, `timeframe`: the series concerned, all when absent. A fault lasts for
 * the `for` of its line in the script; one that is an event (a cut, a shutdown) happens once.
 */
const series = { symbol: z.string().optional(), timeframe: z.string().optional() };

export const FaultSchema = z.discriminatedUnion('kind', [
  // sockets
  z.object({ kind: z.literal('cut'), midFrame: z.boolean().default(false) }),
  /** The socket stays open and nothing comes: neither data nor, unless `pings`, protocol pings. */
  z.object({ kind: z.literal('half-open'), pings: z.boolean().default(false) }),
  z.object({ kind: z.literal('refuse-connections') }),
  z.object({ kind: z.literal('frames-delayed'), byMs: z.number().positive() }),
  z.object({ kind: z.literal('frames-repeated') }),
  z.object({ kind: z.literal('frames-reordered') }),
  z.object({ kind: z.literal('frames-dropped'), share: z.number().min(0).max(1).default(1) }),
  z.object({ kind: z.literal('frames-truncated'), share: z.number().min(0).max(1).default(0.1) }),
  z.object({ kind: z.literal('frames-unknown') }),
  z.object({ kind: z.literal('series-silent'), ...series }),
  /** Subscriptions made while it lasts are acknowledged and never deliver. */
  z.object({ kind: z.literal('ack-silent'), ...series }),
  /** Closing frames are never sent, updates are. */
  z.object({ kind: z.literal('closes-missing'), ...series }),
  /** Skips numbers of the per-connection counter, losing the frames that bore them. */
  z.object({ kind: z.literal('sequence-gap'), frames: z.number().int().positive().default(3) }),
  /** The per-connection counter starts again at 0 in the middle of a connection. */
  z.object({ kind: z.literal('sequence-restart') }),
  /** The counter inside heartbeat messages skips `by` numbers; no frame is lost. */
  z.object({ kind: z.literal('heartbeat-jump'), by: z.number().int().positive().default(5) }),
  /** Order book snapshots are several megabytes long. */
  z.object({ kind: z.literal('oversized-book') }),
  z.object({
    kind: z.literal('error-frame'),
    message: z.string().default('internal error'),
    close: z.boolean().default(true),
  }),
  /** The age limit strikes now. */
  z.object({ kind: z.literal('age-cut') }),
  z.object({ kind: z.literal('server-shutdown'), leadMs: z.number().nonnegative().default(10_000) }),
  // REST
  z.object({ kind: z.literal('bad-symbol'), symbol: z.string() }),
  z.object({ kind: z.literal('rest-429'), retryAfterSeconds: z.number().positive().optional() }),
  /** Throttling disguised as 401, as seen on Coinbase. */
  z.object({ kind: z.literal('rest-401') }),
  z.object({ kind: z.literal('rest-418'), banMs: z.number().positive().default(120_000) }),
  z.object({ kind: z.literal('rest-451') }),
  z.object({ kind: z.literal('rest-403-html') }),
  z.object({
    kind: z.literal('rest-5xx'),
    status: z.number().int().min(500).max(599).default(503),
    html: z.boolean().default(true),
  }),
  z.object({ kind: z.literal('rest-slow'), byMs: z.number().positive() }),
  z.object({ kind: z.literal('rest-hang') }),
  z.object({ kind: z.literal('rest-garbage') }),
  /** A cache before public REST repeats what it answered within that long, `no-cache` or not. */
  z.object({ kind: z.literal('rest-stale'), byMs: z.number().positive().default(60_000) }),
  /** REST shows closed bars only this long after their close. */
  z.object({ kind: z.literal('rest-lag'), byMs: z.number().positive() }),
  z.object({ kind: z.literal('rows-missing'), ...series, share: z.number().min(0).max(1).default(0.2) }),
  z.object({ kind: z.literal('rows-repeated'), ...series }),
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
