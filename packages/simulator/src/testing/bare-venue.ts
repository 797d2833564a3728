import { seededRandom, silentLogger } from '@livermore/utils';
import type { Clock } from '@livermore/utils';
import { createFaultDirector } from '../faults/active-faults';
import type { FaultDirector } from '../faults/active-faults';
import { createBlemishes } from '../faults/blemish';
import { Revisions } from '../faults/revisions';
import type { Market } from '../market/market';
import { createClientRecorder } from '../server/client-log';
import type { VenueOptions } from '../server/venue-options';
import type { SimulatedVenue } from '../simulator';

/** What a venue is made of when nothing carries it: REST shows the market as it is. */
export function bareOptions(
  venue: SimulatedVenue,
  market: Market,
  clock: Clock,
): VenueOptions & { readonly faults: FaultDirector } {
  const faults = createFaultDirector(clock, { venue });
  return {
    venue,
    market,
    restMarket: market,
    clock,
    random: seededRandom(1),
    faults,
    blemishes: createBlemishes(faults, seededRandom(1)),
    revisions: new Revisions(market, faults, () => clock.now()),
    logger: silentLogger,
    recorder: createClientRecorder(),
    usProfile: 'post',
    updateEveryMs: undefined,
  };
}
