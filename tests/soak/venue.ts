import { createSimulator } from '@livermore/simulator';
import { systemClock } from '@livermore/utils';
import { inventedMarket } from '../bench/lib/universe';

/** Frames of a stream come so often, ms: closes are what is soaked in. */
const UPDATE_EVERY_MS = 15_000;

/** A simulated Binance of so many symbols in this process. Says its addresses on stdout, and runs until it is killed. */
export async function runVenue(symbols: number): Promise<void> {
  const simulator = createSimulator({
    venue: 'binance',
    market: inventedMarket(symbols),
    clock: systemClock,
    updateEveryMs: UPDATE_EVERY_MS,
  });
  process.stdout.write(`${JSON.stringify(await simulator.listen())}\n`);
}
