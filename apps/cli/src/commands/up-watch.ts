import { redisTroubleOf, subscribeCloses } from '@livermore/cache';
import type { createRedis } from '@livermore/cache';
import { readWarmupSchedule, readWarmupStats } from '@livermore/exchange-core';
import type { WarmupSchedule, WarmupStats } from '@livermore/exchange-core';
import { messageOf, systemClock } from '@livermore/utils';
import { exchangeOf } from '../exchange-choice';
import { LiveView } from '../output/live-view';
import { json, note, styled } from '../output/print';
import { endSentence, planSentence, progressLine } from '../output/warmup-view';
import type { Stage, UpOptions } from './up-stage';

type Redis = ReturnType<typeof createRedis>;

const WATCH_EVERY_MS = 200;
/** Stats older than this when we began to look (ms) are of an earlier run. */
const SLACK_MS = 1_000;

/** Follows the warmup through what it says in Redis, as any other program could, until it is over. */
export async function watchWarmup(redis: Redis, options: UpOptions, stage: Stage): Promise<void> {
  const { id } = exchangeOf(options.exchange, options);
  const since = systemClock.now() - SLACK_MS;
  let shownPlan: string | undefined;
  while (!stage.signal.aborted) {
    await systemClock.sleep(WATCH_EVERY_MS, stage.signal).catch(() => undefined);
    // What cannot be read is of another version, or Redis is in trouble: the node's health tells that.
    const stats = await readWarmupStats(redis, id).catch(() => undefined);
    if (stats === undefined || stats.startedAt < since) continue;
    if (shownPlan !== stats.runId && stats.totalPairs > 0) {
      const schedule = await readWarmupSchedule(redis, id).catch(() => undefined);
      if (schedule?.runId === stats.runId) {
        shownPlan = stats.runId;
        showPlan(schedule, options, stage);
      }
    }
    if (showStats(stats, options, stage) === 'over') return;
  }
}

function showPlan(schedule: WarmupSchedule, options: UpOptions, { say }: Stage): void {
  if (options.json === true) {
    json({ event: 'warmup_planned', schedule: { ...schedule, entries: schedule.entries.length } });
  } else say(`  ${planSentence(schedule)}`);
}

function showStats(stats: WarmupStats, options: UpOptions, { say, screen }: Stage): 'over' | 'under way' {
  if (options.json === true) json({ event: 'warmup_progress', stats });
  const tookMs = (stats.finishedAt ?? stats.updatedAt) - stats.startedAt;
  if (stats.status === 'complete' || stats.status === 'incomplete') {
    screen.show('warmup', '');
    const mark = stats.status === 'complete' ? styled('green', '✔') : styled('yellow', '!');
    say(`${mark} ${endSentence(stats, tookMs)}`);
    return 'over';
  }
  if (options.json === true) return 'under way';
  if (stats.status === 'error') {
    screen.show('warmup', `  ${styled('red', endSentence(stats, tookMs))} It is begun again by itself.`);
  } else if (stats.totalPairs > 0) screen.show('warmup', `  ${progressLine(stats)}`);
  return 'under way';
}

/** Shows closes as they are announced on the channel, until the stage ends. */
export async function showCloses(redis: Redis, options: UpOptions, { say, undo }: Stage): Promise<void> {
  const { id } = exchangeOf(options.exchange, options);
  const schedule = await readWarmupSchedule(redis, id).catch(() => undefined);
  const lead = schedule?.entries[0]?.symbol;
  let view: LiveView | undefined;
  const stop = await subscribeCloses(redis, id, {
    onClose: (candle) => {
      if (options.json === true) json({ event: 'close', candle });
      else {
        view ??= new LiveView({ clock: systemClock, lead: lead ?? candle.symbol, print: say });
        view.take(candle);
      }
    },
    // Trouble with Redis is told by the node's health, in better words.
    onInvalid: (error) => {
      if (redisTroubleOf(error) === undefined) note(messageOf(error));
    },
  });
  undo.push(stop);
}
