/** Where each fault has an effect (a script that orders one where it would do nothing is refused), and how venues disagree. */
import { AppError } from '@livermore/utils';
import type { SimulatedVenue } from '../simulator';
import { INTERVALS } from '../market/market';
import type { FaultKind, OrderedFault } from './fault';

/** The venues of the kinds that not all venues have; a kind that is not here acts at every venue. */
export const VENUES_OF_FAULTS: Readonly<Partial<Record<FaultKind, readonly SimulatedVenue[]>>> = {
  'snapshot-lossy': ['coinbase'],
  'snapshot-short': ['coinbase'],
  'sequence-gap': ['coinbase'],
  'sequence-restart': ['coinbase'],
  'heartbeat-jump': ['coinbase'],
  'closes-late': ['binance', 'binance_us'],
  'oversized-book': ['coinbase'],
  'rest-cached': ['coinbase'],
  'row-invented': ['coinbase'],
  'server-shutdown': ['binance', 'binance_us'],
};

/** Channels of a venue that streams candles of one length only. */
const CHANNELS = ['5m', 'market_trades', 'ticker', 'ticker_batch', 'level2'] as const;

type Names = Readonly<Partial<Record<SimulatedVenue, readonly string[]>>>;

/** What a stream fault may name as its timeframe, where that is not every interval there is. */
const STREAMED: Readonly<Partial<Record<FaultKind, Names>>> = {
  'series-silent': { coinbase: CHANNELS },
  'ack-silent': { coinbase: [...CHANNELS, 'status'] },
  'closes-missing': { coinbase: ['5m'] },
};

/** Intervals of candles over REST, where they are not all there are. */
const SERVED: Names = {
  coinbase: ['1m', '5m', '15m', '30m', '1h', '2h', '4h', '6h', '1d', '1w'],
  binance_us: INTERVALS.filter((interval) => interval !== '1s'),
};

/** How far (ms) replicas of REST are behind, each answer being from any of them, where it is not as elsewhere. */
export const LAGS_MS: Readonly<Partial<Record<SimulatedVenue, readonly number[]>>> = {
  // The newest bucket is known to be missing or stale for up to a minute.
  coinbase: [0, 0, 0, 2000, 2000, 2000, 10_000, 10_000, 10_000, 60_000],
};

/** One native bar in so many is not the sum of its parts, by timeframe, where venues do not make one of the other. */
export const NATIVES_DIFFER: Readonly<Partial<Record<SimulatedVenue, Readonly<Record<string, number>>>>> = {
  coinbase: { '15m': 97, '1h': 29, '4h': 10, '1d': 10 },
};

/** A fault was ordered at a venue where it does nothing, so that whatever it was to prove would be proven by nothing. */
export class FaultNotApplicableError extends AppError {
  readonly code = 'fault_not_applicable';
  readonly recovery = 'stop';
}

/** Whether a fault of this kind has an effect at a venue. */
export function isApplicable(kind: FaultKind, venue: SimulatedVenue): boolean {
  return VENUES_OF_FAULTS[kind]?.includes(venue) ?? true;
}

/** @throws FaultNotApplicableError naming kind and venue, and the line (from 0) of a script it stands in */
export function mustApply(fault: OrderedFault, venue: SimulatedVenue, line?: number): void {
  const { kind } = fault;
  const where = line === undefined ? '' : `line ${line}: `;
  if (!isApplicable(kind, venue)) {
    const known = VENUES_OF_FAULTS[kind]?.join(', ') ?? '';
    throw new FaultNotApplicableError(`${where}${kind} does nothing at ${venue}; it is a fault of ${known}`, {
      kind,
      venue,
    });
  }
  const timeframe = 'timeframe' in fault ? fault.timeframe : undefined;
  const names = (STREAMED[kind] ?? SERVED)[venue] ?? INTERVALS;
  if (timeframe === undefined || names.some((name) => name === timeframe)) return;
  throw new FaultNotApplicableError(
    `${where}${kind} of ${timeframe} does nothing at ${venue}; it has ${names.join(', ')}`,
    { kind, venue, timeframe },
  );
}
