import { ManualClock } from '@livermore/utils';
import { describe, expect, it } from 'vitest';
import { createSeededMarket } from '../market/seeded-market';
import { defaultUniverse } from '../market/universe';
import { bareOptions } from '../testing/bare-venue';
import { klinesIn } from '../testing/kline-frames';
import { createBinanceVenue } from './venue';
import type { BinanceQuirks } from './venue';

const NOW = 1_795_312_805_123;
const MINUTE = 60_000;
const market = createSeededMarket({ seed: 1, symbols: defaultUniverse('binance') });

function connect(quirks: BinanceQuirks, path: string) {
  const clock = new ManualClock(NOW);
  const frames: string[] = [];
  const venue = createBinanceVenue(bareOptions('binance', market, clock), quirks);
  const session = venue.connect(
    { path, query: new URLSearchParams(), headers: {}, ip: '127.0.0.1' },
    {
      send: (text) => frames.push(text),
      ping: (payload) => 'ponged' in session && session.ponged(payload),
      close: () => undefined,
      terminate: () => undefined,
    },
  );
  return { clock, frames, session, venue };
}

describe('binance as it was in 2021', () => {
  it('closes a bucket only when a later one trades, and says nothing of untraded ones', async () => {
    const { clock, frames, venue } = connect({ timing: '2021' }, '/ws/zenusdt@kline_1m');
    await clock.advance(180 * MINUTE);
    venue.stop();
    const events = klinesIn(frames);
    const closes = events.filter(({ k }) => k.x);
    expect(closes.length).toBeGreaterThan(5);
    expect(closes.length).toBeLessThan(100);
    for (const { E, k } of closes.slice(1)) {
      expect(k.n).toBeGreaterThan(0);
      const next = market.nextTradeAt('ZENUSDT', k.T) ?? 0;
      expect(E).toBeGreaterThanOrEqual(next);
      expect(E).toBeLessThan(next + 2000);
    }
  });

  it('can send its errors flat', () => {
    const { frames, session, venue } = connect({ errorShape: 'flat' }, '/ws');
    if ('message' in session) session.message('{"method":"NOPE","id":7}');
    venue.stop();
    expect(frames[0]).toMatch(/^\{"code":2,"msg":"Invalid request: unknown variant `NOPE`.*,"id":7\}$/);
  });
});
