import { cpus, totalmem } from 'node:os';
import { slopesOf } from './slopes';
import type { Sample } from './slopes';

/** How long it is to run, and on how many series. */
export interface SoakOrder {
  readonly minutes: number;
  readonly symbols: number;
}

/** The page that tells what a soak came to, finished or not. */
export function soakPage({ minutes, symbols }: SoakOrder, samples: readonly Sample[]): string {
  const ran = samples.at(-1)?.minute ?? 0;
  const ill = samples.filter((sample) => !sample.isWell).length;
  const rows = slopesOf(samples).map(({ name, first, last, mean, perHour, share }) =>
    [
      '',
      name,
      ...[first, last, mean, perHour].map((value) => value.toFixed(1)),
      `${(share * 100).toFixed(1)} %`,
      '',
    ]
      .join(' | ')
      .trim(),
  );
  return [
    '# A long run',
    '',
    'Written by `npm run soak`; do not edit. One node keeps the series of a simulated Binance by the wall clock, in a process of its own, as `livermore node` runs it; the venue and',
    'Redis are others. It is sampled every ten seconds; slopes are least squares over the last two thirds.',
    '',
    `- ${ran.toFixed(0)} of ${minutes} minutes, ${symbols * 6} series of ${symbols} symbols, ${samples.length} samples, ${samples.at(-1)?.closes ?? 0} entries in the log of closes.`,
    `- Health was well in ${samples.length - ill} of ${samples.length} samples.`,
    `- ${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), ${Math.round(totalmem() / 1e9)} GB, Node ${process.version}.`,
    '',
    '| quantity | at a third | at the end | mean | grew in an hour | of the mean |',
    '|---|--:|--:|--:|--:|--:|',
    ...rows,
    '',
    'The log of closes holds a day: it grows for that long, by what is told, and no longer.',
    '',
  ].join('\n');
}
