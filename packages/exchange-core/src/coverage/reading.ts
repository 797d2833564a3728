import type { StoredCandle } from '@livermore/cache';
import { closeAsOf, closeTimeOf, isClosed } from '@livermore/schemas';
import type { SourcedCandle } from '@livermore/schemas';

/**
 * What the rows of an answer are evidence of. A row is a reading of a *closed* bar only with a witness: a later row of the
 * same series in the same answer. Without one the venue may not have moved past the bar yet, and what it serves may be
 * the bar as it was while it formed; such a row has the lowest standing a closed bar can have.
 *
 * @param rows the rows of one answer, ascending, as-of the answer's venue time, the one asked for beyond the page included
 * @param answeredAt venue time of the answer, ms
 */
export function asReadings(rows: readonly SourcedCandle[], answeredAt: number): readonly SourcedCandle[] {
  const newest = rows.at(-1)?.timestamp ?? 0;
  return rows.map((row) => {
    const isOpen = closeTimeOf(row.timeframe, row.timestamp) > answeredAt;
    if (isOpen || row.timestamp < newest) return row;
    return { ...row, sequenceNum: closeAsOf(row.timeframe, row.timestamp), standing: 'unwitnessed' };
  });
}

/** Whether a row is evidence of a closed bar: told by REST, with a witness. */
export function isReading(candle: SourcedCandle): boolean {
  return candle.source === 'rest' && candle.standing === undefined && isClosed(candle);
}

/**
 * A cached candle as the pipeline knows it; undefined where it lacks its as-of or its source.
 *
 * @param exchange its name, as candles carry it
 */
export function asSourced(candle: StoredCandle, exchange: string): SourcedCandle | undefined {
  const { sequenceNum, source } = candle;
  if (sequenceNum === undefined || source === undefined) return undefined;
  return { ...candle, exchange, sequenceNum, source };
}
