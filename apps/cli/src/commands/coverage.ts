import { AbsenceStore, CandleCacheStrategy, SymbolStore } from '@livermore/cache';
import {
  CoverageReader,
  DEFAULT_CANDLE_TARGET,
  defaultExchange,
  targetWindow,
} from '@livermore/exchange-core';
import type { Coverage } from '@livermore/exchange-core';
import { TIMEFRAMES } from '@livermore/schemas';
import type { Series, Timeframe } from '@livermore/schemas';
import { systemClock } from '@livermore/utils';
import type { CliConfig } from '../config';
import { EXIT_CODES } from '../exit-codes';
import { count, instant } from '../output/format';
import { json, line, note, styled, table } from '../output/print';
import { openRedis } from '../redis';
import type { RedisChoice } from '../redis';

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
    const symbols = options.symbols ?? (await new SymbolStore(opened.redis).read(id));
    if (symbols.length === 0) {
      note(
        `Nothing has been warmed up for ${exchange} here: name symbols with --symbols, or run livermore warmup ${exchange}.`,
      );
    }
    const now = options.at ?? systemClock.now();
    const series = symbols.flatMap((symbol) =>
      (options.timeframes ?? TIMEFRAMES).map((timeframe) => ({ symbol, timeframe })),
    );
    const cache = new CandleCacheStrategy(opened.redis);
    const reader = new CoverageReader({ exchangeId: id, cache, absences: new AbsenceStore(opened.redis) });
    const bars = options.bars ?? DEFAULT_CANDLE_TARGET;
    const found = await reader.read(
      series.map((each) => ({ series: each, window: targetWindow(each.timeframe, bars, now) })),
      now,
    );
    const rows = series.map((each, at) => ({ series: each, coverage: found[at] }));
    if (options.json === true) json({ exchange, exchangeId: id, at: now, bars, series: rows.map(shown) });
    else if (rows.length > 0) print(rows, bars);
    const isFilled = found.length > 0 && found.every((each) => each.isFilled);
    return isFilled ? EXIT_CODES.ok : EXIT_CODES.incomplete;
  } finally {
    await opened.close();
  }
}

interface Row {
  readonly series: Series;
  readonly coverage: Coverage | undefined;
}

function shown({ series, coverage: found }: Row) {
  return { symbol: series.symbol, timeframe: series.timeframe, ...found };
}

function print(rows: readonly Row[], bars: number): void {
  const columns = [
    { title: 'symbol' },
    { title: 'tf' },
    { title: 'present', align: 'right' as const },
    { title: 'no trades', align: 'right' as const },
    { title: 'missing', align: 'right' as const },
    { title: 'newest (UTC)' },
    { title: 'state' },
  ];
  line(table(columns, rows.map(cells)));
  const complete = rows.filter((row) => row.coverage?.isComplete === true).length;
  line(`${count(complete)} of ${count(rows.length)} series complete over their last ${bars} bars`);
}

function cells({ series, coverage: found }: Row): string[] {
  if (found === undefined) return [series.symbol, series.timeframe, '', '', '', '', ''];
  const { newest } = found;
  return [
    series.symbol,
    series.timeframe,
    `${found.present}/${found.expected}`,
    found.noTrades === 0 ? '' : String(found.noTrades),
    found.expected === found.present ? '' : String(found.expected - found.present),
    newest === undefined ? '' : instant(newest),
    stateOf(found),
  ];
}

function stateOf(found: Coverage): string {
  if (found.isComplete) return styled('green', 'complete');
  if (found.isFilled) return styled('cyan', 'the venue has no more');
  const [first] = found.missing.filter((range) => range.why === 'not-fetched');
  const where = first === undefined ? '' : ` from ${instant(first.from)}`;
  return styled('red', `${found.isFresh ? 'hole' : 'behind'}${where}`);
}
