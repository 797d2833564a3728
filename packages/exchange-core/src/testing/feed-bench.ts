import type { Exchange, Timeframe } from '@livermore/schemas';
import { openTimeOf } from '@livermore/schemas';
import { ManualClock, seededRandom, silentLogger } from '@livermore/utils';
import type { AdapterEvent } from '../adapter/exchange-adapter';
import { StreamingAdapter } from '../adapter/streaming-adapter';
import type { AdapterOptions } from '../adapter/streaming-adapter';
import { fakeProtocol } from './fake-protocol';
import type { FakeProtocolOptions } from './fake-protocol';
import { FakeVenue } from './fake-venue';

/** The exchange the fake venue stands for. */
export const FAKE_EXCHANGE: Exchange = {
  id: 9,
  name: 'fake',
  wsUrl: 'ws://127.0.0.1:1/stream',
  restUrl: 'http://127.0.0.1:1',
  isActive: true,
};

const EVENT_TYPES = [
  'candle:update',
  'candle:close',
  'ticker:update',
  'feed:connected',
  'feed:live',
  'feed:disconnected',
  'feed:reconnecting',
  'feed:gap',
  'feed:repair',
  'feed:decode-error',
  'feed:error',
  'connected',
  'disconnected',
  'reconnecting',
  'error',
] as const;

/** An adapter at the fake venue, with everything it says. */
export function feedBench(options: FakeProtocolOptions = {}, extra: Partial<AdapterOptions> = {}) {
  const clock = new ManualClock();
  const venue = new FakeVenue(clock);
  const adapter = new StreamingAdapter({
    exchange: FAKE_EXCHANGE,
    protocol: fakeProtocol(options),
    transport: venue,
    clock,
    random: seededRandom(7),
    logger: silentLogger,
    ...extra,
  });
  const events: AdapterEvent[] = [];
  for (const type of EVENT_TYPES) adapter.on(type, (event) => void events.push(event));
  const of = <T extends AdapterEvent['type']>(type: T) =>
    events.filter((event): event is Extract<AdapterEvent, { type: T }> => event.type === type);
  const publish = (symbol: string, final = false, timeframe: Timeframe = '1m', price = 10) => {
    const openTime = openTimeOf(timeframe, clock.now() - (final ? 60_000 : 0));
    venue.publish({ symbol, timeframe, openTime, price, final });
  };
  /** Lets time pass with a bar a second for each symbol. */
  const flow = async (seconds: number, symbols: readonly string[]) => {
    for (let second = 0; second < seconds; second += 1) {
      for (const symbol of symbols) publish(symbol);
      await clock.advance(1_000);
    }
  };
  return { clock, venue, adapter, events, of, publish, flow };
}
