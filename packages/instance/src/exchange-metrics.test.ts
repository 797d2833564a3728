import type { WriteOutcome } from '@livermore/cache';
import type { BookEntry, PageReport } from '@livermore/exchange-core';
import { closeAsOf, closeTimeOf } from '@livermore/schemas';
import { describe, expect, it } from 'vitest';
import { ExchangeMetrics } from './exchange-metrics';
import { NodeMetrics } from './metrics';
import { someOutcome } from './testing/outcomes';

const VALUES = { open: 1, high: 1, low: 1, close: 1, volume: 1 };
const CANDLE = {
  ...VALUES,
  symbol: 'AAA',
  exchange: 'somewhere',
  timeframe: '5m',
  timestamp: 0,
  sequenceNum: 1,
  source: 'stream',
} as const;

async function afterWriting(kind: BookEntry['kind'], isAnnounced: boolean): Promise<string> {
  const metrics = new NodeMetrics();
  const took = { isAnnounced, sinceFrameMs: 4, writeMs: 1 };
  new ExchangeMetrics('somewhere', metrics).written({ kind, candle: CANDLE }, took);
  return metrics.registry.metrics();
}

describe('a written candle', () => {
  it('counts as a close, with its delay, when it was announced', async () => {
    const text = await afterWriting('close', true);
    expect(text).toContain('livermore_closes_total{exchange="somewhere",timeframe="5m",source="stream"} 1');
    expect(text).toContain('livermore_frame_to_close_seconds_count{exchange="somewhere"} 1');
  });

  it('is no close when it was known already, as the bars of a snapshot are', async () => {
    const text = await afterWriting('close', false);
    expect(text).not.toContain('livermore_closes_total{');
    expect(text).not.toContain('livermore_frame_to_close_seconds_count{');
    expect(text).toContain('livermore_write_seconds_count{exchange="somewhere"} 1');
  });

  it('counts as an update while it forms', async () => {
    expect(await afterWriting('update', false)).toContain('livermore_updates_total{exchange="somewhere"} 1');
  });
});

async function afterClosing(
  afterMs: number,
  outcome: Partial<WriteOutcome>,
  liveSince: number | undefined = 0,
): Promise<string> {
  const metrics = new NodeMetrics();
  const sequenceNum = closeAsOf('5m', CANDLE.timestamp);
  new ExchangeMetrics('somewhere', metrics).closed({ ...CANDLE, sequenceNum }, someOutcome(outcome), {
    now: closeTimeOf('5m', CANDLE.timestamp) + afterMs,
    liveSince,
  });
  return metrics.registry.metrics();
}

describe('a closed bar that was written', () => {
  it('says how long after its close it got other values, whatever its as-of', async () => {
    const text = await afterClosing(90_000, { written: true, changed: true });
    const age = 'livermore_change_age_seconds';
    expect(text).toContain(`${age}_sum{exchange="somewhere",timeframe="5m"} 90`);
    expect(text).toContain(`${age}_bucket{le="60",exchange="somewhere",timeframe="5m"} 0`);
    expect(text).toContain(`${age}_bucket{le="120",exchange="somewhere",timeframe="5m"} 1`);
  });

  it.each([
    ['has the values it had', { written: true, settled: true }],
    ['was not closed before', { written: true, changed: true, wasClosed: false }],
  ])('has no age of a change when it %s', async (_what, outcome) => {
    expect(await afterClosing(90_000, outcome)).not.toContain('livermore_change_age_seconds_sum{');
  });

  it('says how long after its close it became settled', async () => {
    const text = await afterClosing(90_000, { written: true, settled: true });
    const age = 'livermore_settled_after_seconds';
    expect(text).toContain(`${age}_sum{exchange="somewhere",timeframe="5m"} 90`);
    expect(text).toContain(`${age}_bucket{le="60",exchange="somewhere",timeframe="5m"} 0`);
  });

  it.each([
    ['it waits for another reading', { written: true }, 0],
    ['it closed before the exchange was live', { written: true, settled: true }, 300_001],
  ])('says no time until it was settled when %s', async (_what, outcome, liveSince) => {
    const text = await afterClosing(90_000, outcome, liveSince);
    expect(text).not.toContain('livermore_settled_after_seconds_sum{');
  });

  it.each([
    ['right', false],
    ['wrong', true],
  ])('was %s at first, once it is settled', async (verdict, corrected) => {
    const text = await afterClosing(90_000, { written: true, settled: true, corrected });
    expect(text).toContain(
      `livermore_first_values_total{exchange="somewhere",timeframe="5m",verdict="${verdict}"} 1`,
    );
  });
});

describe('a bar of history that becomes settled', () => {
  const closeTime = closeAsOf('5m', CANDLE.timestamp) / 1_000;

  it.each([
    ['closed before the feed was live', closeTime + 1, 0],
    ['closed since', closeTime, 1],
  ])('counts as first said here only where it %s', async (_what, liveSince, count) => {
    const text = await afterClosing(90_000, { written: true, settled: true }, liveSince);
    expect(text.split('\n').filter((each) => each.startsWith('livermore_first_values_total{'))).toHaveLength(
      count,
    );
  });
});

describe('a page of REST', () => {
  const MINUTE_MS = 60_000;
  const END = 100 * MINUTE_MS;

  /** An answer 40 s after `END` to a page that ends there, with a row asked for beyond it. */
  async function afterPage(over: Partial<PageReport>): Promise<string> {
    const metrics = new NodeMetrics();
    new ExchangeMetrics('somewhere', metrics).restLag({
      page: { symbol: 'AAA', timeframe: '1m', from: END - 5 * MINUTE_MS, to: END },
      answeredAt: END + 40_000,
      rows: 5,
      written: 5,
      corrected: 0,
      noTrades: 0,
      newestAsked: END,
      newestRow: END,
      absent: [],
      unsettled: [],
      stillQuiet: [],
      outcomes: [],
      ...over,
    });
    return metrics.registry.metrics();
  }

  it.each([
    ['does not lag when it has the bar that is open', END, 0],
    ['lags by what passed since the close of its newest bar', END - MINUTE_MS, 40],
    ['lags by a bar more when that is missing too', END - 2 * MINUTE_MS, 100],
  ])('%s', async (_what, newestRow, seconds) => {
    expect(await afterPage({ newestRow })).toContain(
      `livermore_rest_lag_seconds_sum{exchange="somewhere"} ${seconds}`,
    );
  });

  it('says nothing of a lag when it is empty', async () => {
    expect(await afterPage({ newestRow: undefined })).not.toContain('livermore_rest_lag_seconds_sum{');
  });
});
