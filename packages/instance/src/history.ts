import { AbsenceStore, CandleCacheStrategy, LookStore, UnservedStore } from '@livermore/cache';
import type { RedisClient } from '@livermore/cache';
import {
  BusyCompany,
  CandleWriter,
  Downtimes,
  HistoryLoader,
  createRestRuntime,
  protocolOf,
} from '@livermore/exchange-core';
import type {
  CandleSource,
  CandleWriterOptions,
  ExchangeProtocol,
  FeedWitness,
  HttpGet,
  PageLoader,
  PageReport,
  RestRuntime,
  RestTrouble,
} from '@livermore/exchange-core';
import type { Exchange } from '@livermore/schemas';
import type { Clock, Logger, Random } from '@livermore/utils';
import { listWithVolumes } from './list-with-volumes';
import type { ListedVenue } from './list-with-volumes';

export interface HistoryOptions {
  readonly exchange: Exchange;
  readonly redis: RedisClient;
  readonly get: HttpGet;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Whose own close channel is told as well. */
  readonly ownerUserId?: number;
  readonly writer?: Pick<
    CandleWriterOptions,
    'liveSince' | 'onClosed' | 'onForeign' | 'onOverflow' | 'onRetracted' | 'onWritten'
  >;
  readonly onReport?: (report: PageReport) => void;
  readonly onTrouble?: (trouble: RestTrouble) => void;
  /** Something of an answer could not be read: a body, or one element of it, named by its field. */
  readonly onUnreadable?: (field: string) => void;
  /** What the feed has seen; nothing where there is none. */
  readonly feed?: FeedWitness;
  /** The symbols kept, the busiest first. */
  readonly busiest?: () => readonly string[];
}

/** Everything that brings an exchange's past into the cache, wired: the same for a one-off warmup and a live node. */
export interface History {
  readonly protocol: ExchangeProtocol;
  /** Its listing tells volumes, too: see listWithVolumes. */
  readonly rest: Omit<RestRuntime, 'source'> & { readonly source: CandleSource };
  readonly cache: CandleCacheStrategy;
  readonly absences: AbsenceStore;
  readonly looks: LookStore;
  readonly downtimes: Downtimes;
  readonly writer: CandleWriter;
  readonly loader: PageLoader;
}

/** Puts the parts together; nothing is sent or written yet. @throws UnknownExchangeError */
export function openHistory(options: HistoryOptions): History {
  const { exchange, redis, clock, random, logger } = options;
  const protocol = protocolOf(exchange.name);
  const downtimes = new Downtimes();
  const rest = createRestRuntime({
    exchange,
    protocol,
    get: options.get,
    clock,
    random,
    logger,
    onDecodeError: (error) => options.onUnreadable?.(error.field),
    onUnreadable: (element) => options.onUnreadable?.(element.field),
    onTrouble: (trouble) => {
      downtimes.failedAt(rest.time.now());
      options.onTrouble?.(trouble);
    },
  });
  const { finality } = protocol.rest.limits;
  const cache = new CandleCacheStrategy(redis, {
    finality,
    ...(options.ownerUserId === undefined ? {} : { ownerUserIds: [options.ownerUserId] }),
    onUnreadable: (error) => logger.debug({ event: 'cached_value_unreadable', error: error.message }),
  });
  const [absences, unserved, looks] = [
    new AbsenceStore(redis),
    new UnservedStore(redis),
    new LookStore(redis),
  ];
  const writer = new CandleWriter({
    exchangeId: exchange.id,
    cache,
    clock,
    venueTime: rest.time,
    logger,
    ...options.writer,
  });
  const company = new BusyCompany({
    exchangeId: exchange.id,
    cache,
    busiest: options.busiest ?? (() => []),
    wasDown: (range) => downtimes.wasDown(range),
  });
  const plain = new HistoryLoader({
    exchange,
    protocol,
    source: rest.source,
    sink: writer,
    cache,
    absences,
    unserved,
    looks,
    company,
    ...(options.feed === undefined ? {} : { feed: options.feed }),
  });
  const loader = reporting(plain, options.onReport);
  const source = tellingVolumes({ exchange, protocol, rest, clock }, logger);
  return { protocol, rest: { ...rest, source }, cache, absences, looks, downtimes, writer, loader };
}

/** The pages of a source as they are, and its listing with volumes where they can be had. */
function tellingVolumes(
  venue: Omit<ListedVenue, 'onWithout' | 'rest'> & { readonly rest: RestRuntime },
  logger: Logger,
): CandleSource {
  const onWithout = (error: string) => logger.warn({ event: 'volumes_unavailable', error });
  const { source } = venue.rest;
  return {
    fetchPage: (page, options) => source.fetchPage(page, options),
    fetchListing: (options) => listWithVolumes({ ...venue, onWithout }, options),
  };
}

/** What the writer and the REST side know of themselves. */
export function historyFacts({ writer, rest }: Pick<History, 'writer' | 'rest'>) {
  const { weight, queued, inFlight, bannedUntil, blocked, byStatus, breaker, pause, lastFailure } =
    rest.client.facts();
  const { queuedCloses, pendingUpdates, inFlight: writes, trouble, lastTrouble } = writer.facts;
  return {
    queues: { closes: queuedCloses, updates: pendingUpdates, writes, rest_in_flight: inFlight, ...queued },
    restByStatus: byStatus,
    weight,
    bannedUntil,
    blocked,
    rest: {
      breaker,
      ...(pause === undefined ? {} : { pause }),
      ...(lastFailure === undefined ? {} : { lastFailure }),
    },
    venueClockOffsetMs: rest.time.facts.offsetMs,
    redisTrouble: trouble,
    lastRedisTrouble: lastTrouble,
  };
}

function reporting(loader: PageLoader, onReport: ((report: PageReport) => void) | undefined): PageLoader {
  if (onReport === undefined) return loader;
  return {
    async load(page, options) {
      const report = await loader.load(page, options);
      onReport(report);
      return report;
    },
  };
}
