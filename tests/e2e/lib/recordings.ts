import { existsSync } from 'node:fs';
import { join } from 'node:path';

const KLINES = join(import.meta.dirname, '../../../../shared/data/klines');

/** A folder of recorded candles beside the checkout, and what a title says when it is not there. */
export function recordingAt(name: string): {
  readonly folder: string;
  readonly isAbsent: boolean;
  readonly skipped: string;
} {
  const folder = join(KLINES, name);
  const isAbsent = !existsSync(folder);
  return {
    folder,
    isAbsent,
    skipped: isAbsent ? ' (SKIPPED: ../shared/data is not beside the checkout)' : '',
  };
}
