import type { StoredCandle } from '@livermore/cache';
import { closeAsOf, timeframeMs } from '@livermore/schemas';
import { describe, expect, it } from 'vitest';
import { AnnouncedLedger } from './announced';
import { Judge } from './judge';
import { Recording } from './recording';
import { Truth } from './truth';

const SERIES = { symbol: 'AAA-USD', timeframe: '1m' } as const;
const STEP = timeframeMs('1m');
const FROM = 1_700_000_040_000;
const BARS = 600;
const VALUES = { open: 2, high: 4, low: 1, close: 3, volume: 5 };
/** The exchange went live when so many bars were there. */
const WARMED = 500;
const ACTIVE_AT = FROM + WARMED * STEP;
/** Bars without trades: the venue has no row for them. */
const QUIET = new Set([300, 550]);

function recorded() {
  const texts = { open: '2', high: '4', low: '1', close: '3', volume: '5' };
  const times = Array.from({ length: BARS }, (_, at) => at).filter((at) => !QUIET.has(at));
  const bars = new Map(
    times.map((at) => [FROM + at * STEP, { openTime: FROM + at * STEP, ...texts }] as const),
  );
  const about = { symbol: SERIES.symbol, interval: '1m', stepMs: STEP, source: '' };
  return new Recording([{ ...about, bars, from: FROM, to: FROM + BARS * STEP }]);
}

function candle(at: number, over: Partial<StoredCandle> = {}): StoredCandle {
  const timestamp = FROM + at * STEP;
  const flat = { open: 3, high: 3, low: 3, close: 3, volume: 0, source: 'no-trades' } as const;
  const values = QUIET.has(at) ? flat : { ...VALUES, source: 'rest' as const };
  return { ...SERIES, timestamp, ...values, sequenceNum: closeAsOf('1m', timestamp), ...over };
}

/** What is found where all of it is cached and the lived bars are told, but for what is changed. */
async function judged(
  changes: Readonly<Record<number, Partial<StoredCandle> | 'gone' | 'untold'>>,
  until = FROM + BARS * STEP,
) {
  const all = Array.from({ length: BARS }, (_, at) => at);
  const cached = all.flatMap((at) => {
    const change = changes[at];
    return change === 'gone' ? [] : [candle(at, change === 'untold' ? {} : change)];
  });
  const ledger = new AnnouncedLedger();
  for (const { timestamp, ...said } of cached) {
    if (timestamp < ACTIVE_AT || changes[(timestamp - FROM) / STEP] === 'untold') continue;
    ledger.note(SERIES, timestamp, said);
  }
  const recording = recorded();
  const judge = new Judge({
    recording,
    truth: new Truth(recording),
    cache: {
      readExchangeCandles: async (_id, _series, query) => {
        const { from = 0, to = Infinity } = query ?? {};
        return cached.filter(({ timestamp }) => timestamp >= from && timestamp <= to);
      },
    },
    exchangeId: 1,
    ledger,
  });
  await judge.compare(SERIES, until, ACTIVE_AT);
  return judge.results().candles;
}

describe('what a replay left', () => {
  it('is compared from the first cached bar on, however many the warmup had to bring', async () => {
    const all = { compared: BARS - QUIET.size, equal: BARS - QUIET.size, quiet: QUIET.size, unannounced: 0 };
    expect(await judged({})).toMatchObject({ ...all, different: 0, missing: 0, invented: 0 });
    expect(await judged({ 20: { volume: 6 } })).toMatchObject({ different: 1 });
    expect(await judged({ 20: 'gone' })).toMatchObject({ missing: 1 });
    const beside = { timestamp: FROM + 20 * STEP + 1, sequenceNum: closeAsOf('1m', FROM + 21 * STEP) };
    expect(await judged({ 20: beside })).toMatchObject({ missing: 1, invented: 1 });
  });

  it('must begin no later than the bars a warmup has to bring', async () => {
    const none = Object.fromEntries(Array.from({ length: 450 }, (_, at) => [at, 'gone' as const]));
    expect(await judged(none)).toMatchObject({ missing: 50 });
  });

  it('counts closes nobody was told of, quiet ones too, and only those of the time it was live', async () => {
    expect(await judged({ 499: 'untold', 520: 'untold', 550: 'untold' })).toMatchObject({ unannounced: 2 });
  });
});
