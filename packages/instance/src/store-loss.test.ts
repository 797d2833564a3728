import { describe, expect, it } from 'vitest';
import { lossBetween } from './store-loss';

const LOOK = { runId: 'a', evictedKeys: 3, isReplica: false, series: 60 };

describe('what Redis lost between two looks', () => {
  it.each([
    ['nothing', LOOK, LOOK, 60, undefined],
    ['nothing at the first look', undefined, LOOK, 60, undefined],
    ['nothing where more is there than was known', LOOK, { ...LOOK, series: 61 }, 60, undefined],
    ['series', LOOK, { ...LOOK, series: 0 }, 60, { reason: 'emptied', series: 60 }],
    [
      'series before the first look',
      undefined,
      { ...LOOK, series: 59 },
      60,
      { reason: 'emptied', series: 1 },
    ],
    ['keys', LOOK, { ...LOOK, evictedKeys: 4, series: 59 }, 60, { reason: 'evicted', series: 1 }],
    ['nothing of ours', LOOK, { ...LOOK, evictedKeys: 4 }, 60, undefined],
    [
      'perhaps its tail',
      LOOK,
      { ...LOOK, runId: 'b', evictedKeys: 0 },
      60,
      { reason: 'restarted', series: 0 },
    ],
  ])('%s', (_what, before, now, expected, loss) => {
    expect(lossBetween(before, now, expected)).toEqual(loss);
  });
});
