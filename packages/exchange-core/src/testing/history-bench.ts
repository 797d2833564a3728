import { AbsenceStore, CandleCacheStrategy, LookStore, UnservedStore } from '@livermore/cache';
import type { RedisClient } from '@livermore/cache';
import { ManualClock, seededRandom, silentLogger } from '@livermore/utils';
import { CandleWriter } from '../ingest/candle-writer';
import type { FeedWitness } from '../ports';
import { HistoryLoader } from '../rest/page-loader';
import { createRestRuntime } from '../rest/rest-runtime';
import { FAKE_EXCHANGE, FakeRestVenue, fakeRest } from './fake-rest-venue';

const LIMIT = { weight: 10_000, perMs: 60_000, window: 'fixed', reserve: 0 } as const;

export interface HistoryBenchOptions {
  readonly redis: RedisClient;
  readonly exchangeId: number;
  /** Where the clock begins, ms. */
  readonly startMs: number;
  /** Open times of the bars the venue has, of any series; all of them when absent. */
  readonly has?: (openTime: number) => boolean;
  readonly emptyBuckets?: 'flat' | 'omitted';
  readonly feed?: FeedWitness;
}

/** All that brings history into a real Redis from a venue that answers at once, on a clock of its own. */
export function historyBench(options: HistoryBenchOptions) {
  const { redis, exchangeId: id, emptyBuckets = 'omitted', has = () => true, feed } = options;
  const clock = new ManualClock(options.startMs);
  const venue = new FakeRestVenue({ clock, limit: LIMIT, has, uplinkMs: 0, downlinkMs: 0 });
  const exchange = { ...FAKE_EXCHANGE, id };
  const protocol = { rest: fakeRest(LIMIT), emptyBuckets };
  const rest = createRestRuntime({ exchange, protocol, get: venue.get, clock, random: seededRandom(1) });
  const cache = new CandleCacheStrategy(redis, { finality: protocol.rest.limits.finality });
  const absences = new AbsenceStore(redis);
  const looks = new LookStore(redis);
  const writer = new CandleWriter({
    exchangeId: id,
    cache,
    clock,
    venueTime: clock,
    logger: silentLogger,
  });
  const loader = new HistoryLoader({
    exchange,
    protocol,
    source: rest.source,
    sink: writer,
    cache,
    absences,
    unserved: new UnservedStore(redis),
    looks,
    ...(feed === undefined ? {} : { feed }),
  });
  return { id, clock, venue, cache, absences, looks, loader };
}
