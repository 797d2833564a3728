import { describe, expect, it } from 'vitest';
import type { InstanceFacts } from './facts';
import { METRICS, NodeMetrics } from './metrics';
import { metricsPage } from './testing/metrics-page';
import { someFacts, someGaps, someTruth } from './testing/facts';

const EXCHANGE = 'somewhere';
const LABELS: Readonly<Record<string, string>> = { field: 'price', timeframe: '1m', source: 'stream' };

/** The value of a series as a scrape shows it; undefined when it is not there. */
async function scraped(metrics: NodeMetrics, series: string): Promise<number | undefined> {
  const text = await metrics.registry.metrics();
  const line = text.split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

describe('the metrics of a node', () => {
  it('are those that docs/metrics.md lists', async () => {
    await expect(metricsPage()).toMatchFileSnapshot('../../../docs/metrics.md');
  });

  it('all appear in a scrape once something happened', async () => {
    const metrics = new NodeMetrics();
    metrics.readFrom(EXCHANGE, () => someFacts({ redisTrouble: 'full' }));
    for (const metric of METRICS) {
      const labels = Object.fromEntries(metric.labels.map((label) => [label, LABELS[label] ?? EXCHANGE]));
      if (metric.kind === 'counter') metrics.count(metric.name, labels);
      if (metric.kind === 'histogram') metrics.observeMs(metric.name, labels, 3);
    }
    const text = await metrics.registry.metrics();
    for (const { name, kind } of METRICS) {
      expect(text).toMatch(new RegExp(`^${name}${kind === 'histogram' ? '_count' : ''}\\{`, 'm'));
    }
  });

  it('read gauges from the facts at every scrape, and forget an exchange that ended', async () => {
    const metrics = new NodeMetrics();
    let facts: InstanceFacts = someFacts({ seriesBehind: 3, connections: { live: 2 } });
    const forget = metrics.readFrom(EXCHANGE, () => facts);
    const live = `livermore_connections{exchange="${EXCHANGE}",state="live"}`;
    expect(await scraped(metrics, `livermore_series_behind{exchange="${EXCHANGE}"}`)).toBe(3);
    expect(await scraped(metrics, live)).toBe(2);
    facts = someFacts({ seriesBehind: 0, connections: { opening: 1 } });
    expect(await scraped(metrics, `livermore_series_behind{exchange="${EXCHANGE}"}`)).toBe(0);
    expect(await scraped(metrics, live)).toBeUndefined();
    forget();
    expect(await scraped(metrics, `livermore_series_behind{exchange="${EXCHANGE}"}`)).toBeUndefined();
  });

  it('say how many bars wait for another reading and how many contradict their parts', async () => {
    const metrics = new NodeMetrics();
    const contradictions = { open: 3, oldestMs: 9, found: 5, venues: 1 };
    metrics.readFrom(EXCHANGE, () => someFacts({ truth: someTruth({ unsettled: 12, contradictions }) }));
    expect(await scraped(metrics, `livermore_unsettled{exchange="${EXCHANGE}"}`)).toBe(12);
    expect(await scraped(metrics, `livermore_contradictions_open{exchange="${EXCHANGE}"}`)).toBe(3);
  });

  it.each([
    ['livermore_frames_total', '', (n: number) => ({ frames: n })],
    ['livermore_reconnects_total', '', (n: number) => ({ reconnects: n })],
    ['livermore_gaps_repaired_total', '', (n: number) => ({ gaps: someGaps({ repaired: n }) })],
    ['livermore_gap_failures_total', '', (n: number) => ({ gaps: someGaps({ failures: n }) })],
    ['livermore_rest_requests_total', ',status="429"', (n: number) => ({ restByStatus: { 429: n } })],
    [
      'livermore_audit_compared_total',
      ',verdict="different"',
      (n: number) => ({ truth: someTruth({ audit: { ...someTruth().audit, different: n } }) }),
    ],
  ])('%s grows with the facts, and goes on growing after a restart', async (name, label, factsOf) => {
    const metrics = new NodeMetrics();
    let value = 2;
    metrics.readFrom(EXCHANGE, () => someFacts(factsOf(value)));
    const series = `${name}{exchange="${EXCHANGE}"${label}}`;
    expect(await scraped(metrics, series)).toBe(2);
    expect(await scraped(metrics, series)).toBe(2);
    value = 5;
    expect(await scraped(metrics, series)).toBe(5);
    value = 1;
    expect(await scraped(metrics, series)).toBe(6);
  });
});
