/** Where each fault has an effect: a script that orders one where it would do nothing is refused. */
import { AppError } from '@livermore/utils';
import type { SimulatedVenue } from '../simulator';
import type { FaultKind } from './fault';

/** The venues of the kinds that not all venues have; a kind that is not here acts at every venue. */
export const VENUES_OF_FAULTS: Readonly<Partial<Record<FaultKind, readonly SimulatedVenue[]>>> = {
  'snapshot-lossy': ['coinbase'],
  'snapshot-short': ['coinbase'],
  'sequence-gap': ['coinbase'],
  'sequence-restart': ['coinbase'],
  'heartbeat-jump': ['coinbase'],
  'oversized-book': ['coinbase'],
  'rest-cached': ['coinbase'],
  'server-shutdown': ['binance', 'binance_us'],
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
export function mustApply(kind: FaultKind, venue: SimulatedVenue, line?: number): void {
  if (isApplicable(kind, venue)) return;
  const where = line === undefined ? '' : `line ${line}: `;
  const known = VENUES_OF_FAULTS[kind]?.join(', ') ?? '';
  throw new FaultNotApplicableError(`${where}${kind} does nothing at ${venue}; it is a fault of ${known}`, {
    kind,
    venue,
  });
}
