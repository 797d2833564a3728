import { createSimulator } from '@livermore/simulator';
import type { SimulatedVenue, Simulator } from '@livermore/simulator';
import { systemClock } from '@livermore/utils';
import type { Commands } from '../lib/worker';
import { rememberedMarket } from '../lib/remembered-market';
import { inventedMarket } from '../lib/universe';

export interface VenueAddress {
  readonly rest: string;
  readonly ws: string;
}

export interface VenueOrder {
  readonly symbols: number;
  readonly latencyMs: number;
  readonly venue?: SimulatedVenue;
}

export interface VenueLog {
  readonly weight: number;
  readonly requests: number;
  readonly statuses: ReadonlyMap<number, number>;
}

/** Symbols whose history fits into memory twice over. */
const MOST_REMEMBERED = 200;

/** The simulator on loopback, on the machine's clock. */
export function simulatedVenue(): Commands {
  let simulator: Simulator | undefined;
  return {
    async open({ symbols, latencyMs, venue = 'binance' }: VenueOrder): Promise<VenueAddress> {
      const invented = inventedMarket(symbols);
      const market = symbols > MOST_REMEMBERED ? invented : rememberedMarket(invented, systemClock.now());
      const faults = latencyMs > 0 ? [{ at: 0, fault: { kind: 'rest-slow' as const, byMs: latencyMs } }] : [];
      simulator = createSimulator({ venue, market, clock: systemClock, faults });
      const { rest, ws } = await simulator.listen();
      return { rest, ws };
    },
    log(): VenueLog {
      if (simulator === undefined) throw new Error('not open');
      const { weight, requests, statuses } = simulator.log;
      return { weight, requests, statuses };
    },
  };
}
