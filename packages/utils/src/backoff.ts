import type { Random } from './random';

/**
 * Delay (ms) before attempt `attempt` (0 is the first retry): exponential with full jitter, so that many
 * clients cut at one instant do not return at one instant.
 */
export function fullJitterMs(
  attempt: number,
  options: { readonly baseMs: number; readonly capMs: number; readonly random: Random },
): number {
  const ceiling = Math.min(options.capMs, options.baseMs * 2 ** Math.min(attempt, 30));
  return Math.round(ceiling * options.random.next());
}
