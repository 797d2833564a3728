import { hash32, seededRandom, silentLogger } from '@livermore/utils';
import type { Clock } from '@livermore/utils';
import { createBinanceVenue } from './binance/venue';
import { createCoinbaseVenue } from './coinbase/venue';
import { createFaultDirector } from './faults/active-faults';
import type { ActiveFaults } from './faults/active-faults';
import { withOutages } from './faults/outage-market';
import type { Outage } from './faults/outage-market';
import { withRestFaults } from './faults/rest-market';
import { Carrier } from './server/carrier';
import { createClientRecorder } from './server/client-log';
import { createInProcessTransport } from './server/in-process';
import { listenOn } from './server/listener';
import type { Listener } from './server/listener';
import type { DressedVenue, VenueOptions } from './server/venue-options';
import type { Simulator, SimulatorOptions } from './simulator';

/** Outages remembered: the buckets they emptied stay empty. */
const OUTAGES_KEPT = 1000;

/** Makes a venue out of a market. Nothing is served until `listen`; the in-process transport works at once. */
export function createSimulator(options: SimulatorOptions): Simulator {
  const seed = options.seed ?? 1;
  const logger = options.logger ?? silentLogger;
  const faults = createFaultDirector(options.clock, options.faults, logger);
  const clock = skewed(options.clock, faults);
  const market = withOutages(options.market, rememberOutages(faults, clock));
  const truth = withRestFaults(market, { ...faults, find: () => undefined }, () => clock.now(), seed);
  const recorder = createClientRecorder();
  const venueOptions: VenueOptions = {
    venue: options.venue,
    market,
    restMarket: withRestFaults(market, faults, () => clock.now(), seed),
    clock,
    random: seededRandom(hash32(`venue|${seed}`)),
    faults,
    logger,
    recorder,
    usProfile: options.usProfile ?? 'post',
    updateEveryMs: options.updateEveryMs,
  };
  const venue = createVenue(venueOptions, options.heartbeatEveryMs);
  const random = seededRandom(hash32(`faults|${seed}`));
  const carrier = new Carrier({
    venue,
    clock: options.clock,
    venueClock: clock,
    random,
    faults,
    recorder,
  });
  const listeners: Listener[] = [];
  return {
    transport: createInProcessTransport(carrier, options.clock),
    log: recorder.log,
    truth,
    streamed: market,
    inject: (fault) => faults.inject(fault),
    async listen(port = 0) {
      const listener = await listenOn(carrier, options.clock, port);
      listeners.push(listener);
      const host = `127.0.0.1:${listener.port}`;
      return { port: listener.port, rest: `http://${host}`, ws: `ws://${host}` };
    },
    async close() {
      faults.stop();
      carrier.stop();
      await Promise.all(listeners.splice(0).map((listener) => listener.close()));
    },
  };
}

function createVenue(options: VenueOptions, heartbeatEveryMs: number | undefined): DressedVenue {
  if (options.venue !== 'coinbase') return createBinanceVenue(options);
  return createCoinbaseVenue(options, heartbeatEveryMs === undefined ? {} : { heartbeatEveryMs });
}

/** The venue's clock goes wrong while such a fault lasts; waiting takes as long as ever. */
function skewed(clock: Clock, faults: ActiveFaults): Clock {
  return {
    now: () => clock.now() + (faults.find('clock-skew')?.byMs ?? 0),
    monotonicMs: () => clock.monotonicMs(),
    setTimer: (callback, delayMs) => clock.setTimer(callback, delayMs),
    sleep: (ms, signal) => clock.sleep(ms, signal),
  };
}

function rememberOutages(faults: ActiveFaults, clock: Clock): () => readonly Outage[] {
  const outages: Outage[] = faults.all('outage').map(() => ({ from: clock.now(), to: Infinity }));
  faults.onStart((fault) => {
    if (fault.kind !== 'outage') return;
    outages.push({ from: clock.now(), to: Infinity });
    if (outages.length > OUTAGES_KEPT) outages.shift();
  });
  faults.onEnd((fault) => {
    if (fault.kind !== 'outage') return;
    const at = outages.findIndex(({ to }) => to === Infinity);
    const open = outages[at];
    if (open !== undefined) outages[at] = { from: open.from, to: clock.now() };
  });
  return () => outages;
}
