import { warmupStatsKey } from '@livermore/cache';
import { HARDCODED_CONFIG } from '@livermore/schemas';
import { ManualClock, silentLogger } from '@livermore/utils';
import type { LogFields } from '@livermore/utils';
import { beforeEach, expect, test } from 'vitest';
import { WarmupStatsSchema } from './types';
import type { WarmupStats } from './types';
import { WarmupReporter } from './warmup-reporter';
import { initialStats } from './warmup-stats';

const { statsEveryMs } = HARDCODED_CONFIG.warmup;

let clock: ManualClock;
let written: WarmupStats[];
let fail: boolean;
const warnings: LogFields[] = [];

const redis = {
  set: async (key: unknown, value: unknown): Promise<'OK'> => {
    expect(key).toBe(warmupStatsKey(5));
    if (fail) throw new Error('OOM command not allowed');
    written.push(WarmupStatsSchema.parse(JSON.parse(String(value))));
    return 'OK';
  },
};

function reporter(): WarmupReporter {
  const initial = initialStats({ runId: 'r', exchangeId: 5, startedAt: clock.now() });
  const logger = { ...silentLogger, warn: (fields: LogFields) => warnings.push(fields) };
  return new WarmupReporter(initial, { redis, clock, logger });
}

beforeEach(() => {
  clock = new ManualClock();
  written = [];
  warnings.length = 0;
  fail = false;
});

test('writes the beginning at once, then no oftener than its interval, and always the newest', async () => {
  const report = reporter();
  await report.flush();
  expect(written.map((stats) => stats.status)).toEqual(['scanning']);
  for (let at = 0; at < 50; at += 1) report.report({ type: 'page-ended', weight: 2 });
  await clock.advance(statsEveryMs - 1);
  expect(written).toHaveLength(1);
  await clock.advance(1);
  expect(written).toHaveLength(2);
  expect(written[1]?.requestsDone).toBe(50);
  await clock.advance(10 * statsEveryMs);
  expect(written).toHaveLength(2);
});

test('a last flush writes the end and leaves no timer', async () => {
  const report = reporter();
  await report.flush();
  report.report({ type: 'planning' });
  report.report({ type: 'finished' });
  await report.flush();
  expect(written.at(-1)?.status).toBe('complete');
  expect(clock.pendingTimers).toBe(0);
});

test('a Redis that refuses is logged and stops nothing; the newest stats are written when it is back', async () => {
  const report = reporter();
  fail = true;
  await report.flush();
  expect(warnings).toMatchObject([{ event: 'warmup_stats_not_written', runId: 'r' }]);
  fail = false;
  report.report({ type: 'planning' });
  await clock.advance(statsEveryMs);
  expect(written.map((stats) => stats.status)).toEqual(['planning']);
});
