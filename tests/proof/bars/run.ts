import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeMetrics } from '@livermore/instance';
import { replay } from '@livermore/replay';
import type { ReplayReport } from '@livermore/replay';
import { TIMEFRAMES } from '@livermore/schemas';
import { disagreeing } from '@livermore/simulator';
import { neverActed } from '../acted';
import { unexplainedHoles } from '../unexplained-holes';
import { exportRun } from './plan';
import type { RunPlan } from './plan';
import type { RunRecord, Settling } from './record';

const SETTLED = 'livermore_settled_after_seconds';

/** Lives through one seeded market whose venue's views differ, under production's own settings. */
export async function runBars(plan: RunPlan, redisUrl: string): Promise<RunRecord> {
  const folder = mkdtempSync(join(tmpdir(), `livermore-bars-${plan.venue}-`));
  const metrics = new NodeMetrics();
  try {
    exportRun(plan, folder);
    const { venue, seed, from, to, correctsForMs, settleMs } = plan;
    const faults = disagreeing(venue, { seed, correctsFor: correctsForMs });
    const report = await replay({
      venue,
      data: folder,
      from,
      to,
      speed: 'max',
      seed,
      settleMs,
      redisUrl,
      faults,
      metrics,
    });
    const idle = [...neverActed(venue, faults, report.faultsApplied)];
    const undecided = await unexplainedHoles(report, redisUrl);
    return recordOf(report, { seed, idle, undecided, settled: await settlings(metrics) });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function recordOf(
  report: ReplayReport,
  more: Pick<RunRecord, 'seed' | 'idle' | 'undecided' | 'settled'>,
): RunRecord {
  const { venue, from, to, symbols, candles, announced, closes, warmup, statuses, tookMs } = report;
  return {
    venue,
    ...more,
    from,
    to,
    symbols: symbols.length,
    candles,
    announced: [...announced],
    warmup: warmup.status,
    statuses,
    garbled: closes.unreadable + closes.untoldOwner,
    wrong: [
      ...report.differences.map(
        ({ series, openTime, fields, cached, truth }) =>
          `${series.symbol} ${series.timeframe} ${openTime}: ${fields.join(', ')} of ${JSON.stringify(cached)}, not ${JSON.stringify(truth)}`,
      ),
      ...listed('missing', report.missing),
      ...listed('falsely quiet', report.falselyQuiet),
    ],
    tookMs,
  };
}

function listed(what: string, series: ReplayReport['missing']): readonly string[] {
  return series.map((each) => `${each.symbol} ${each.timeframe} ${what}: ${each.openTimes.join(', ')}`);
}

/** How long after their close bars became settled, by timeframe, as the exchange itself measured it. */
async function settlings(metrics: NodeMetrics): Promise<Settling[]> {
  const found = (await metrics.registry.getMetricsAsJSON()).find(({ name }) => name === SETTLED);
  return TIMEFRAMES.flatMap((timeframe) => {
    const values = found?.values.filter(({ labels }) => labels['timeframe'] === timeframe) ?? [];
    const within = values.flatMap(({ labels, value }) =>
      labels['le'] === undefined ? [] : [{ seconds: String(labels['le']), bars: value }],
    );
    return within.length === 0 ? [] : [{ timeframe, within }];
  });
}
