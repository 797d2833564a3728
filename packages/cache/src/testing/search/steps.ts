import { closeAsOf, timeframeMs } from '@livermore/schemas';
import type { CandleSource, CandleStanding, UnifiedCandle } from '@livermore/schemas';
import { EXAMPLE_OPEN_TIME, candleWith } from '../candles';

/**
 * What can happen to one bar, told by a venue whose stream, REST and snapshot disagree, and by two writers. A step always
 * brings the same bytes: the same step again is the repeat of a write whose reply was lost, or the same frame by a second
 * writer.
 */

/** What is said of the bar. `right` is what traded. */
export const TOLD = {
  right: { open: 100, high: 110, low: 90, close: 105, volume: 12.5 },
  partial: { open: 100, high: 104, low: 95, close: 101, volume: 5 },
  /** As it was a moment before its close. */
  stale: { open: 100, high: 108, low: 90, close: 103, volume: 11 },
  lossy: { open: 100, high: 110, low: 92, close: 105, volume: 9 },
  standIn: { open: 100, high: 109, low: 90, close: 105, volume: 12 },
  quiet: { open: 99, high: 99, low: 99, close: 99, volume: 0 },
  more: { open: 100, high: 112, low: 90, close: 105, volume: 14 },
  less: { open: 100, high: 106, low: 97, close: 102, volume: 7 },
  /** What the venue makes of it for good, hours later. */
  revised: { open: 100, high: 110, low: 89, close: 105, volume: 12.75 },
} as const;
export type Told = keyof typeof TOLD;

const CLOSE_US = closeAsOf('1m', EXAMPLE_OPEN_TIME);
const MINUTE = timeframeMs('1m');
const HOUR = 60 * MINUTE;

/** One thing that reaches the cache: a candle, or that a quiet bar is taken back. */
export interface Step {
  readonly name: string;
  readonly candle?: UnifiedCandle;
  readonly told?: Told;
  /** A close of the stream begins the telling of its series; history does not. */
  readonly tells: boolean;
  /** Evidence that counts for something and is wrong. */
  readonly isLie: boolean;
  readonly isReading: boolean;
}

interface Kind {
  readonly source: CandleSource;
  readonly standing?: CandleStanding;
}

/** `after`: as-of less the close, ms. */
function stepOf(name: string, kind: Kind, told: Told, after: number): Step {
  const candle = candleWith({ ...TOLD[told], ...kind, sequenceNum: CLOSE_US + after * 1000 });
  const isReading = kind.source === 'rest' && kind.standing === undefined;
  const isEvidence = after >= 0 && (isReading || (kind.source === 'stream' && kind.standing === undefined));
  const isLie = isEvidence && told !== 'right';
  const tells = kind.source === 'stream' && after >= 0;
  return { name: `${name} ${told}`, candle, told, tells, isLie, isReading };
}

const read = (when: string, after: number, told: Told) =>
  stepOf(`read at ${when}`, { source: 'rest' }, told, after);

const STREAM = { source: 'stream' } as const;

export const ALPHABET: readonly Step[] = [
  stepOf('forming', STREAM, 'partial', -30_000),
  stepOf('forming', STREAM, 'stale', -1_000),
  stepOf('final', STREAM, 'right', 5),
  stepOf('final', STREAM, 'stale', 3),
  stepOf('final of a second writer', STREAM, 'stale', 20),
  stepOf('inferred, unwitnessed', { source: 'stream', standing: 'unwitnessed' }, 'stale', 1),
  stepOf('snapshot', { source: 'snapshot' }, 'lossy', 0),
  stepOf('stand-in', { source: 'stand-in' }, 'standIn', 0),
  stepOf('no trades', { source: 'no-trades' }, 'quiet', 0),
  stepOf('made of readings', { source: 'derived', standing: 'once' }, 'right', 2_000),
  stepOf('made of finals', { source: 'derived' }, 'right', 5),
  stepOf('read without a witness', { source: 'rest', standing: 'unwitnessed' }, 'right', 0),
  stepOf('read without a witness', { source: 'rest', standing: 'unwitnessed' }, 'stale', 0),
  read('2 s', 2_000, 'right'),
  read('2 s', 2_000, 'stale'),
  read('2 s', 2_000, 'more'),
  read('10 s', 10_000, 'stale'),
  read('20 s', 20_000, 'right'),
  read('35 s', 35_000, 'right'),
  read('35 s', 35_000, 'stale'),
  read('70 s', 70_000, 'more'),
  read('11 min', 11 * MINUTE, 'right'),
  read('11 min', 11 * MINUTE, 'less'),
  read('11 min', 11 * MINUTE, 'more'),
  read('25 h', 25 * HOUR, 'right'),
  read('25 h', 25 * HOUR, 'less'),
  { name: 'taken back', tells: false, isLie: false, isReading: false },
];

/** Two readings that agree, apart, and later than anything else: what the venue says in the end. */
export function agreeingOn(told: Told): readonly [Step, Step] {
  return [read('26 h', 26 * HOUR, told), read('26 h 11 min', 26 * HOUR + 11 * MINUTE, told)];
}
