import type { ReplayReport, Totals } from '@livermore/replay';
import { describe, expect, it } from 'vitest';
import { replayLines, replayNotes } from './replay-view';

const AT = Date.UTC(2026, 2, 11);
const SERIES = { symbol: 'AAA', timeframe: '1m' } as const;

const TOTALS: Totals = {
  compared: 1_000,
  lived: 900,
  equal: 996,
  different: 4,
  pending: 3,
  missing: 0,
  revised: 0,
  quiet: 0,
  falselyQuiet: 2,
  holes: 0,
  invented: 0,
  unannounced: 7,
  announced: 900,
  announcedRight: 855,
  announcedWrongFirst: 40,
  announcedOther: 0,
  announcedWrongLast: 5,
  announcedFalselyQuiet: 0,
};

function report(candles: Totals): ReplayReport {
  return {
    venue: 'binance',
    data: 'folder',
    from: AT,
    to: AT + 3_600_000,
    speed: 'max',
    settings: {
      derive: 'default',
      audit: false,
      tickers: true,
      updateEveryMs: 'venue',
      heartbeatEveryMs: 'venue',
      settleMs: 900_000,
    },
    symbols: ['AAA'],
    timeframes: ['1m'],
    candles,
    series: [{ ...SERIES, ...candles, native: 0 }],
    announced: [{ timeframe: '1m', ...candles, shareRight: candles.announcedRight / candles.announced }],
    differences: [],
    missing: [],
    falselyQuiet: [{ ...SERIES, openTimes: [AT] }],
    holes: [],
    revised: [],
    warmup: { requests: 1, weight: 2, naiveRequests: 1, status: 'complete', failures: 0 },
    requests: 3,
    weight: 4,
    statuses: { '200': 3 },
    connections: 1,
    faultsApplied: {},
    faultLines: [],
    closes: { announced: 945, repeated: 45, unreadable: 0, untoldOwner: 0 },
    replayedMs: 3_600_000,
    tookMs: 1_000,
  };
}

describe('a replay, as people read it', () => {
  it('says under which settings, what differs and what was said wrongly', () => {
    const text = replayLines(report(TOTALS)).join('\n');
    expect(text).toContain(
      "deriving as the venue's protocol says, not audited, with tickers, updates at the venue's own pace",
    );
    expect(text).toContain('not native: sums of what was recorded');
    expect(text).toMatch(/1m +900 +855 +95\.0% +40 +· +5 +7/);
    expect(text).toContain(
      '✖ not equal: 1,000 closed candles compared, 4 different (3 as before a correction), 0 missing, 0 invented, 2 falsely quiet',
    );
    expect(text).toContain(
      '900 closes announced: 855 right at once, 40 put right later, 5 wrong at last; 7 never told',
    );
    expect(replayNotes(report(TOTALS))).toEqual(['falsely quiet: AAA 1m 2026-03-11 00:00:00']);
  });

  it('is equal only when nothing is wrong in Redis and no last word was wrong', () => {
    const none = { different: 0, pending: 0, falselyQuiet: 0, announcedWrongLast: 0, unannounced: 0 };
    const good = { ...TOTALS, ...none };
    expect(replayLines(report(good)).join('\n')).toContain(
      '✔ equal: 1,000 closed candles compared, 0 different,',
    );
    const said = { ...good, announcedWrongLast: 1 };
    expect(replayLines(report(said)).join('\n')).toContain('✖ not equal');
  });
});
