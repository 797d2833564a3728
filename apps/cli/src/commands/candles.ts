import { CandleCacheStrategy } from '@livermore/cache';
import type { StoredCandle } from '@livermore/cache';
import { defaultExchange } from '@livermore/exchange-core';
import type { Timeframe } from '@livermore/schemas';
import type { CliConfig } from '../config';
import { readKeptSymbols, refuseUnkept } from '../kept-symbols';
import { candleJson } from '../output/candle-json';
import { candleLines } from '../output/candle-view';
import { json, line, note, noteUnreadable, terminalColumns } from '../output/print';
import { openRedis } from '../redis';
import type { RedisChoice } from '../redis';

export interface CandlesOptions extends RedisChoice {
  readonly limit: number;
  readonly json?: boolean;
}

export interface CandlesTarget {
  readonly exchange: string;
  readonly symbol: string;
  readonly timeframe: Timeframe;
}

/** Prints the newest cached candles of a series, oldest first. @throws UsageError for a symbol that is not kept */
export async function candles(
  target: CandlesTarget,
  options: CandlesOptions,
  config: CliConfig,
): Promise<void> {
  const { id } = defaultExchange(target.exchange);
  const opened = await openRedis(options, config, 'candles');
  try {
    const unreadable: string[] = [];
    const cache = new CandleCacheStrategy(opened.redis, {
      onUnreadable: (error) => unreadable.push(error.message),
    });
    const stored = await cache.readExchangeCandles(id, target, { limit: options.limit });
    if (stored.length === 0) {
      const { kept, chosen } = await readKeptSymbols(opened.redis, id, [target.symbol]);
      refuseUnkept(target.exchange, kept, chosen);
    }
    if (options.json === true) json({ ...target, exchangeId: id, candles: stored.map(candleJson) });
    else print(target, stored);
    noteUnreadable(unreadable, 'members of the series');
  } finally {
    await opened.close();
  }
}

function print(target: CandlesTarget, stored: readonly StoredCandle[]): void {
  if (stored.length === 0) {
    note(`No candles of ${target.symbol} ${target.timeframe} are cached for ${target.exchange}.`);
    return;
  }
  for (const each of candleLines(stored, terminalColumns())) line(each);
}
