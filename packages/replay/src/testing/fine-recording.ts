import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from '@livermore/utils';

export interface FineRecordingOptions {
  readonly folder: string;
  readonly symbol: string;
  /** First open time, ms. */
  readonly from: number;
  readonly minutes: number;
  readonly decimals: number;
}

/** Writes a recording of minutes whose prices and volumes use all of so many decimals; returns the rows of the file. */
export function writeFineRecording(options: FineRecordingOptions): readonly string[] {
  const { folder, symbol, from, minutes, decimals } = options;
  const random = seededRandom(decimals);
  const drawn = (least: number, digits: number) =>
    `${least}.${Array.from({ length: digits }, () => Math.floor(random.next() * 9) + 1).join('')}`;
  let close = drawn(3, decimals);
  const rows = Array.from({ length: minutes }, (_, at) => {
    const open = close;
    close = drawn(3, decimals);
    const values = [open, drawn(4, decimals), drawn(2, decimals), close, drawn(7, decimals)];
    return [from + at * 60_000, ...values].join(',');
  });
  mkdirSync(folder, { recursive: true });
  const text = ['open_time,open,high,low,close,volume', ...rows].join('\n');
  writeFileSync(join(folder, `${symbol}-1m.csv`), `${text}\n`);
  return rows;
}
