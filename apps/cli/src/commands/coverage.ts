import { AbsenceStore, CandleCacheStrategy, VerifiedStore, countDoubts, countLooks } from '@livermore/cache';
import {
  CoverageReader,
  DEFAULT_CANDLE_TARGET,
  defaultExchange,
  targetWindow,
} from '@livermore/exchange-core';
import type { CoverageQuery } from '@livermore/exchange-core';
import { seriesKey, TIMEFRAMES } from '@livermore/schemas';
import type { Timeframe } from '@livermore/schemas';
import { systemClock } from '@livermore/utils';
import type { CliConfig } from '../config';
import { EXIT_CODES } from '../exit-codes';
import { readKeptSymbols, refuseUnkept } from '../kept-symbols';
import { COVERAGE_COLUMNS, coverageCells, coverageJson, coverageSummary } from '../output/coverage-view';
import type { CoverageRow } from '../output/coverage-view';
import { json, line, note, table } from '../output/print';
import { openRedis } from '../redis';
import type { OpenedRedis, RedisChoice } from '../redis';

export interface CoverageOptions extends RedisChoice {
  readonly symbols?: readonly string[];
  readonly timeframes?: readonly Timeframe[];
  readonly bars?: number;
  /** Judge as of this instant, ms; now when absent. */
  readonly at?: number;
  readonly json?: boolean;
}

/** Prints what each series holds of what it should hold. @returns the exit code: incomplete when bars are missing */
export async function coverage(
  exchange: string,
  options: CoverageOptions,
  config: CliConfig,
): Promise<number> {
  const { id } = defaultExchange(exchange);
  const opened = await openRedis(options, config, 'coverage');
  try {
    const { kept, chosen: symbols } = await readKeptSymbols(opened.redis, id, options.symbols);
    if (symbols.length === 0) {
      note(
        `Nothing has been warmed up for ${exchange} here: name symbols with --symbols, or run livermore warmup ${exchange}.`,
      );
    }
    const now = options.at ?? systemClock.now();
    const bars = options.bars ?? DEFAULT_CANDLE_TARGET;
    const queries = symbols.flatMap((symbol) =>
      (options.timeframes ?? TIMEFRAMES).map((timeframe) => ({
        series: { symbol, timeframe },
        window: targetWindow(timeframe, bars, now),
      })),
    );
    const rows = await readRows(opened.redis, id, queries, now);
    const found = new Set(rows.flatMap((row) => (row.coverage.present > 0 ? [row.series.symbol] : [])));
    refuseUnkept(
      exchange,
      kept,
      symbols.filter((symbol) => !found.has(symbol)),
    );
    if (options.json === true)
      json({ exchange, exchangeId: id, at: now, bars, series: rows.map(coverageJson) });
    else if (rows.length > 0) print(rows, bars);
    const isFilled = rows.length > 0 && rows.every((row) => row.coverage.isFilled);
    return isFilled ? EXIT_CODES.ok : EXIT_CODES.incomplete;
  } finally {
    await opened.close();
  }
}

/** Series whose doubts are counted at once. */
const SERIES_AT_ONCE = 500;

async function readRows(
  redis: OpenedRedis['redis'],
  id: number,
  queries: readonly CoverageQuery[],
  now: number,
): Promise<readonly CoverageRow[]> {
  const cache = new CandleCacheStrategy(redis);
  const reader = new CoverageReader({ exchangeId: id, cache, absences: new AbsenceStore(redis) });
  const coverages = await reader.read(queries, now);
  const [verified, looks] = await Promise.all([
    new VerifiedStore(redis).readAll(id),
    countLooks(redis, id, new Map(queries.map(({ series, window }) => [seriesKey(series), window]))),
  ]);
  const rows: CoverageRow[] = [];
  for (let at = 0; at < queries.length; at += SERIES_AT_ONCE) {
    const batch = queries.slice(at, at + SERIES_AT_ONCE);
    const doubts = await Promise.all(
      batch.map(({ series, window }) => countDoubts(redis, id, series, window)),
    );
    for (const [of, { series }] of batch.entries()) {
      const found = coverages[at + of];
      if (found === undefined) continue;
      const name = seriesKey(series);
      rows.push({
        series,
        coverage: found,
        verified: verified.get(name),
        doubts: doubts[of] ?? 0,
        looks: looks.get(name) ?? 0,
      });
    }
  }
  return rows;
}

function print(rows: readonly CoverageRow[], bars: number): void {
  line(table(COVERAGE_COLUMNS, rows.map(coverageCells)));
  for (const each of coverageSummary(rows, bars)) line(each);
}
