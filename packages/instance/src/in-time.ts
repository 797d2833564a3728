import type { Clock } from '@livermore/utils';

/** Whether something settles within so many ms. Leaves no timer behind. */
export async function isInTime(
  clock: Pick<Clock, 'sleep'>,
  ms: number,
  awaited: Promise<unknown>,
): Promise<boolean> {
  const patience = new AbortController();
  const late = clock.sleep(ms, patience.signal).then(
    () => false,
    () => true,
  );
  const settled = awaited.then(
    () => true,
    () => true,
  );
  const inTime = await Promise.race([settled, late]);
  patience.abort(new Error('settled'));
  return inTime;
}
