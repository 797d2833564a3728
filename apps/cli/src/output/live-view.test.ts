import { timeframeMs } from '@livermore/schemas';
import type { Timeframe, UnifiedCandle } from '@livermore/schemas';
import { ManualClock } from '@livermore/utils';
import { describe, expect, it } from 'vitest';
import { LiveView } from './live-view';

const NOON = Date.UTC(2026, 0, 1, 12);

function bench() {
  const clock = new ManualClock(NOON + 50);
  const lines: string[] = [];
  const view = new LiveView({ clock, lead: 'AAA', print: (line) => lines.push(line) });
  const take = (timeframe: Timeframe, symbol = 'AAA', close = 10, closedAt = NOON) => {
    const timestamp = closedAt - timeframeMs(timeframe);
    const candle: UnifiedCandle = {
      symbol,
      exchange: 'sandbox',
      timeframe,
      timestamp,
      open: 10,
      high: 99,
      low: 1,
      close,
      volume: 1,
    };
    view.take(candle);
  };
  return { clock, lines, take };
}

describe('closes as they come', () => {
  it('are one line for each boundary, with the time of the last', async () => {
    const { clock, lines, take } = bench();
    take('1m');
    take('1m', 'BBB');
    await clock.advance(1_000);
    take('5m');
    await clock.advance(1_499);
    expect(lines).toEqual([]);
    await clock.advance(1);
    expect(lines).toEqual(['12:00:00  1m ×2  5m ×1  AAA 10 ·  all written 1.05 s after the close']);
  });

  it('say whether the price rose or fell', async () => {
    const { clock, lines, take } = bench();
    for (const [at, close] of [10, 11, 9, 9].entries()) {
      take('1m', 'AAA', close, NOON + at * 60_000);
      await clock.advance(60_000);
    }
    expect(lines.map((line) => /AAA \d+ (.)/.exec(line)?.[1])).toEqual(['·', '▲', '▼', '·']);
  });

  it('of long ago are shown as repaired, under the time of the repair', async () => {
    const { clock, lines, take } = bench();
    take('1m', 'AAA', 10, NOON - 600_000);
    take('1h', 'BBB', 10, NOON - 3_600_000);
    await clock.advance(1_500);
    expect(lines).toEqual(['12:00:00  repaired or corrected  1m ×1  1h ×1']);
  });
});
