import { AbsenceStore, CandleCacheStrategy, RedisEventBus } from '@livermore/cache';
import type { RedisClient } from '@livermore/cache';
import { CandleWriter, HistoryLoader, createRestRuntime, protocolOf } from '@livermore/exchange-core';
import type {
  CandleWriterOptions,
  ExchangeProtocol,
  HttpGet,
  PageLoader,
  PageReport,
  RestRuntime,
  RestTrouble,
} from '@livermore/exchange-core';
import type { Exchange } from '@livermore/schemas';
import type { Clock, Logger, Random } from '@livermore/utils';

export interface HistoryOptions {
  readonly exchange: Exchange;
  readonly redis: RedisClient;
  readonly get: HttpGet;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Whose own close channel is told as well. */
  readonly ownerUserId?: number;
  readonly writer?: Pick<CandleWriterOptions, 'onOverflow' | 'onWritten' | 'onClosed'>;
  readonly onReport?: (report: PageReport) => void;
  readonly onTrouble?: (trouble: RestTrouble) => void;
  readonly onDecodeError?: (field: string) => void;
}

/** Everything that brings an exchange's past into the cache, wired: the same for a one-off warmup and a live node. */
export interface History {
  readonly protocol: ExchangeProtocol;
  readonly rest: RestRuntime;
  readonly cache: CandleCacheStrategy;
  readonly absences: AbsenceStore;
  readonly writer: CandleWriter;
  readonly loader: PageLoader;
}

/** Puts the parts together; nothing is sent or written yet. @throws UnknownExchangeError */
export function openHistory(options: HistoryOptions): History {
  const { exchange, redis, clock, random, logger } = options;
  const protocol = protocolOf(exchange.name);
  const rest = createRestRuntime({
    exchange,
    protocol,
    get: options.get,
    clock,
    random,
    logger,
    onDecodeError: (error) => options.onDecodeError?.(error.field),
    ...(options.onTrouble === undefined ? {} : { onTrouble: options.onTrouble }),
  });
  const cache = new CandleCacheStrategy(redis);
  const absences = new AbsenceStore(redis);
  const bus = new RedisEventBus(
    redis,
    options.ownerUserId === undefined ? {} : { ownerUserId: options.ownerUserId },
  );
  const writer = new CandleWriter({ exchangeId: exchange.id, cache, bus, clock, logger, ...options.writer });
  const plain = new HistoryLoader({ exchange, protocol, source: rest.source, sink: writer, cache, absences });
  return { protocol, rest, cache, absences, writer, loader: reporting(plain, options.onReport) };
}

/** What the writer and the REST side know of themselves. */
export function historyFacts({ writer, rest }: Pick<History, 'writer' | 'rest'>) {
  const { weight, queued, inFlight, bannedUntil, blocked, byStatus } = rest.client.facts();
  const { queuedCloses, pendingUpdates, inFlight: writes, trouble } = writer.facts;
  return {
    queues: { closes: queuedCloses, updates: pendingUpdates, writes, rest_in_flight: inFlight, ...queued },
    restByStatus: byStatus,
    weight,
    bannedUntil,
    blocked,
    venueClockOffsetMs: rest.time.facts.offsetMs,
    redisTrouble: trouble,
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
