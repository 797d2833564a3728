import { must } from '@livermore/utils';

/** The middle of some numbers; the mean of the two in the middle where they are even in number. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value below which a share (0..1) of the values lies, interpolated. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const below = must(sorted[Math.floor(at)], 'at least one value');
  const above = must(sorted[Math.ceil(at)], 'at least one value');
  return below + (above - below) * (at - Math.floor(at));
}

export type Contestant = () => number | Promise<number>;

/**
 * Lets contestants take turns, so that whatever else the machine does meets all of them alike; who begins changes
 * from round to round. A first turn of each is thrown away: it pays for compilation and for filling caches.
 * @returns what each measured, round by round
 */
export async function inTurns<K extends string>(
  rounds: number,
  contestants: Readonly<Record<K, Contestant>>,
  options: { readonly warmUp?: boolean } = {},
): Promise<Readonly<Record<K, readonly number[]>>> {
  const results: Record<K, number[]> = mapValues(contestants, () => []);
  const turns = Object.keys(results).filter((name): name is K => name in contestants);
  if (options.warmUp !== false) for (const name of turns) await contestants[name]();
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? turns : turns.toReversed();
    for (const name of order) results[name].push(await contestants[name]());
  }
  return results;
}

function mapValues<K extends string, V>(record: Readonly<Record<K, unknown>>, value: () => V): Record<K, V> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys are those of the record
  return Object.fromEntries(Object.keys(record).map((name) => [name, value()])) as Record<K, V>;
}

/** Median over rounds of the ratio within each round: what slows a whole round down cancels out. */
export function medianRatio(over: readonly number[], under: readonly number[]): number {
  return median(over.map((value, round) => value / must(under[round], 'as many rounds of each')));
}

/** CPU time (user and system, ms) of this process that `work` takes. */
export function cpuMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** Wall time (ms) that `work` takes. */
export async function wallMs(work: () => unknown): Promise<number> {
  const before = performance.now();
  await work();
  return performance.now() - before;
}
