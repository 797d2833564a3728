import { hash32, seededRandom, silentLogger } from '@livermore/utils';
import type { Clock } from '@livermore/utils';
import { createBinanceVenue } from './binance/venue';
import { createCoinbaseVenue } from './coinbase/venue';
import { createFaultDirector } from './faults/active-faults';
import type { ActiveFaults } from './faults/active-faults';
import { withOutages } from './faults/outage-market';
import type { Outage } from './faults/outage-market';
import { createBlemishes } from './faults/blemish';
import { DeletedBars } from './faults/deleted-bars';
import { withRestFaults, withRevisions, withoutDeleted } from './faults/rest-market';
import { RestTurn } from './faults/rest-turn';
import { Revisions } from './faults/revisions';
import { Carrier } from './server/carrier';
import { createClientRecorder } from './server/client-log';
import { createInProcessTransport } from './server/in-process';
import { listenOn } from './server/listener';
import type { Listener } from './server/listener';
import type { DressedVenue, VenueOptions } from './server/venue-options';
import type { Simulator, SimulatorOptions } from './simulator';

/** Outages remembered: the buckets they emptied stay empty. */
const OUTAGES_KEPT = 1000;

/**
 * Makes a venue out of a market. Nothing is served until `listen`; the in-process transport works at once.
 * @throws FaultScriptError, FaultNotApplicableError for a script with a fault that does nothing at this venue
 */
export function createSimulator(options: SimulatorOptions): Simulator {
  const seed = options.seed ?? 1;
  const logger = options.logger ?? silentLogger;
  const { venue: venueName, faults: script = [] } = options;
  const faults = createFaultDirector(options.clock, { venue: venueName, script, logger });
  const clock = skewed(options.clock, faults);
  const market = withOutages(options.market, rememberOutages(faults, clock));
  const deleted = new DeletedBars(market, faults);
  const left = withoutDeleted(market, deleted);
  const revisions = new Revisions(left, faults, () => clock.now());
  const turn = new RestTurn(seed);
  const revised = withRevisions(left, revisions);
  const recorder = createClientRecorder();
  const venueOptions: VenueOptions = {
    venue: venueName,
    market,
    restMarket: withRestFaults(revised, { faults, turn, seed }, deleted),
    clock,
    random: seededRandom(hash32(`venue|${seed}`)),
    faults,
    blemishes: createBlemishes(faults, seededRandom(hash32(`blemishes|${seed}`))),
    revisions,
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
    turn,
    recorder,
  });
  const listeners: Listener[] = [];
  return {
    transport: createInProcessTransport(carrier, options.clock),
    log: recorder.log,
    truth: revised,
    faultsApplied: faults.applied,
    faultLines: faults.appliedLines,
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
    now: () => clock.now() + (faults.act('clock-skew')?.byMs ?? 0),
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
