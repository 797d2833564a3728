import { ManualClock, silentLogger } from '@livermore/utils';
import { describe, expect, it } from 'vitest';
import type { PageReport } from '../ports';
import type { CandlePage } from '../protocol/protocol';
import { SecondLook } from './second-look';

const MINUTE = 60_000;
const START = Date.UTC(2025, 4, 20);

function reportOf(page: CandlePage, over: Partial<PageReport>): PageReport {
  const nothing = { rows: 0, written: 0, corrected: 0, noTrades: 0, absent: [], unsettled: [] };
  return { page, ...nothing, ...over };
}

function setUp(answer: (page: CandlePage) => Partial<PageReport> = () => ({})) {
  const clock = new ManualClock(START);
  const abort = new AbortController();
  const pages: string[] = [];
  const look: SecondLook = new SecondLook({
    loader: {
      load: (page, options) => {
        const span = `${(page.from - START) / MINUTE}..${(page.to - START) / MINUTE}`;
        pages.push(`${options.lane} ${page.symbol} ${page.timeframe} ${span}`);
        const report = reportOf(page, answer(page));
        // As the exchange does with everything it loads.
        look.noteReport(report);
        return Promise.resolve(report);
      },
    },
    candlesPerPage: 30,
    clock,
    logger: silentLogger,
    everyMs: 20 * MINUTE,
  });
  const page = (symbol: string, from: number, to: number): CandlePage => ({
    symbol,
    timeframe: '1m',
    from: START + from * MINUTE,
    to: START + to * MINUTE,
  });
  return { clock, abort, pages, look, page };
}

describe('a second look at what is said to be quiet or absent (BASE-04)', () => {
  it('is taken once, between one and two rounds later, in the spare budget', async () => {
    const { clock, abort, pages, look, page } = setUp((asked) => ({ absent: [asked.from] }));
    const running = look.run(abort.signal);
    look.noteReport(reportOf(page('X', 0, 10), { absent: [START + 3 * MINUTE, START + 5 * MINUTE] }));
    look.noteReport(reportOf(page('Y', 0, 10), { noTrades: 1 }));
    look.noteReport(reportOf(page('Z', 0, 10), {}));
    await clock.advance(39 * MINUTE);
    expect(pages).toEqual([]);
    await clock.advance(2 * MINUTE);
    expect(pages).toEqual(['audit X 1m 3..6', 'audit Y 1m 0..10']);
    await clock.advance(120 * MINUTE);
    expect(pages).toHaveLength(2);
    abort.abort();
    await running;
    expect(clock.pendingTimers).toBe(0);
  });

  it('keeps one range for each series, and asks for no more than fits on a page', async () => {
    const { abort, pages, look, page } = setUp();
    for (let at = 0; at < 40; at += 1) look.noteReport(reportOf(page('X', at, at + 1), { noTrades: 1 }));
    expect(look.facts.waiting).toBe(1);
    await look.round(abort.signal);
    await look.round(abort.signal);
    expect(pages).toEqual(['audit X 1m 0..30', 'audit X 1m 30..40']);
  });

  it('tries again when the venue does not answer', async () => {
    let isDown = true;
    const { abort, look, pages, page } = setUp(() => {
      if (isDown) throw new Error('no answer');
      return {};
    });
    look.note(page('X', 0, 1), page('X', 0, 1));
    await look.round(abort.signal);
    await look.round(abort.signal);
    expect(look.facts).toEqual({ waiting: 1, looks: 1, failures: 1 });
    isDown = false;
    await look.round(abort.signal);
    await look.round(abort.signal);
    expect(look.facts).toEqual({ waiting: 0, looks: 2, failures: 1 });
    expect(pages).toHaveLength(2);
  });
});
