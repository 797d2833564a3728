import { describe, expect, it } from 'vitest';
import { slopesOf } from './slopes';
import type { Sample } from './slopes';

const FLAT: Omit<Sample, 'minute'> = {
  rss: 200e6,
  heap: 100e6,
  handles: 40,
  log: 5e3,
  redis: 60e6,
  closesLog: 10e6,
  keys: 3_000,
  closes: 100,
  isWell: true,
};

describe('slopes', () => {
  it('are nothing where nothing grows', () => {
    const samples = Array.from({ length: 60 }, (_, minute) => ({ ...FLAT, minute }));
    expect(slopesOf(samples).map(({ perHour }) => perHour)).toEqual([0, 0, 0, 0, 0, 0, 0]);
  });

  it('say what grows by how much an hour, of what has settled alone', () => {
    const samples = Array.from({ length: 61 }, (_, minute) => ({
      ...FLAT,
      minute,
      rss: minute < 20 ? 50e6 : 200e6 + minute * 1e6,
      redis: 60e6 + minute * 2e6,
      closesLog: minute * 2e6,
    }));
    const [rss, , , , redis, log] = slopesOf(samples);
    expect(rss?.perHour).toBeCloseTo(60, 6);
    expect(rss?.first).toBe(220);
    expect(redis?.perHour).toBeCloseTo(0, 6);
    expect(log?.perHour).toBeCloseTo(120, 6);
  });

  it('have nothing to say of nothing', () => {
    expect(slopesOf([]).every(({ mean, perHour }) => mean === 0 && perHour === 0)).toBe(true);
  });
});
