import { CORRECTIONS_KEPT_MS, CorrectionLog } from '@livermore/cache';
import type { Correction } from '@livermore/cache';
import { defaultExchange } from '@livermore/exchange-core';
import type { Timeframe } from '@livermore/schemas';
import { systemClock } from '@livermore/utils';
import type { Since } from '../arguments';
import type { CliConfig } from '../config';
import { AlignedRows } from '../output/aligned-rows';
import { CORRECTION_TITLES, correctionCells, correctionJson } from '../output/correction-view';
import { drained } from '../output/flushed';
import { count, instant } from '../output/format';
import { json, line, note, noteUnreadable } from '../output/print';
import { openRedis } from '../redis';
import type { RedisChoice } from '../redis';

export interface CorrectionsOptions extends RedisChoice {
  /** Where to begin; the whole log when absent. */
  readonly since?: Since;
  readonly symbols?: readonly string[];
  readonly timeframes?: readonly Timeframe[];
  readonly json?: boolean;
}

/** Prints every closed bar that changed, oldest change first, as it is read. */
export async function corrections(
  exchange: string,
  options: CorrectionsOptions,
  config: CliConfig,
): Promise<void> {
  const { id } = defaultExchange(exchange);
  const { kind, ms } = options.since ?? { kind: 'ago', ms: CORRECTIONS_KEPT_MS };
  const since = kind === 'instant' ? ms : systemClock.now() - ms;
  const opened = await openRedis(options, config, 'corrections');
  const rows = new AlignedRows(CORRECTION_TITLES, line);
  let [changes, retractions] = [0, 0];
  const unreadable: string[] = [];
  const log = new CorrectionLog(opened.redis);
  try {
    for await (const each of log.since(id, since, (error) => unreadable.push(error.message))) {
      if (!isAskedFor(each, options)) continue;
      changes += 1;
      if (each.new === undefined) retractions += 1;
      if (options.json === true) json(correctionJson(each));
      else rows.add(correctionCells(each));
      await drained(process.stdout);
    }
  } finally {
    await opened.close();
  }
  noteUnreadable(unreadable, 'entries of the log');
  if (options.json === true) return;
  rows.end();
  if (changes === 0) note(`No closed bar of ${exchange} changed since ${instant(since)} (UTC).`);
  else line(summary(changes, retractions, since));
}

function isAskedFor({ series }: Correction, { symbols, timeframes }: CorrectionsOptions): boolean {
  return symbols?.includes(series.symbol) !== false && timeframes?.includes(series.timeframe) !== false;
}

function summary(changes: number, retractions: number, since: number): string {
  const takenBack = retractions === 0 ? '' : `, taken back: ${count(retractions)}`;
  return `changes of closed bars since ${instant(since)} (UTC): ${count(changes)}${takenBack}`;
}
