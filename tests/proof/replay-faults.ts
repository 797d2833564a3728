import type { Fault, FaultScript } from '@livermore/simulator';
import type { ProofData, ProofVenue } from './data';

/** One fault of the matrix that a replayed venue can be told to have. */
export interface ReplayFault {
  readonly id: string;
  /** What happens, in words. */
  readonly title: string;
  /** All when absent. */
  readonly venues?: readonly ProofVenue[];
  readonly script: (data: ProofData) => FaultScript;
  /** Whether the venue agrees with itself in this row. */
  readonly isTruthful?: true;
  /** How long before midnight it starts, and after it ends, ms; as below when absent. */
  readonly aroundMs?: number;
  /** Whether there are ten symbols more, so that others can be witnesses of a quiet bar. */
  readonly isInCompany?: true;
  /** Statuses that the fault itself brings; any other refusal is an offence of ours. */
  readonly allows?: readonly number[];
}

/** The replay starts this long before midnight and ends that long after it. */
export const BEFORE_MIDNIGHT_MS = 80 * 60_000;
export const AFTER_MIDNIGHT_MS = 60 * 60_000;

/** Five minutes before midnight until five after: every timeframe closes inside. */
const MIDNIGHT = { at: '75m', for: '10m' } as const;
/** From before the warmup on. */
const START = { at: 0, for: '5m' } as const;
/** A minute before midnight until a minute after: closes are lost on the stream, so REST must bring them. */
const DEAF: FaultScript = [{ at: '79m', for: '2m', fault: { kind: 'frames-dropped' } }];

const lasting = (fault: Fault): FaultScript => [{ ...MIDNIGHT, fault }];
const striking = (fault: Fault): FaultScript => [
  { at: '30m', fault },
  // Half a second before midnight, and when what that broke has just been put right.
  { at: 80 * 60_000 - 500, fault },
  { at: 80 * 60_000 + 5_000, fault },
];

/** From the end of the warmup until twenty minutes before the end: what is said then can still be settled. */
const LONG = { at: '5m', for: '115m' } as const;
/** What the stream closed with is first read again by the audit, and less volume is believed ten minutes later: no longer bar may end late. */
const UNTIL_MIDNIGHT = { at: '5m', for: '75m' } as const;
const everyMinute = (fault: Fault): FaultScript =>
  Array.from({ length: 60 }, (_, minute) => ({ at: `${60 + minute}m`, fault }));

type Revision = Extract<Fault, { readonly kind: 'revised-candle' }>;
const REVISED: Revision = {
  kind: 'revised-candle',
  barsAgo: 0,
  afterMs: 0,
  volume: 1,
  price: 0,
  alsoParents: false,
  onStream: false,
};

/** REST has it, and all that holds it, from the close on; the stream never does. */
const wrongOnStream = (change: Partial<Revision>): Revision => ({ ...REVISED, alsoParents: true, ...change });

/** What a venue says wrongly, and goes on as if it were right. */
const WRONG_VENUE: readonly ReplayFault[] = [
  {
    id: 'stale-rows-cut-each-minute',
    title: 'REST shows closed rows as before their close for 10 s, the socket is cut each minute',
    script: () => [
      { ...LONG, fault: { kind: 'rest-stale', byMs: 10_000, keepsNewest: true } },
      ...everyMinute({ kind: 'cut', midFrame: false }),
    ],
  },
  {
    id: 'rest-200s-behind',
    title: 'all of REST is 200 s behind',
    script: () => [{ ...LONG, fault: { kind: 'rest-stale', byMs: 200_000 } }],
  },
  {
    id: 'rest-200s-behind-deaf',
    title: 'all of REST is 200 s behind, while the stream is deaf at midnight',
    script: () => [{ ...LONG, fault: { kind: 'rest-stale', byMs: 200_000 } }, ...DEAF],
  },
  {
    id: 'replicas',
    title: 'each answer comes from one of four replicas, 0 to 45 s behind, the socket is cut each minute',
    script: () => [
      { ...LONG, fault: { kind: 'rest-replicas', lagsMs: [0, 3_000, 15_000, 45_000] } },
      ...everyMinute({ kind: 'cut', midFrame: false }),
    ],
  },
  {
    id: 'snapshot-lossy',
    title: 'snapshots whose older buckets lost a tenth of their volume, cut each minute',
    venues: ['coinbase'],
    script: () => [
      { at: 0, for: '2h', fault: { kind: 'snapshot-lossy', loses: 0.1 } },
      ...everyMinute({ kind: 'cut', midFrame: false }),
    ],
  },
  {
    id: 'snapshot-short',
    title: 'snapshots of two buckets, cut each minute',
    venues: ['coinbase'],
    script: () => [
      { at: 0, for: '2h', fault: { kind: 'snapshot-short', buckets: 2 } },
      ...everyMinute({ kind: 'cut', midFrame: false }),
    ],
  },
  {
    id: 'one-lie',
    title: 'one answer of each kind is well-formed and wrong, while the stream is deaf',
    script: () => [
      ...DEAF,
      ...(['1m', '5m', '15m', '1h'] as const).map((timeframe) => ({
        at: '79m' as const,
        for: '10m' as const,
        fault: { kind: 'rest-lies', timeframe, answers: 1 } as const,
      })),
    ],
  },
  {
    id: 'lies-now-and-then',
    title: 'one answer in twenty is well-formed and wrong for two hours',
    script: () => [{ ...LONG, fault: { kind: 'rest-lies', share: 0.05 } }],
  },
  {
    id: 'corrected-late',
    title: 'the venue corrects one minute in seven, and all that holds it, 12 minutes after its close',
    script: () => [
      {
        at: 0,
        for: '100m',
        fault: {
          kind: 'revised-candle',
          timeframe: '1m',
          every: 7,
          afterMs: 720_000,
          volume: 1.2,
          price: 0.001,
          alsoParents: true,
        },
      },
    ],
  },
  {
    id: 'corrected-down',
    title: 'the venue takes volume back from one minute in seven, 5 minutes after its close',
    script: () => [
      {
        at: 0,
        for: '90m',
        fault: {
          kind: 'revised-candle',
          timeframe: '1m',
          every: 7,
          afterMs: 300_000,
          volume: 0.8,
          alsoParents: true,
        },
      },
    ],
  },
  {
    id: 'stream-wrong',
    title:
      'from the first reading on REST has more than the stream closed with for one minute in seven, less for one in eleven',
    script: () => [
      { ...UNTIL_MIDNIGHT, fault: wrongOnStream({ every: 7, volume: 1.1, price: 0.001 }) },
      { ...UNTIL_MIDNIGHT, fault: wrongOnStream({ every: 11, volume: 0.9 }) },
    ],
  },
  {
    id: 'natives-differ',
    title:
      'every second bar of 15 minutes, and every longer one, is not the sum of its parts from the first reading on',
    venues: ['coinbase'],
    script: () =>
      (['15m', '1h', '4h', '1d'] as const).map((timeframe) => ({
        at: 0,
        fault: { ...REVISED, timeframe, every: timeframe === '15m' ? 2 : 1, volume: 1.01 },
      })),
  },
  {
    id: 'empty-lists',
    title: 'candles are an empty list with 200 for a minute, after a cut',
    script: () => [
      { at: '60m', for: '1m', fault: { kind: 'rest-empty' } },
      { at: '60m', fault: { kind: 'cut', midFrame: false } },
      { at: '79m', for: '2m', fault: { kind: 'rest-empty' } },
      { at: 80 * 60_000 - 500, fault: { kind: 'cut', midFrame: false } },
    ],
  },
  {
    id: 'rows-withheld',
    title: 'three rows in ten withheld for an hour',
    script: () => [{ at: '60m', for: '1h', fault: { kind: 'rows-missing', share: 0.3 } }],
  },
  {
    id: 'rows-bad',
    title: 'one row of every answer cannot be read, for half an hour',
    script: () => [{ at: '70m', for: '30m', fault: { kind: 'row-bad' } }, ...DEAF],
  },
  {
    id: 'elements-bad',
    title: 'one element of every frame that has several cannot be read',
    venues: ['coinbase'],
    script: () => [{ ...MIDNIGHT, fault: { kind: 'element-bad' } }],
  },
  {
    id: 'tickers-odd',
    title: 'every ticker has a figure in an odd spelling (`-1.5e-05`)',
    script: () => [{ ...MIDNIGHT, fault: { kind: 'ticker-bad' } }],
  },
  {
    id: 'listing-odd',
    title: 'odd entries in the listing',
    script: () => [{ at: 0, for: '30m', fault: { kind: 'listing-odd', what: 'all' } }],
  },
];

const INVENTED = { kind: 'row-invented', timeframe: '1m', barsAgo: 0, volume: 1, price: 1 } as const;
const DELETED = { kind: 'bar-deleted', afterMs: 0, alsoParents: true } as const;

/** Answers of which rows are, or are not, what was traded. */
const WRONG_ROWS: readonly ReplayFault[] = [
  {
    id: 'row-invented',
    title: 'REST has a row for a minute of a thin symbol in which nothing traded, for a minute',
    venues: ['coinbase'],
    script: ({ thin }) => [{ at: '40m', for: '1m', fault: { ...INVENTED, symbol: thin } }],
  },
  {
    id: 'row-invented-5m',
    title: 'REST has a row for a minute of a thin symbol in which nothing traded, for five minutes',
    venues: ['coinbase'],
    script: ({ thin }) => [{ at: '40m', for: '5m', fault: { ...INVENTED, symbol: thin } }],
  },
  {
    id: 'bar-deleted',
    title:
      'the venue takes a minute of a thin symbol back, with all that holds it, 3 minutes after its close',
    venues: ['coinbase'],
    script: ({ thin }) => [{ at: '40m', fault: { ...DELETED, symbol: thin, afterMs: 180_000 } }],
  },
  {
    id: 'bar-deleted-busy',
    title:
      'the venue takes a minute of a busy symbol back, with all that holds it, 3 minutes after its close',
    venues: ['coinbase'],
    script: ({ busy }) => [{ at: '40m', fault: { ...DELETED, symbol: busy, afterMs: 180_000 } }],
  },
  {
    id: 'rest-coarse-at-start',
    title: 'the first answer of each series during the warmup has the rows of the next longer timeframe',
    script: () => [{ ...START, fault: { kind: 'rest-coarse', answers: 1, share: 1 } }],
  },
  {
    id: 'rest-coarse',
    title:
      'one answer of each series, then one in ten for twenty minutes, has the rows of the next longer timeframe, deaf at midnight',
    script: () => [
      { at: '75m', for: '10m', fault: { kind: 'rest-coarse', answers: 1, share: 1 } },
      { at: '85m', for: '20m', fault: { kind: 'rest-coarse', share: 0.1 } },
      ...DEAF,
    ],
  },
  {
    id: 'rest-cached-age',
    title:
      'a cache repeats answers up to a minute old, fresh but for their `Age`, beside rows 45 s behind, while the stream is deaf at midnight',
    venues: ['coinbase'],
    script: () => [
      { ...MIDNIGHT, fault: { kind: 'rest-cached', byMs: 60_000, tells: 'age' } },
      { ...MIDNIGHT, fault: { kind: 'rest-stale', byMs: 45_000, keepsNewest: true } },
      ...DEAF,
    ],
  },
  ...[5, 40].flatMap((minutes) =>
    [false, true].map((alsoParents) => ({
      id: `busiest-withheld-${minutes}m${alsoParents ? '-whole' : ''}`,
      title: `a minute of the busiest of twelve symbols withheld for ${minutes} minutes${alsoParents ? ', from longer bars as well' : ''}`,
      venues: ['coinbase'] as const,
      isInCompany: true as const,
      script: ({ busy }: ProofData): FaultScript => [
        { at: '40m', for: `${minutes}m`, fault: { ...DELETED, symbol: busy, alsoParents } },
      ],
    })),
  ),
];

const SOCKET_FAULTS: readonly ReplayFault[] = [
  { id: 'none', title: 'no fault at all', isTruthful: true, script: () => [] },
  {
    id: 'a-day',
    title: 'no fault at all, for 24 hours',
    isTruthful: true,
    aroundMs: 12 * 3_600_000,
    script: () => [],
  },
  { id: 'views-differ', title: 'no fault but that the views differ', script: () => [] },
  {
    id: 'cut',
    title: 'connection cut, also half a second before midnight',
    script: () => striking({ kind: 'cut', midFrame: false }),
  },
  {
    id: 'cut-mid-frame',
    title: 'connection cut in the middle of a frame',
    script: () => striking({ kind: 'cut', midFrame: true }),
  },
  {
    id: 'half-open',
    title: 'half-open socket: nothing comes, nothing ends',
    script: () => lasting({ kind: 'half-open', pings: false }),
  },
  {
    id: 'half-open-pings',
    title: 'half-open socket that still pings',
    script: () => lasting({ kind: 'half-open', pings: true }),
  },
  {
    id: 'refuse-connections',
    title: 'cut, and no new connection for ten minutes',
    script: () => [...lasting({ kind: 'refuse-connections' }), { at: '76m', fault: { kind: 'cut' } }],
  },
  {
    id: 'frames-delayed',
    title: 'frames 30 s late',
    script: () => lasting({ kind: 'frames-delayed', byMs: 30_000 }),
  },
  { id: 'frames-repeated', title: 'every frame twice', script: () => lasting({ kind: 'frames-repeated' }) },
  {
    id: 'frames-reordered',
    title: 'frames change places',
    script: () => lasting({ kind: 'frames-reordered' }),
  },
  {
    id: 'frames-truncated',
    title: 'a third of the frames cut short',
    script: () => lasting({ kind: 'frames-truncated', share: 0.3 }),
  },
  {
    id: 'frames-dropped',
    title: 'every frame lost on an open connection',
    script: () => lasting({ kind: 'frames-dropped', share: 1 }),
  },
  {
    id: 'frames-dropped-half',
    title: 'half of the frames lost',
    script: () => lasting({ kind: 'frames-dropped', share: 0.5 }),
  },
  {
    id: 'frames-unknown',
    title: 'frames of an unknown type',
    script: () => lasting({ kind: 'frames-unknown' }),
  },
  {
    id: 'series-silent',
    title: 'one symbol goes silent',
    script: ({ busy }) => lasting({ kind: 'series-silent', symbol: busy }),
  },
  {
    id: 'ack-silent',
    title: 'cut, then acknowledged subscriptions that never deliver',
    script: () => [...lasting({ kind: 'ack-silent' }), { at: '76m', fault: { kind: 'cut' } }],
  },
  {
    id: 'closes-missing',
    title: 'updates come, closing frames do not',
    venues: ['binance'],
    script: () => lasting({ kind: 'closes-missing' }),
  },
  {
    id: 'closes-late',
    title: 'every second closing frame 30 s late, after updates of the next bar',
    venues: ['binance'],
    script: () => [{ ...LONG, fault: { kind: 'closes-late', byMs: 30_000, share: 0.5 } }],
  },
  {
    id: 'sequence-gap',
    title: 'gap in the counter of a connection',
    venues: ['coinbase'],
    script: () => striking({ kind: 'sequence-gap', frames: 5 }),
  },
  {
    id: 'sequence-restart',
    title: 'the counter of a connection starts again',
    venues: ['coinbase'],
    script: () => striking({ kind: 'sequence-restart' }),
  },
  {
    id: 'heartbeat-jump',
    title: 'the counter inside heartbeats jumps',
    venues: ['coinbase'],
    script: () => striking({ kind: 'heartbeat-jump', by: 5 }),
  },
  {
    id: 'error-frame',
    title: 'an error frame, then the venue closes',
    script: () => striking({ kind: 'error-frame', message: 'internal error', close: true }),
  },
  {
    id: 'error-frame-only',
    title: 'an error frame on a connection that stays',
    script: () => striking({ kind: 'error-frame', message: 'internal error', close: false }),
  },
  { id: 'age-cut', title: 'the 24-hour cut', script: () => striking({ kind: 'age-cut' }) },
  {
    id: 'server-shutdown',
    title: '`serverShutdown`, ten seconds before the end',
    venues: ['binance'],
    script: () => striking({ kind: 'server-shutdown', leadMs: 10_000 }),
  },
];

interface RestFault {
  readonly id: string;
  readonly title: string;
  readonly fault: Fault;
  readonly venues?: readonly ProofVenue[];
  readonly allows?: readonly number[];
}

const REST_FAULTS: readonly RestFault[] = [
  {
    id: 'rest-429',
    title: '429 with `Retry-After`',
    fault: { kind: 'rest-429', retryAfterSeconds: 20 },
    allows: [429],
  },
  { id: 'rest-429-bare', title: '429 without `Retry-After`', fault: { kind: 'rest-429' }, allows: [429] },
  {
    id: 'rest-401',
    title: 'throttled with 401',
    fault: { kind: 'rest-401' },
    venues: ['coinbase'],
    allows: [401],
  },
  {
    id: 'rest-418',
    title: 'banned (418)',
    fault: { kind: 'rest-418', banMs: 240_000 },
    venues: ['binance'],
    allows: [418],
  },
  { id: 'rest-451', title: 'refused by location (451)', fault: { kind: 'rest-451' }, allows: [451] },
  { id: 'rest-403', title: '403 with HTML', fault: { kind: 'rest-403-html' }, allows: [403] },
  {
    id: 'rest-5xx',
    title: '503 with HTML',
    fault: { kind: 'rest-5xx', status: 503, html: true },
    allows: [503],
  },
  { id: 'rest-slow', title: 'answers 8 s late', fault: { kind: 'rest-slow', byMs: 8_000 } },
  {
    id: 'rest-too-slow',
    title: 'answers 15 s late, past our patience',
    fault: { kind: 'rest-slow', byMs: 15_000 },
  },
  { id: 'rest-hang', title: 'no answer at all', fault: { kind: 'rest-hang' } },
  { id: 'rest-garbage', title: 'bodies that cannot be read', fault: { kind: 'rest-garbage' } },
  {
    id: 'rest-deep',
    title: 'bodies of a hundred thousand lists in each other',
    fault: { kind: 'rest-deep', depth: 100_000 },
  },
  {
    id: 'rest-huge',
    title: 'bodies after 64 MB of blanks',
    fault: { kind: 'rest-huge', bytes: 64_000_000 },
  },
  {
    id: 'rest-drip',
    title: 'bodies that drip, 100 bytes a second',
    fault: { kind: 'rest-drip', bytesPerSecond: 100 },
  },
  {
    id: 'rest-cached',
    title: 'a cache repeats answers up to a minute old',
    fault: { kind: 'rest-cached', byMs: 60_000 },
    venues: ['coinbase'],
  },
  { id: 'rest-lag', title: 'REST 30 s behind its stream', fault: { kind: 'rest-lag', byMs: 30_000 } },
  {
    id: 'rest-stale',
    title: 'REST shows candles as they were a minute ago',
    fault: { kind: 'rest-stale', byMs: 60_000 },
  },
  { id: 'rows-missing', title: 'a fifth of the rows missing', fault: { kind: 'rows-missing', share: 0.2 } },
  { id: 'rows-repeated', title: 'rows repeated', fault: { kind: 'rows-repeated' } },
  { id: 'rows-shuffled', title: 'rows in another order', fault: { kind: 'rows-shuffled' } },
];

/** Each REST fault twice: while the stream is deaf around midnight, and while the exchange starts. */
function restRows({ id, title, fault, ...rest }: RestFault): readonly ReplayFault[] {
  return [
    {
      id,
      title: `${title}, while the stream is deaf at midnight`,
      script: () => [...lasting(fault), ...DEAF],
      ...rest,
    },
    {
      id: `${id}-at-start`,
      title: `${title}, during start and warmup`,
      script: () => [{ ...START, fault }],
      ...rest,
    },
  ];
}

const VENUE_FAULTS: readonly ReplayFault[] = [
  {
    id: 'bad-symbol',
    title: 'the venue does not know a symbol for ten minutes',
    script: ({ thin }) => lasting({ kind: 'bad-symbol', symbol: thin }),
    allows: [400, 404],
  },
  {
    id: 'outage',
    title: 'exchange outage with a hole, 23:52:30 to 00:07:10',
    script: () => [{ at: 72.5 * 60_000, for: 14 * 60_000 + 40_000, fault: { kind: 'outage' } }],
    allows: [503],
  },
  {
    id: 'outage-long',
    title: 'exchange outage of 80 minutes, a whole hour inside',
    script: () => [{ at: '15m', for: '80m', fault: { kind: 'outage' } }],
    allows: [503],
  },
  {
    id: 'revised',
    title: 'the venue revises a closed candle of every series',
    script: () => [{ at: '75m', fault: { kind: 'revised-candle', barsAgo: 3 } }],
  },
  {
    id: 'skew-plus',
    title: "the venue's clock 5 min ahead for half an hour, then right",
    script: () => [{ at: '60m', for: '30m', fault: { kind: 'clock-skew', byMs: 300_000 } }],
  },
  {
    id: 'skew-minus',
    title: "the venue's clock 5 min behind for half an hour, then right",
    script: () => [{ at: '60m', for: '30m', fault: { kind: 'clock-skew', byMs: -300_000 } }],
  },
  {
    id: 'skew-plus-at-start',
    title: "the venue's clock 5 min ahead from the start",
    script: () => [{ at: 0, for: '100m', fault: { kind: 'clock-skew', byMs: 300_000 } }],
  },
  {
    id: 'skew-minus-at-start',
    title: "the venue's clock 5 min behind from the start",
    script: () => [{ at: 0, for: '100m', fault: { kind: 'clock-skew', byMs: -300_000 } }],
  },
  {
    id: 'storm',
    title: 'cuts every two minutes, a fifth of all frames lost, REST throttled and slow',
    script: () => [
      ...Array.from({ length: 8 }, (_, at) => ({ at: `${68 + 2 * at}m`, fault: { kind: 'cut' as const } })),
      { at: '68m', for: '15m', fault: { kind: 'frames-dropped', share: 0.2 } },
      { at: '70m', for: '12m', fault: { kind: 'rest-slow', byMs: 3_000 } },
      { at: '74m', for: '3m', fault: { kind: 'rest-429', retryAfterSeconds: 10 } },
    ],
    allows: [429],
  },
];

/** Every row of the matrix that is lived on a replayed clock. */
export const REPLAY_FAULTS: readonly ReplayFault[] = [
  ...SOCKET_FAULTS,
  ...REST_FAULTS.flatMap(restRows),
  ...VENUE_FAULTS,
  ...WRONG_VENUE,
  ...WRONG_ROWS,
];
