import { readFileSync } from 'node:fs';
import { didYouMean } from '@livermore/instance';
import {
  createSeededMarket,
  createSimulator,
  defaultUniverse,
  loadRecordedMarket,
  parseFaultScript,
} from '@livermore/simulator';
import type { FaultScript, Market, SimulatedVenue } from '@livermore/simulator';
import { createLogger, messageOf, systemClock } from '@livermore/utils';
import { UsageError } from '../exit-codes';
import { json, note } from '../output/print';
import { untilInterrupted } from '../until-interrupted';

export interface SimulateOptions {
  readonly venue: SimulatedVenue;
  readonly port: number;
  readonly data?: string;
  readonly symbols?: readonly string[];
  readonly seed: number;
  readonly faults?: string;
  readonly usProfile?: 'pre' | 'post';
}

/** Serves a simulated venue on loopback until interrupted. The first line on stdout says where. */
export async function simulate(options: SimulateOptions): Promise<void> {
  const market = await openMarket(options);
  const simulator = createSimulator({
    venue: options.venue,
    market,
    clock: systemClock,
    seed: options.seed,
    logger: createLogger({ level: 'warn' }),
    ...(options.faults === undefined ? {} : { faults: readFaults(options.faults, options.venue) }),
    ...(options.usProfile === undefined ? {} : { usProfile: options.usProfile }),
  });
  const { rest, ws } = await simulator.listen(options.port).catch((error: unknown) => {
    throw new UsageError(
      `cannot listen on port ${options.port}: ${messageOf(error)}. Choose another with --port.`,
    );
  });
  json({ event: 'simulator_ready', venue: options.venue, rest, ws });
  note(
    `${options.venue}, simulated: ${market.symbols.length} symbols, ${options.data === undefined ? 'invented prices' : `prices recorded in ${options.data}`}. Ctrl-C stops it.`,
  );
  await untilInterrupted();
  await simulator.close();
}

/** Symbols that are not there of which is said what was probably meant. */
const NAMED_AT_MOST = 5;

/** The market to simulate: a folder of recorded candles moved to now, or an invented one. @throws UsageError */
export async function openMarket(
  options: Pick<SimulateOptions, 'venue' | 'data' | 'symbols' | 'seed'>,
): Promise<Market> {
  if (options.data !== undefined) {
    const only = options.symbols === undefined ? {} : { symbols: options.symbols };
    const market = await loadRecordedMarket(options.data, {
      shift: 'whole-weeks-to-now',
      now: systemClock.now(),
      ...only,
    });
    for (const notice of market.notices) note(notice);
    return market;
  }
  const universe = defaultUniverse(options.venue);
  const { symbols: wanted = universe.map((each) => each.symbol) } = options;
  const unknown = wanted.filter((symbol) => !universe.some((each) => each.symbol === symbol));
  if (unknown.length > 0) {
    const known = universe.map((each) => each.symbol);
    const named = unknown.slice(0, NAMED_AT_MOST).map((symbol) => `${symbol}${didYouMean(symbol, known)}`);
    throw new UsageError(
      `the simulated ${options.venue} does not list ${named.join(', ')}. It lists: ${known.join(', ')}`,
    );
  }
  return createSeededMarket({
    seed: options.seed,
    symbols: universe.filter((each) => wanted.includes(each.symbol)),
  });
}

/** Reads a script of faults. @throws UsageError for what is no file, and as parseFaultScript */
export function readFaults(file: string, venue: SimulatedVenue): FaultScript {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`cannot read the faults in ${file}: ${messageOf(error)}`);
  }
  return parseFaultScript(text, { file, venue });
}
