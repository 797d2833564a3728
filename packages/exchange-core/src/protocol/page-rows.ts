import type { SourcedCandle } from '@livermore/schemas';
import type { CandlePage } from './protocol';

/**
 * The candles of a page, whatever order the rows came in: ascending, unique, inside the page. Of two rows for
 * one open time the one with more volume is kept, because within a bar volume only grows.
 */
export function inPage(page: CandlePage, candles: readonly SourcedCandle[]): readonly SourcedCandle[] {
  const kept = new Map<number, SourcedCandle>();
  for (const candle of candles) {
    if (candle.timestamp < page.from || candle.timestamp >= page.to) continue;
    const other = kept.get(candle.timestamp);
    if (other === undefined || candle.volume > other.volume) kept.set(candle.timestamp, candle);
  }
  return [...kept.values()].toSorted((a, b) => a.timestamp - b.timestamp);
}
