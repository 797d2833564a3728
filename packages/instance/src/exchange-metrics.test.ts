import type { BookEntry } from '@livermore/exchange-core';
import { describe, expect, it } from 'vitest';
import { ExchangeMetrics } from './exchange-metrics';
import { NodeMetrics } from './metrics';

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
