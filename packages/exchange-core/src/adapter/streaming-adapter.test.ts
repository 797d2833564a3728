import type { Exchange, Timeframe } from '@livermore/schemas';
import { openTimeOf } from '@livermore/schemas';
import { ManualClock, seededRandom, silentLogger } from '@livermore/utils';
import { describe, expect, it } from 'vitest';
import { FakeVenue, fakeProtocol } from '../testing';
import type { FakeProtocolOptions } from '../testing';
import type { AdapterEvent } from './exchange-adapter';
import { StreamingAdapter } from './streaming-adapter';
import type { AdapterOptions } from './streaming-adapter';

const EXCHANGE: Exchange = {
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

function setUp(options: FakeProtocolOptions = {}, extra: Partial<AdapterOptions> = {}) {
  const clock = new ManualClock();
  const venue = new FakeVenue(clock);
  const adapter = new StreamingAdapter({
    exchange: EXCHANGE,
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

describe('a feed', () => {
  it('connects, subscribes what was asked for before, and delivers', async () => {
    const { clock, venue, adapter, of, publish } = setUp();
    adapter.subscribe(['AAA', 'BBB'], '1m');
    let isDone = false;
    void adapter.connect().then(() => {
      isDone = true;
    });
    expect(adapter.isConnected()).toBe(false);
    await clock.advance(100);
    expect(isDone).toBe(true);
    expect(adapter.isConnected()).toBe(true);
    expect([...venue.newest.topics]).toEqual(['AAA@1m', 'BBB@1m']);
    publish('AAA');
    publish('BBB', true);
    await clock.advance(10);
    expect(of('candle:update').map(({ candle }) => candle.symbol)).toEqual(['AAA']);
    expect(of('candle:close').map(({ candle }) => candle.symbol)).toEqual(['BBB']);
    expect(of('connected')).toHaveLength(1);
    expect(of('feed:live')).toEqual([{ type: 'feed:live', connection: 'fake#1' }]);
    expect(of('feed:repair')).toEqual([]);
  });
});
