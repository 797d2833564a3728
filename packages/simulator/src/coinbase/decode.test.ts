import { coinbaseProtocol } from '@livermore/exchange-core';
import { describe, expect, it } from 'vitest';
import { createRig, rowsOf } from '../testing/coinbase-rig';

const BOUNDARY = 1_795_169_100_000;
const CONTEXT = { exchange: 'coinbase', symbolsOf: (name: string) => [name] };

describe('what the twin writes', () => {
  it('the protocol of the other side reads, frame by frame, with nothing lost', async () => {
    const rig = createRig({ startMs: BOUNDARY - 20_000 });
    const socket = rig.open();
    socket.send({ type: 'subscribe', channel: 'heartbeats' });
    for (const channel of ['candles', 'ticker', 'ticker_batch', 'market_trades', 'level2', 'status'])
      socket.send({ type: 'subscribe', channel, product_ids: ['ETH-USD', 'BTC-USDC'] });
    await rig.clock.advance(60_000);
    const kinds = new Map<string, number>();
    for (const frame of socket.frames) {
      const message = coinbaseProtocol.stream.decode(frame.raw, CONTEXT);
      expect([message.sequence, message.venueTime]).toEqual([frame.sequence, frame.at]);
      const events = message.kind === 'data' ? message.events : [message];
      for (const event of events) {
        const name = 'type' in event ? event.type : event.kind;
        kinds.set(name, (kinds.get(name) ?? 0) + 1);
      }
    }
    const rows = socket.on('candles').flatMap((frame) => rowsOf(frame.event, 'candles'));
    const tickers = [...socket.on('ticker'), ...socket.on('ticker_batch')];
    const candles = (kinds.get('candle:update') ?? 0) + (kinds.get('candle:close') ?? 0);
    expect(candles).toBe(rows.length);
    expect(kinds.get('ticker:update')).toBe(tickers.length);
    expect(kinds.get('heartbeat')).toBe(60);
    expect(kinds.get('ack')).toBe(7);
  });

  it('reads as a listing of twins and of what is not tradable', () => {
    const body = createRig().get('/market/products?product_type=SPOT').body;
    const { symbols } = coinbaseProtocol.rest.listing({ status: 200, headers: {}, body });
    const byName = new Map(symbols.map((symbol) => [symbol.symbol, symbol]));
    expect(byName.get('BTC-USDC')).toMatchObject({ streamedAs: 'BTC-USD', isTradable: true });
    expect(byName.get('USDT-USDC')).not.toHaveProperty('streamedAs');
    expect([byName.get('WLUNA-USD')?.isTradable, byName.get('PAX-USD')?.isTradable]).toEqual([false, false]);
    expect(byName.get('BTC-USD')?.quoteVolume24h).toBeGreaterThan(0);
  });

  it('reads as throttling where it is worded as 401 on a public route', () => {
    const rig = createRig({ profile: { throttleWording: 'unauthorized', publicPerSecond: 0 } });
    expect(coinbaseProtocol.rest.verdict(rig.get('/time')).verdict).toBe('rate-limited');
  });
});
