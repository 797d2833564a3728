import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { join } from 'node:path';

/** Recorded market data lies beside the checkout, and not on every machine: a test that needs it asks first. */
const RECORDED = join(import.meta.dirname, '../../../../../shared/data');

/** Whether the recorded data is present. */
export const hasRecordedData = existsSync(RECORDED);

/** Text of a recorded file, unpacked when its name ends in `.gz`; undefined where the data is absent. */
export function recordedText(name: string): string | undefined {
  const path = join(RECORDED, name);
  if (!existsSync(path)) return undefined;
  const bytes = readFileSync(path);
  return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
}

/** Lines of a recorded `.jsonl[.gz]` file; none where the data is absent. */
export function recordedLines(name: string): readonly string[] {
  return (recordedText(name) ?? '').split('\n').filter((line) => line !== '');
}

/** The JSON files of a fixture folder as texts, by name without extension. */
export function fixturesIn(folder: string): ReadonlyMap<string, string> {
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return new Map(
    names.map((name) => [name.slice(0, -'.json'.length), readFileSync(join(folder, name), 'utf8')]),
  );
}
