import { describe, expect, it, vi } from 'vitest';
import { silentLogger } from './logger';
import { ManualClock } from './manual-clock';
import { inRounds } from './rounds';

const EVERY_MS = 5000;

describe('rounds', () => {
  it('follow one another, a pause before each, also after one that failed, and end when they are aborted', async () => {
    const clock = new ManualClock(0);
    const ended = new AbortController();
    const warn = vi.fn<() => void>();
    const at: number[] = [];
    const round = () => {
      at.push(clock.now());
      return at.length === 1 ? Promise.reject(new Error('no')) : Promise.resolve();
    };
    const options = { everyMs: EVERY_MS, failed: 'round_failed', clock, logger: { ...silentLogger, warn } };
    const running = inRounds(round, options, ended.signal);
    await clock.advance(3 * EVERY_MS);
    expect(at).toEqual([EVERY_MS, 2 * EVERY_MS, 3 * EVERY_MS]);
    expect(warn.mock.calls).toEqual([[{ event: 'round_failed', error: 'no' }]]);
    ended.abort();
    await running;
    expect(at).toHaveLength(3);
  });
});
