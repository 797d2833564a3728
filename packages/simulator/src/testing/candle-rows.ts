import type { Transport } from '@livermore/exchange-core';
import { z } from 'zod';
import { INTERVAL_MS } from '../market/intervals';
import type { Interval } from '../market/market';
import type { SimulatedVenue } from '../simulator';
import { ask } from './client';

/** Opening time (ms), open, high, low, close, volume. */
export type CandleRow = readonly number[];

const GRANULARITIES: Partial<Record<Interval, string>> = { '1m': 'ONE_MINUTE', '5m': 'FIVE_MINUTE' };

const Decimal = z.union([z.string(), z.number()]).transform(Number);
const RowSchema = z.tuple([z.number(), Decimal, Decimal, Decimal, Decimal, Decimal]).rest(z.unknown());
const CandleSchema = z.object({
  start: Decimal,
  open: Decimal,
  high: Decimal,
  low: Decimal,
  close: Decimal,
  volume: Decimal,
});

/** How a venue spells an asset against dollars. */
export function symbolAt(venue: SimulatedVenue, base: string): string {
  return venue === 'coinbase' ? `${base}-USD` : `${base}USDT`;
}

interface Question {
  readonly symbol: string;
  readonly interval: Interval;
  readonly bars: number;
  readonly now: number;
}

/** The body of an answer with the newest candles of a series. */
export async function candlesBody(
  venue: SimulatedVenue,
  transport: Transport,
  { symbol, interval, bars, now }: Question,
): Promise<string> {
  if (venue !== 'coinbase')
    return (await ask(transport, `/api/v3/klines?symbol=${symbol}&interval=${interval}&limit=${bars}`)).body;
  const seconds = INTERVAL_MS[interval] / 1000;
  const end = Math.floor(now / 1000 / seconds) * seconds;
  const window = `start=${end - (bars - 1) * seconds}&end=${end}&granularity=${GRANULARITIES[interval] ?? ''}`;
  const path = `/api/v3/brokerage/market/products/${symbol}/candles?${window}`;
  return (await ask(transport, path, { 'cache-control': 'no-cache' })).body;
}

/** The same as rows, oldest first; those that are no rows are left out. */
export async function candlesOf(
  venue: SimulatedVenue,
  transport: Transport,
  question: Question,
): Promise<readonly CandleRow[]> {
  const body: unknown = JSON.parse(await candlesBody(venue, transport, question));
  if (venue !== 'coinbase')
    return z
      .array(z.unknown())
      .parse(body)
      .flatMap((row) => {
        const read = RowSchema.safeParse(row);
        return read.success ? [read.data.slice(0, 6).map(Number)] : [];
      });
  const { candles } = z.object({ candles: z.array(z.unknown()) }).parse(body);
  return candles.toReversed().flatMap((candle) => {
    const read = CandleSchema.safeParse(candle);
    if (!read.success) return [];
    const { start, open, high, low, close, volume } = read.data;
    return [[start * 1000, open, high, low, close, volume]];
  });
}
