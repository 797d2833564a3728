import { BoundaryKeeper } from '@livermore/exchange-core';
import type { BoundaryKeeperOptions } from '@livermore/exchange-core';
import type { History } from './history';

/** The keeper of boundaries for a venue, by what its protocol says of closes. */
export function openKeeper(
  { protocol, rest }: Pick<History, 'protocol' | 'rest'>,
  options: Pick<BoundaryKeeperOptions, 'clock' | 'onSilent' | 'repair'>,
): BoundaryKeeper {
  const { settleMs, finality } = protocol.rest.limits;
  return new BoundaryKeeper({
    ...options,
    venueTime: rest.time,
    flagged: protocol.closes === 'flagged' ? protocol.timeframes.streamed : [],
    settleMs,
    finality,
  });
}
