import { QualityStore } from '@livermore/cache';
import { defaultExchange } from '@livermore/exchange-core';
import { systemClock } from '@livermore/utils';
import type { Clock } from '@livermore/utils';
import type { CliConfig } from '../config';
import { json, line, note, table } from '../output/print';
import {
  QUALITY_COLUMNS,
  byTimeframe,
  qualityCells,
  qualityJson,
  qualitySentence,
  totalOf,
} from '../output/quality-view';
import type { QualityRow } from '../output/quality-view';
import { openRedis } from '../redis';
import type { RedisChoice } from '../redis';

export interface QualityOptions extends RedisChoice {
  /** UTC days, today included. */
  readonly days: number;
  readonly json?: boolean;
}

const DAY_MS = 86_400_000;

/** Prints how right the candles of an exchange were, by timeframe and day, and in all. */
export async function quality(
  exchange: string,
  options: QualityOptions,
  config: CliConfig,
  clock: Pick<Clock, 'now'> = systemClock,
): Promise<void> {
  const { id } = defaultExchange(exchange);
  const opened = await openRedis(options, config, 'quality');
  try {
    const days = lastDays(clock.now(), options.days);
    const rows = await readRows(new QualityStore(opened.redis), id, days);
    if (options.json === true) json({ exchange, exchangeId: id, ...shown(rows) });
    else if (rows.length > 0) print(rows);
    else note(`Nothing was counted for ${exchange} here in ${options.days} days: a running node counts.`);
  } finally {
    await opened.close();
  }
}

/** The counts of some days, in their order, shortest timeframe first. */
async function readRows(
  store: QualityStore,
  id: number,
  days: readonly string[],
): Promise<readonly QualityRow[]> {
  const read = await Promise.all(days.map((day) => store.read(id, day)));
  return days.flatMap((day, at) =>
    [...(read[at] ?? [])].map(([timeframe, counts]) => ({ day, timeframe, counts })),
  );
}

/** The last `days` UTC days (`YYYY-MM-DD`), the one of `now` (ms) last. */
function lastDays(now: number, days: number): readonly string[] {
  return Array.from({ length: days }, (_, at) =>
    new Date(now - (days - 1 - at) * DAY_MS).toISOString().slice(0, 10),
  );
}

function shown(rows: readonly QualityRow[]) {
  return {
    days: rows.map(({ day, timeframe, counts }) => ({ day, timeframe, ...qualityJson(counts) })),
    timeframes: [...byTimeframe(rows)].map(([timeframe, counts]) => ({ timeframe, ...qualityJson(counts) })),
    total: qualityJson(totalOf(rows)),
  };
}

function print(rows: readonly QualityRow[]): void {
  const isOneDay = rows.every((row) => row.day === rows[0]?.day);
  const sums = isOneDay
    ? []
    : [...byTimeframe(rows)].map(([timeframe, counts]) => qualityCells('all', timeframe, counts));
  const total = totalOf(rows);
  line(
    table(QUALITY_COLUMNS, [
      ...rows.map(({ day, timeframe, counts }) => qualityCells(day, timeframe, counts)),
      ...sums,
      qualityCells('all', 'all', total),
    ]),
  );
  line(qualitySentence(total));
}
