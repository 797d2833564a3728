import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bar, Interval } from './market';
import { RecordingError, loadRecordedMarket } from './recorded-market';
import { createSeededMarket } from './seeded-market';
import { textToUnits, unitsToText } from './units';
import { defaultUniverse } from './universe';

const RECORDINGS = new URL('../../../../../shared/data/klines/', import.meta.url).pathname;
const has = (folder: string) => existsSync(join(RECORDINGS, folder));
const ohlcv = (bar: Bar) => [bar.openTime, bar.open, bar.high, bar.low, bar.close, bar.volume];
const MINUTE = 60_000;

/** Adds up bars by the rule of the venues: children that did not trade leave open, high, low, close alone. */
function aggregate(children: readonly Bar[]): readonly (string | number)[] {
  const traded = children.filter((bar) => textToUnits(bar.volume, 8) > 0n);
  const used = traded.length > 0 ? traded : children;
  const by = (pick: (bar: Bar) => string) =>
    used.map(pick).toSorted((a, b) => (textToUnits(a, 8) < textToUnits(b, 8) ? -1 : 1));
  const volume = children.reduce((sum, bar) => sum + textToUnits(bar.volume, 8), 0n);
  return [
    used[0]?.open ?? '',
    by((bar) => bar.high).at(-1) ?? '',
    by((bar) => bar.low)[0] ?? '',
    used.at(-1)?.close ?? '',
    unitsToText(volume, 8),
  ];
}

/** A recording made from a seeded market: two days of a thin and a busy symbol, with a hole of 90 minutes. */
const FROM = Date.UTC(2024, 4, 6);
const HOLE = [FROM + 600 * MINUTE, FROM + 690 * MINUTE] as const;
let folder = '';
const HEADER = 'open_time,open,high,low,close,volume';

async function loadedFrom(text: string) {
  const only = await mkdtemp(join(tmpdir(), 'recorded-market-'));
  await writeFile(join(only, 'A-USD-1m.csv'), text);
  try {
    return await loadRecordedMarket(only);
  } finally {
    await rm(only, { recursive: true });
  }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'recorded-market-'));
  const market = createSeededMarket({ seed: 3, symbols: defaultUniverse('binance') });
  const file = (symbol: string, interval: Interval, isWhole: boolean) => {
    const bars = market
      .bars(symbol, interval, FROM, FROM + 2880 * MINUTE, FROM + 3000 * MINUTE)
      .filter((bar) => isWhole || bar.openTime < HOLE[0] || bar.openTime >= HOLE[1]);
    return ['open_time,open,high,low,close,volume', ...bars.map((bar) => ohlcv(bar).join(','))].join('\n');
  };
  await writeFile(join(folder, 'ZENUSDT-1m.csv.gz'), gzipSync(file('ZENUSDT', '1m', false)));
  await writeFile(join(folder, 'ETHUSDT-1m.csv'), file('ETHUSDT', '1m', true));
  await writeFile(join(folder, 'ETHUSDT-1h.csv'), file('ETHUSDT', '1h', true));
  await writeFile(join(folder, 'ETHUSDT-1h-b.csv'), 'something else');
});
afterAll(() => rm(folder, { recursive: true }));

describe('recorded market', () => {
  const LATER = FROM + 10_000 * MINUTE;

  it('serves exactly the recorded candles, but never the last row', async () => {
    const market = await loadRecordedMarket(folder);
    const served = market.bars('ETHUSDT', '1h', 0, LATER, LATER);
    expect(served.map(ohlcv)).toEqual(market.recordedBars('ETHUSDT', '1h').map(ohlcv));
    expect(market.spans('ETHUSDT').get('1m')).toEqual({
      from: FROM,
      to: FROM + 2878 * MINUTE,
      candles: 2879,
    });
    expect(market.bars('ETHUSDT', '1m', FROM + 2879 * MINUTE, LATER, LATER)).toEqual([]);
    expect(market.notices).toHaveLength(1);
  });

  it('adds up what was not recorded from the minutes that exist', async () => {
    const market = await loadRecordedMarket(folder);
    const minutes = market.bars('ZENUSDT', '1m', FROM, LATER, LATER);
    for (const [interval, length] of [
      ['5m', 5],
      ['15m', 15],
      ['1h', 60],
      ['4h', 240],
    ] as const) {
      const longer = market.bars('ZENUSDT', interval, FROM, LATER, LATER);
      expect(longer.length).toBeGreaterThan(10);
      for (const bar of longer) {
        const children = minutes.filter(
          (one) => one.openTime >= bar.openTime && one.openTime < bar.closeTime,
        );
        expect(children.length).toBeGreaterThan(0);
        expect(ohlcv(bar).slice(1)).toEqual(aggregate(children));
      }
      expect(longer).toHaveLength(Math.floor(2879 / length) - Math.floor(90 / length));
    }
  });

  it('has no bar and nothing trades in a hole', async () => {
    const market = await loadRecordedMarket(folder);
    expect(market.bars('ZENUSDT', '1m', HOLE[0], HOLE[1], LATER)).toEqual([]);
    expect(market.bars('ZENUSDT', '1h', HOLE[0], HOLE[1], LATER)).toHaveLength(1);
    expect([HOLE[0] - 1, HOLE[0], HOLE[1] - 1, HOLE[1]].map((at) => market.isOut('ZENUSDT', at))).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(market.trades('ZENUSDT', HOLE[0], HOLE[1])).toEqual([]);
  });

  it('fills missing rows with flat bars where they mean that nothing traded', async () => {
    const market = await loadRecordedMarket(folder, { missing: 'quiet' });
    const bars = market.bars('ZENUSDT', '1m', HOLE[0], HOLE[1], LATER);
    expect(bars).toHaveLength(90);
    const [before] = market.bars('ZENUSDT', '1m', HOLE[0] - MINUTE, HOLE[0], LATER);
    for (const bar of bars)
      expect([bar.open, bar.close, bar.trades]).toEqual([before?.close, before?.close, 0]);
  });

  it('grows a forming bar by the trades of its minutes until it is the recorded one', async () => {
    const market = await loadRecordedMarket(folder);
    const start = FROM + 300 * MINUTE;
    const [closed] = market.bars('ETHUSDT', '5m', start, start + 1, start + 5 * MINUTE);
    const [whole] = market.bars('ETHUSDT', '5m', start, start + 1, start + 5 * MINUTE - 1);
    expect(whole).toEqual(closed);
    let volume = 0n;
    for (let now = start; now < start + 5 * MINUTE; now += 777) {
      const [bar] = market.bars('ETHUSDT', '5m', start, start + 1, now);
      const grown = textToUnits(bar?.volume ?? '', 8);
      expect(grown >= volume).toBe(true);
      volume = grown;
      const traded = market
        .trades('ETHUSDT', start, now + 1)
        .reduce((sum, one) => sum + textToUnits(one.size, 8), 0n);
      expect(traded).toBe(grown);
    }
  });

  it('moves by whole weeks so that it reaches past now', async () => {
    const now = Date.UTC(2026, 10, 20, 11, 30);
    const market = await loadRecordedMarket(folder, { shift: 'whole-weeks-to-now', now });
    expect(market.shiftMs % (7 * 86_400_000)).toBe(0);
    expect(market.endsAt).toBeGreaterThan(now);
    expect(market.endsAt - now).toBeLessThanOrEqual(7 * 86_400_000);
  });

  it('goes on with longer candles where the shorter ones end, and makes no short ones of them', async () => {
    const mixed = await mkdtemp(join(tmpdir(), 'recorded-market-'));
    const market = createSeededMarket({ seed: 3, symbols: defaultUniverse('binance') });
    const write = (interval: Interval, from: number, to: number) => {
      const bars = market.bars('ETHUSDT', interval, FROM + from * MINUTE, FROM + to * MINUTE, LATER);
      // Header and rows may end their lines differently.
      const lines = bars.map((bar) => `${ohlcv(bar).join(',')}\r\n`);
      return writeFile(
        join(mixed, `ETHUSDT-${interval}.csv`),
        `open_time,open,high,low,close,volume\n${lines.join('')}`,
      );
    };
    await write('1h', 0, 2880);
    await write('1m', 150, 331);
    await write('5m', 1225, 1506);
    const recorded = await loadRecordedMarket(mixed);
    const served = (interval: Interval) => recorded.bars('ETHUSDT', interval, 0, LATER, LATER);
    expect(served('1m').map(ohlcv)).toEqual(recorded.recordedBars('ETHUSDT', '1m').map(ohlcv));
    expect(served('1h').map(ohlcv)).toEqual(recorded.recordedBars('ETHUSDT', '1h').map(ohlcv));
    const truth = new Map(
      market.bars('ETHUSDT', '5m', FROM, LATER, LATER).map((bar) => [bar.openTime, ohlcv(bar)]),
    );
    const fives = served('5m');
    expect(fives).toHaveLength(30 + 56);
    for (const bar of fives) expect(ohlcv(bar)).toEqual(truth.get(bar.openTime));
    await rm(mixed, { recursive: true });
  });

  it('serves every decimal as it was recorded: eighteen of them, and the noise of float64 sums', async () => {
    const fine = await mkdtemp(join(tmpdir(), 'recorded-market-'));
    const rows = [
      ['0.000000000000000001', '2.000000000000000003', '972135.9047899999'],
      ['1.123456789012', '1.5', '1152968.018850000100000009'],
      ['1', '1', '7.5'],
    ].map(([low, high, volume], at) => [FROM + at * MINUTE, low, high, low, high, volume].join(','));
    await writeFile(
      join(fine, 'LTCUSDT-1m.csv'),
      ['open_time,open,high,low,close,volume', ...rows].join('\n'),
    );
    const recorded = await loadRecordedMarket(fine);
    expect(recorded.recordedBars('LTCUSDT', '1m').map((bar) => ohlcv(bar).join(','))).toEqual(
      rows.slice(0, 2),
    );
    await rm(fine, { recursive: true });
  });

  it('trades a busy bar from its first second to its last, and never outside', async () => {
    const market = await loadRecordedMarket(folder);
    let busy = 0;
    for (const bar of market.bars('ETHUSDT', '1m', FROM, LATER, LATER).slice(0, 500)) {
      const times = market.trades('ETHUSDT', bar.openTime, bar.closeTime).map((trade) => trade.time);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      if (new Set([bar.open, bar.high, bar.low, bar.close]).size < 4) continue;
      busy += 1;
      expect((times[0] ?? Infinity) - bar.openTime).toBeLessThan(1000);
      expect(bar.closeTime - (times.at(-1) ?? -Infinity)).toBeLessThanOrEqual(1000);
    }
    expect(busy).toBeGreaterThan(100);
  });

  it.each([
    ['no decimal', '1,2,0.5,x,1', 'close "x" is no decimal'],
    ['short', '1,2,0.5', 'close "" is no decimal'],
    ['of a price of zero', '0,0,0,0,1', 'open "0" is no price'],
    ['beyond what can be computed with', '1,1e400,0.5,1,1', 'high "1e400" is no price'],
    ['of a high below its open', '2,1,0.5,1,1', 'high "1" is below open, low or close'],
    ['of a low above its close', '2,2,1.5,1,1', 'low "1.5" is above open or close'],
    ['of a volume that is none', '1,1,1,1,-1', 'volume "-1" is no decimal'],
  ])('names file, line and field of a row that is %s', async (_name, values, problem) => {
    const good = '1700000040000,1,1,1,1,1';
    await expect(loadedFrom(`${HEADER}\n${good}\n\n1700000100000,${values}\n`)).rejects.toThrow(
      `A-USD-1m.csv:4: ${problem}`,
    );
  });

  it.each([
    ['no instant', 'soon', 'open_time "soon" is not in ms'],
    ['there twice', '1700000040000', 'open_time 1700000040000 is not after the row before'],
  ])('names file, line and field of an open time that is %s', async (_name, time, problem) => {
    const text = `${HEADER}\n1700000040000,1,1,1,1,1\n${time},1,1,1,1,1\n`;
    await expect(loadedFrom(text)).rejects.toThrow(`A-USD-1m.csv:3: ${problem}`);
  });

  it('names a field that need not be there, where it is there and no decimal', async () => {
    const text = `${HEADER},quote_volume,trades\n1700000040000,1,1,1,1,1,1,many\n`;
    await expect(loadedFrom(text)).rejects.toThrow('A-USD-1m.csv:2: trades "many" is no decimal');
  });

  it.each([
    ['no table', `${HEADER}\n"1700000040000,1,1,1,1,1\n`, /A-USD-1m\.csv: is no table: Quote Not Closed/],
    ['empty', '', /A-USD-1m\.csv:1: there is no column "open_time"/],
  ])('names a file that is %s', async (_name, text, message) => {
    await expect(loadedFrom(text)).rejects.toThrow(message);
    await expect(loadedFrom(text)).rejects.toThrow(RecordingError);
  });

  it('names a symbol that is asked for and not recorded, and what is', async () => {
    const only = { symbols: ['ETHUSDT', 'ethusdt'] };
    await expect(loadRecordedMarket(folder, only)).rejects.toThrow(
      /does not hold ethusdt; it holds ETHUSDT, ZENUSDT$/,
    );
  });

  it('names a file that cannot be read, or is not compressed as its name says', async () => {
    const bad = await mkdtemp(join(tmpdir(), 'recorded-market-'));
    await mkdir(join(bad, 'A-USD-1m.csv'));
    await expect(loadRecordedMarket(bad)).rejects.toThrow(/A-USD-1m\.csv: cannot be read: EISDIR/);
    await rm(join(bad, 'A-USD-1m.csv'), { recursive: true });
    await writeFile(join(bad, 'A-USD-1m.csv.gz'), HEADER);
    await expect(loadRecordedMarket(bad)).rejects.toThrow(
      /A-USD-1m\.csv\.gz: cannot be read: incorrect header/,
    );
    await rm(bad, { recursive: true });
  });

  it.skipIf(!has('binance/2021-04'))(
    'agrees with the venue on its own outage (needs the recordings)',
    async () => {
      const market = await loadRecordedMarket(join(RECORDINGS, 'binance/2021-04'));
      const hole = Date.UTC(2021, 3, 25, 4, 1);
      expect(market.isOut('BTCUSDT', hole - 1)).toBe(false);
      expect(market.isOut('BTCUSDT', hole)).toBe(true);
      expect(market.isOut('BTCUSDT', hole + 284 * MINUTE)).toBe(false);
      const later = market.endsAt;
      expect(
        market
          .bars('BTCUSDT', '1h', hole - 3_660_000, hole + 6 * 3_600_000, later)
          .map((bar) => bar.openTime),
      ).toEqual([3, 4, 8, 9, 10].map((hour) => Date.UTC(2021, 3, 25, hour)));
    },
  );

  it.skipIf(!has('binance/2020-05-17'))(
    'serves long history natively where minutes are few (needs the recordings)',
    async () => {
      const market = await loadRecordedMarket(join(RECORDINGS, 'binance/2020-05-17'));
      const now = market.endsAt - 1;
      for (const interval of market.intervals('ETHBTC')) {
        if (interval === '1s') continue;
        const served = market.bars('ETHBTC', interval, 0, now, now).filter((bar) => bar.closeTime <= now);
        const recorded = market.recordedBars('ETHBTC', interval).filter((bar) => bar.closeTime <= now);
        expect(
          served.filter((bar) => recorded.some((one) => one.openTime === bar.openTime)).map(ohlcv),
        ).toEqual(recorded.map(ohlcv));
      }
      expect(market.bars('ETHBTC', '1d', now - 86_400_000, now, now).at(-1)?.openTime).toBe(
        Date.UTC(2020, 4, 17),
      );
    },
  );
});
