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
import { readKeptSymbols, refuseUnkept } from '../kept-symbols';
import { openRedis } from '../redis';
import type { RedisChoice } from '../redis';

export interface CorrectionsOptions extends RedisChoice {
  /** Where to begin; the whole log when absent. */
  readonly since?: Since;
  readonly symbols?: readonly string[];
  readonly timeframes?: readonly Timeframe[];
  readonly json?: boolean;
}

/** Prints every closed bar that changed, oldest change first, as it is read. @throws UsageError for a symbol that is not kept */
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
  const found = new Set<string>();
  const log = new CorrectionLog(opened.redis);
  try {
    const { kept, chosen } = await readKeptSymbols(opened.redis, id, options.symbols);
    const symbols = options.symbols === undefined ? undefined : new Set(chosen);
    for await (const each of log.since(id, since, (error) => unreadable.push(error.message))) {
      if (!isAskedFor(each, symbols, options.timeframes)) continue;
      found.add(each.series.symbol);
      changes += 1;
      if (each.new === undefined) retractions += 1;
      if (options.json === true) json(correctionJson(each));
      else rows.add(correctionCells(each));
      await drained(process.stdout);
    }
    if (options.json !== true) rows.end();
    refuseUnkept(
      exchange,
      kept,
      options.symbols === undefined ? [] : chosen.filter((symbol) => !found.has(symbol)),
    );
  } finally {
    await opened.close();
  }
  noteUnreadable(unreadable, 'entries of the log');
  if (options.json === true) return;
  if (changes === 0) note(`No closed bar of ${exchange} changed since ${instant(since)} (UTC).`);
  else line(summary(changes, retractions, since));
}

function isAskedFor(
  { series }: Correction,
  symbols: ReadonlySet<string> | undefined,
  timeframes: readonly Timeframe[] | undefined,
): boolean {
  return symbols?.has(series.symbol) !== false && timeframes?.includes(series.timeframe) !== false;
}

function summary(changes: number, retractions: number, since: number): string {
  const takenBack = retractions === 0 ? '' : `, taken back: ${count(retractions)}`;
  return `changes of closed bars since ${instant(since)} (UTC): ${count(changes)}${takenBack}`;
}
