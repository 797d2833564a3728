import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { TimeframeSchema } from '@livermore/schemas';
import { z } from 'zod';

const count = z.number().int().nonnegative();

const TotalsSchema = z.object({
  compared: count,
  lived: count,
  equal: count,
  different: count,
  pending: count,
  missing: count,
  revised: count,
  quiet: count,
  falselyQuiet: count,
  holes: count,
  invented: count,
  unannounced: count,
  announced: count,
  announcedRight: count,
  announcedWrongFirst: count,
  announcedOther: count,
  announcedWrongLast: count,
  announcedFalselyQuiet: count,
});

/** How many bars of a timeframe were settled within so many seconds of their close (`+Inf`: at all), adding up. */
const SettlingSchema = z.object({
  timeframe: TimeframeSchema,
  within: z.array(z.object({ seconds: z.string(), bars: count })),
});
export type Settling = z.infer<typeof SettlingSchema>;

/** What one run came to. Times are ms. */
const RunRecordSchema = z.object({
  venue: z.string(),
  seed: count,
  from: z.number(),
  to: z.number(),
  symbols: count,
  candles: TotalsSchema,
  announced: z.array(
    z.object({
      timeframe: TimeframeSchema,
      announced: count,
      announcedRight: count,
      announcedWrongFirst: count,
      announcedOther: count,
      announcedWrongLast: count,
    }),
  ),
  settled: z.array(SettlingSchema),
  /** How the warmup ended. */
  warmup: z.string(),
  statuses: z.record(z.string(), count),
  /** Kinds of faults of the script that never acted. */
  idle: z.array(z.string()),
  /** Of the holes: those that are not decided yet, where nothing later has traded or been told. */
  undecided: count,
  /** Closes that were unreadable, or not told to everyone alike. */
  garbled: count,
  /** What was wrong, one by one, as far as the report kept it. */
  wrong: z.array(z.string()),
  tookMs: z.number(),
});
export type RunRecord = z.infer<typeof RunRecordSchema>;

const StateSchema = z.object({ runs: z.array(RunRecordSchema) });

/** The runs so far; none where there is no such file. @throws ZodError when it is not what `writeRuns` left */
export function readRuns(file: string): readonly RunRecord[] {
  return existsSync(file) ? StateSchema.parse(JSON.parse(readFileSync(file, 'utf8'))).runs : [];
}

/** Whole or not at all: a run that is killed meanwhile leaves the former state. */
export function writeRuns(file: string, runs: readonly RunRecord[]): void {
  mkdirSync(dirname(file), { recursive: true });
  const partial = `${file}.part`;
  writeFileSync(partial, `${JSON.stringify({ runs }, undefined, 1)}\n`);
  renameSync(partial, file);
}
