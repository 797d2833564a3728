import { DEFAULT_CANDLE_TARGET, targetWindow } from '@livermore/exchange-core';
import { TIMEFRAMES } from '@livermore/schemas';
import { createSimulator } from '@livermore/simulator';
import type { Simulator } from '@livermore/simulator';
import { systemClock } from '@livermore/utils';
import type { Commands } from '../lib/worker';
import { inventedMarket } from '../lib/universe';

export interface VenueAddress {
  readonly rest: string;
  readonly ws: string;
}

export interface VenueLog {
  readonly weight: number;
  readonly requests: number;
  readonly statuses: ReadonlyMap<number, number>;
}

/** The simulator on loopback, on the machine's clock. */
export function simulatedVenue(): Commands {
  let simulator: Simulator | undefined;
  return {
    async open({ symbols, latencyMs }: { symbols: number; latencyMs: number }): Promise<VenueAddress> {
      const market = inventedMarket(symbols);
      const faults = latencyMs > 0 ? [{ at: 0, fault: { kind: 'rest-slow' as const, byMs: latencyMs } }] : [];
      simulator = createSimulator({ venue: 'binance', market, clock: systemClock, faults });
      // The past is invented once, before anybody is timed.
      const now = systemClock.now();
      for (const { symbol } of market.symbols) {
        for (const timeframe of TIMEFRAMES) {
          const { from, to } = targetWindow(timeframe, DEFAULT_CANDLE_TARGET, now);
          market.bars(symbol, timeframe, from, to, now);
        }
      }
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
