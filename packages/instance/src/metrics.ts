import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { InstanceFacts } from './facts';

/**
 * The closed catalogue of what a node measures; docs/metrics.md lists it and a test compares the two. What
 * happens one by one is counted as it happens; gauges, and counts that a part keeps anyway, are read from the
 * instance's facts when someone asks.
 */
export const METRICS = [
  {
    name: 'livermore_frames_total',
    kind: 'counter',
    labels: ['exchange'],
    help: 'WebSocket frames received.',
  },
  {
    name: 'livermore_decode_errors_total',
    kind: 'counter',
    labels: ['exchange', 'field'],
    help: 'Frames and bodies that could not be read, by the field that was wrong; nothing of them was used.',
  },
  {
    name: 'livermore_closes_total',
    kind: 'counter',
    labels: ['exchange', 'timeframe', 'source'],
    help: 'Closed candles written and announced from the live feed.',
  },
  {
    name: 'livermore_updates_total',
    kind: 'counter',
    labels: ['exchange'],
    help: 'States of open candles written (coalesced: only the newest of each waits).',
  },
  {
    name: 'livermore_corrections_total',
    kind: 'counter',
    labels: ['exchange', 'timeframe'],
    help: 'Closed candles that a later answer of the venue corrected.',
  },
  {
    name: 'livermore_write_seconds',
    kind: 'histogram',
    labels: ['exchange'],
    help: 'Time of one candle write in Redis.',
  },
  {
    name: 'livermore_frame_to_close_seconds',
    kind: 'histogram',
    labels: ['exchange'],
    help: 'From the closing frame on the socket to the close on the Redis channel.',
  },
  {
    name: 'livermore_reconnects_total',
    kind: 'counter',
    labels: ['exchange'],
    help: 'Connections lost and opened anew.',
  },
  {
    name: 'livermore_connections',
    kind: 'gauge',
    labels: ['exchange', 'state'],
    help: 'WebSocket connections by state.',
  },
  {
    name: 'livermore_last_data_age_seconds',
    kind: 'gauge',
    labels: ['exchange'],
    help: 'Time since the newest market data frame.',
  },
  { name: 'livermore_series', kind: 'gauge', labels: ['exchange'], help: 'Series kept live.' },
  {
    name: 'livermore_series_behind',
    kind: 'gauge',
    labels: ['exchange'],
    help: 'Series whose newest closed candle is overdue.',
  },
  {
    name: 'livermore_holes',
    kind: 'gauge',
    labels: ['exchange', 'state'],
    help: 'Closed candles that are not there: overdue, or undecided whether the venue has them.',
  },
  {
    name: 'livermore_gaps_open',
    kind: 'gauge',
    labels: ['exchange'],
    help: 'Series with a repair waiting or under way.',
  },
  {
    name: 'livermore_gaps_repaired_total',
    kind: 'counter',
    labels: ['exchange'],
    help: 'Repairs completed.',
  },
  {
    name: 'livermore_gap_failures_total',
    kind: 'counter',
    labels: ['exchange'],
    help: 'Repair attempts that failed and were scheduled again.',
  },
  {
    name: 'livermore_queue_depth',
    kind: 'gauge',
    labels: ['exchange', 'queue'],
    help: 'What waits: closes, updates, writes in flight, and REST requests by lane.',
  },
  {
    name: 'livermore_queue_overflows_total',
    kind: 'counter',
    labels: ['exchange'],
    help: 'Closes dropped because their queue was full; each is repaired from the venue.',
  },
  {
    name: 'livermore_rest_requests_total',
    kind: 'counter',
    labels: ['exchange', 'status'],
    help: 'REST answers by HTTP status (0: none came).',
  },
  {
    name: 'livermore_rest_weight_used',
    kind: 'gauge',
    labels: ['exchange'],
    help: "Weight spent in the current window, by our count and the venue's, whichever is more.",
  },
  {
    name: 'livermore_rest_weight_limit',
    kind: 'gauge',
    labels: ['exchange'],
    help: 'Weight the venue allows in a window.',
  },
  {
    name: 'livermore_rest_weight_forecast',
    kind: 'gauge',
    labels: ['exchange'],
    help: 'Weight of the requests that wait.',
  },
  {
    name: 'livermore_audit_compared_total',
    kind: 'counter',
    labels: ['exchange', 'verdict'],
    help: "Candles compared with the venue's own by the audit: equal or different.",
  },
  {
    name: 'livermore_first_values_total',
    kind: 'counter',
    labels: ['exchange', 'timeframe', 'verdict'],
    help: 'Bars that closed while the feed was live and became settled, by whether the values first said of them were right or wrong.',
  },
  {
    name: 'livermore_change_age_seconds',
    kind: 'histogram',
    labels: ['exchange', 'timeframe'],
    help: 'How long after its close a bar got other values.',
  },
  {
    name: 'livermore_settled_after_seconds',
    kind: 'histogram',
    labels: ['exchange', 'timeframe'],
    help: 'How long after its close a bar that closed while the exchange was live became settled.',
  },
  {
    name: 'livermore_rest_lag_seconds',
    kind: 'histogram',
    labels: ['exchange'],
    help: 'How far the newest row of a REST answer was behind the bar that was due.',
  },
  {
    name: 'livermore_unsettled',
    kind: 'gauge',
    labels: ['exchange'],
    help: 'Bars that wait for another reading: they rest on one, or a reading contradicts them.',
  },
  {
    name: 'livermore_contradictions_open',
    kind: 'gauge',
    labels: ['exchange'],
    help: 'Bars that contradict their parts and are being read again.',
  },
  {
    name: 'livermore_venue_clock_offset_seconds',
    kind: 'gauge',
    labels: ['exchange'],
    help: "The venue's clock minus ours.",
  },
  {
    name: 'livermore_redis_trouble',
    kind: 'gauge',
    labels: ['exchange', 'trouble'],
    help: '1 while Redis refuses or cannot be reached and writes are held.',
  },
] as const;

type MetricName = (typeof METRICS)[number]['name'];
const SECONDS_BUCKETS = [0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Of ages of bars and lags of venues: from a second to a week. */
const AGE_BUCKETS = [0, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 86_400, 604_800];
const AGES: readonly string[] = [
  'livermore_change_age_seconds',
  'livermore_settled_after_seconds',
  'livermore_rest_lag_seconds',
];
const MS_PER_SECOND = 1000;

/** Labels of what happened; every metric also carries its exchange. */
type Labels = Readonly<Record<string, string>>;

interface Settings {
  readonly name: string;
  readonly help: string;
  readonly labelNames: string[];
  readonly registers: Registry[];
}

/** The metrics of one node. One registry, any number of exchanges. */
export class NodeMetrics {
  readonly registry = new Registry();
  readonly #counters = new Map<string, Counter>();
  readonly #histograms = new Map<string, Histogram>();
  readonly #sources = new Map<string, () => InstanceFacts>();

  constructor(options: { readonly processMetrics?: boolean } = {}) {
    const registers = [this.registry];
    for (const metric of METRICS) {
      const settings = { name: metric.name, help: metric.help, labelNames: [...metric.labels], registers };
      if (metric.kind === 'counter') this.#counters.set(metric.name, this.#counter(metric.name, settings));
      if (metric.kind === 'histogram') {
        this.#histograms.set(
          metric.name,
          new Histogram({ ...settings, buckets: AGES.includes(metric.name) ? AGE_BUCKETS : SECONDS_BUCKETS }),
        );
      }
      if (metric.kind === 'gauge') this.#gauge(metric.name, settings);
    }
    if (options.processMetrics === true)
      collectDefaultMetrics({ register: this.registry, prefix: 'livermore_' });
  }

  /** Adds to a counter. */
  count(name: MetricName, labels: Labels, by = 1): void {
    this.#counters.get(name)?.inc(labels, by);
  }

  /** Observes a duration given in milliseconds. */
  observeMs(name: MetricName, labels: Labels, ms: number): void {
    this.#histograms.get(name)?.observe(labels, ms / MS_PER_SECOND);
  }

  /** Reads an exchange's gauges and kept counts from its facts at every scrape, until the returned function is called. */
  readFrom(exchange: string, facts: () => InstanceFacts): () => void {
    this.#sources.set(exchange, facts);
    return () => this.#sources.delete(exchange);
  }

  /** A counter that also grows by whatever the facts have grown since the last scrape. */
  #counter(name: MetricName, settings: Settings): Counter {
    const sources = this.#sources;
    const read = new Map<string, number>();
    const counter: Counter = new Counter({
      ...settings,
      collect() {
        for (const [exchange, facts] of sources) {
          for (const [labels, value] of keptCounts(name, facts())) {
            const key = JSON.stringify([exchange, labels]);
            const before = read.get(key) ?? 0;
            read.set(key, value);
            // A restarted exchange begins anew at 0.
            counter.inc({ exchange, ...labels }, value < before ? value : value - before);
          }
        }
      },
    });
    return counter;
  }

  #gauge(name: MetricName, settings: Settings): void {
    const sources = this.#sources;
    const gauge: Gauge = new Gauge({
      ...settings,
      collect() {
        gauge.reset();
        for (const [exchange, facts] of sources) {
          for (const [labels, value] of gaugeValues(name, facts())) gauge.set({ exchange, ...labels }, value);
        }
      },
    });
  }
}

/** Counts that a part of the exchange keeps since its start. */
function keptCounts(name: MetricName, facts: InstanceFacts): readonly (readonly [Labels, number])[] {
  switch (name) {
    case 'livermore_frames_total':
      return [[{}, facts.frames]];
    case 'livermore_reconnects_total':
      return [[{}, facts.reconnects]];
    case 'livermore_gaps_repaired_total':
      return [[{}, facts.gaps.repaired]];
    case 'livermore_gap_failures_total':
      return [[{}, facts.gaps.failures]];
    case 'livermore_rest_requests_total':
      return Object.entries(facts.restByStatus).map(([status, count]) => [{ status }, count]);
    case 'livermore_audit_compared_total':
      return [
        [{ verdict: 'equal' }, facts.truth.audit.equal],
        [{ verdict: 'different' }, facts.truth.audit.different],
      ];
    default:
      return [];
  }
}

function gaugeValues(name: MetricName, facts: InstanceFacts): readonly (readonly [Labels, number])[] {
  switch (name) {
    case 'livermore_connections':
      return Object.entries(facts.connections).map(([state, count]) => [{ state }, count]);
    case 'livermore_last_data_age_seconds':
      return facts.lastDataAgeMs === undefined ? [] : [[{}, facts.lastDataAgeMs / MS_PER_SECOND]];
    case 'livermore_series':
      return [[{}, facts.series]];
    case 'livermore_series_behind':
      return [[{}, facts.seriesBehind]];
    case 'livermore_holes':
      return [
        [{ state: 'overdue' }, facts.holes.overdue],
        [{ state: 'undecided' }, facts.holes.undecided],
      ];
    case 'livermore_gaps_open':
      return [[{}, facts.gaps.open]];
    case 'livermore_queue_depth':
      return Object.entries(facts.queues).map(([queue, depth]) => [{ queue }, depth]);
    case 'livermore_rest_weight_used':
      return [[{}, facts.weight.used]];
    case 'livermore_rest_weight_limit':
      return [[{}, facts.weight.limit]];
    case 'livermore_rest_weight_forecast':
      return [[{}, facts.weight.forecast]];
    case 'livermore_unsettled':
      return [[{}, facts.truth.unsettled]];
    case 'livermore_contradictions_open':
      return [[{}, facts.truth.contradictions.open]];
    case 'livermore_venue_clock_offset_seconds':
      return [[{}, facts.venueClockOffsetMs / MS_PER_SECOND]];
    case 'livermore_redis_trouble':
      return facts.redisTrouble === undefined ? [] : [[{ trouble: facts.redisTrouble }, 1]];
    default:
      return [];
  }
}
