import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock, ReplayClock } from '@livermore/utils';
import { describe, expect, it } from 'vitest';
import { createSimulator } from './create-simulator';
import type { Interval } from './market/market';
import { loadRecordedMarket } from './market/recorded-market';
import type { RecordedMarket } from './market/recorded-market';
import { createSeededMarket } from './market/seeded-market';
import { toFixedText } from './market/units';
import { defaultUniverse } from './market/universe';
import { SIMULATED_VENUES } from './simulator';
import { ask, listen } from './testing/client';
import { klinesIn } from './testing/kline-frames';

const RECORDINGS = new URL('../../../../shared/data/klines/', import.meta.url).pathname;
const has = (folder: string) => existsSync(join(RECORDINGS, folder));
const FROM = Date.UTC(2024, 4, 6);
const HOUR = 3_600_000;

/** Replays a stretch, shorter than a connection lives, at full speed and gives the closing events as rows of open time and OHLCV, by interval. */
async function replay(
  market: RecordedMarket,
  symbol: string,
  stretch: { readonly from: number; readonly hours: number; readonly intervals: readonly Interval[] },
) {
  const clock = new ReplayClock({ startMs: stretch.from, speed: 'max' });
  const simulator = createSimulator({ venue: 'binance', market, clock });
  const names = stretch.intervals.map((interval) => `${symbol.toLowerCase()}@kline_${interval}`);
  const heard = listen(simulator.transport, `/ws/${names.join('/')}`);
  await clock.run(stretch.from + stretch.hours * HOUR + 1000);
  await simulator.close();
  const closes = klinesIn(heard.frames).filter(({ k }) => k.x);
  return (interval: Interval) =>
    closes.filter(({ k }) => k.i === interval).map(({ k }) => [k.t, k.o, k.h, k.l, k.c, k.v]);
}

const fixed = (text: string) => toFixedText(text, 8);

function recordedRows(
  market: RecordedMarket,
  symbol: string,
  interval: Interval,
  from: number,
  hours: number,
) {
  return market
    .recordedBars(symbol, interval)
    .filter((bar) => bar.openTime >= from && bar.closeTime <= from + hours * HOUR)
    .map((bar) => [bar.openTime, ...[bar.open, bar.high, bar.low, bar.close, bar.volume].map(fixed)]);
}

const hear = async (seed: number) => {
  const clock = new ManualClock(FROM);
  const market = createSeededMarket({ seed, symbols: defaultUniverse('binance') });
  const simulator = createSimulator({ venue: 'binance', market, clock, seed });
  const heard = listen(simulator.transport, '/ws/btcusdt@kline_1m/btcusdt@trade');
  await clock.advance(90_000);
  await simulator.close();
  return heard.frames;
};

describe('simulator', () => {
  it('streams exactly the recorded candles when replayed at full speed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'replay-'));
    const source = createSeededMarket({ seed: 5, symbols: defaultUniverse('binance') });
    for (const interval of ['1m', '5m', '1h'] as const) {
      const bars = source.bars('ZENUSDT', interval, FROM, FROM + 48 * HOUR, FROM + 49 * HOUR);
      const lines = bars.map((b) => [b.openTime, b.open, b.high, b.low, b.close, b.volume].join(','));
      await writeFile(
        join(folder, `ZENUSDT-${interval}.csv`),
        ['open_time,open,high,low,close,volume', ...lines].join('\n'),
      );
    }
    const market = await loadRecordedMarket(folder);
    const from = FROM + 10 * HOUR;
    const streamed = await replay(market, 'ZENUSDT', {
      from,
      hours: 23,
      intervals: ['1m', '5m', '1h', '4h'],
    });
    for (const interval of ['1m', '5m', '1h'] as const)
      expect(streamed(interval)).toEqual(recordedRows(market, 'ZENUSDT', interval, from, 23));
    expect(streamed('1m')).toHaveLength(23 * 60);
    expect(streamed('4h')).toHaveLength(6);
    await rm(folder, { recursive: true });
  });

  it.skipIf(!has('binance/2021-04'))(
    'streams the recorded candles of a real day with an outage, and none in it (needs the recordings)',
    async () => {
      const market = await loadRecordedMarket(join(RECORDINGS, 'binance/2021-04'), { symbols: ['BTCUSDT'] });
      const from = Date.UTC(2021, 3, 25);
      const streamed = await replay(market, 'BTCUSDT', {
        from,
        hours: 23,
        intervals: ['1m', '5m', '1h', '4h'],
      });
      for (const interval of ['1m', '5m', '1h', '4h'] as const)
        expect(streamed(interval)).toEqual(recordedRows(market, 'BTCUSDT', interval, from, 23));
      expect(streamed('1m')).toHaveLength(23 * 60 - 284);
    },
  );

  it('serves every venue from one market and leaves no timer behind', async () => {
    for (const venue of SIMULATED_VENUES) {
      const clock = new ManualClock(FROM);
      const market = createSeededMarket({ seed: 5, symbols: defaultUniverse(venue) });
      const simulator = createSimulator({ venue, market, clock });
      const isCoinbase = venue === SIMULATED_VENUES[2];
      const path = isCoinbase ? '/api/v3/brokerage/time' : '/api/v3/time';
      expect((await ask(simulator.transport, path)).status).toBe(200);
      const heard = listen(simulator.transport, isCoinbase ? '/' : '/ws/btcusdt@kline_1m');
      await clock.advance(3000);
      expect(heard.opened).toBe(true);
      expect(simulator.log.requests).toBe(1);
      await simulator.close();
      await clock.advance(1);
      expect(clock.pendingTimers).toBe(0);
    }
  });

  it('says the same things for the same seed, and others for another', async () => {
    const frames = await hear(4);
    expect(frames.length).toBeGreaterThan(20);
    expect(await hear(4)).toEqual(frames);
    expect(await hear(5)).not.toEqual(frames);
  });
});
