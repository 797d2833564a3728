/** What a node and its Redis took at some time. Memory, files and Redis in bytes. */
export interface Sample {
  /** Minutes since the node was active. */
  readonly minute: number;
  readonly rss: number;
  readonly heap: number;
  readonly handles: number;
  readonly log: number;
  readonly redis: number;
  /** Of these, what the log of closes takes: it grows for a day. */
  readonly closesLog: number;
  readonly keys: number;
  /** Entries in the log of closes. */
  readonly closes: number;
  readonly isWell: boolean;
}

/** How a quantity went over the samples: its mean, what it grew by in an hour, and that as a share of the mean. */
export interface Slope {
  readonly name: string;
  readonly first: number;
  readonly last: number;
  readonly mean: number;
  readonly perHour: number;
  readonly share: number;
}

/** Before that much of the run is over, it is still warming to its work. */
const SETTLED_SHARE = 1 / 3;

const QUANTITIES: readonly (readonly [name: string, of: (sample: Sample) => number])[] = [
  ['resident memory, MB', (sample) => sample.rss / 1e6],
  ['heap in use, MB', (sample) => sample.heap / 1e6],
  ['open handles', (sample) => sample.handles],
  ['log file, kB', (sample) => sample.log / 1e3],
  ['Redis without the log of closes, MB', (sample) => (sample.redis - sample.closesLog) / 1e6],
  ['the log of closes, MB', (sample) => sample.closesLog / 1e6],
  ['keys in Redis', (sample) => sample.keys],
];

/** Slopes by least squares, over the last two thirds of the samples. */
export function slopesOf(samples: readonly Sample[]): readonly Slope[] {
  const end = samples.at(-1)?.minute ?? 0;
  const settled = samples.filter(({ minute }) => minute >= end * SETTLED_SHARE);
  return QUANTITIES.map(([name, of]) => {
    const values = settled.map(of);
    const mean = averageOf(values);
    const at = averageOf(settled.map(({ minute }) => minute));
    const spread = settled.reduce((sum, { minute }) => sum + (minute - at) ** 2, 0);
    const rise = settled.reduce((sum, sample) => sum + (sample.minute - at) * (of(sample) - mean), 0);
    const perHour = spread === 0 ? 0 : (rise / spread) * 60;
    return {
      name,
      first: values[0] ?? 0,
      last: values.at(-1) ?? 0,
      mean,
      perHour,
      share: mean === 0 ? 0 : perHour / mean,
    };
  });
}

function averageOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
