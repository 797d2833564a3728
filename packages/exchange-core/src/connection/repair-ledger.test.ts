import { describe, expect, it } from 'vitest';
import { RepairLedger } from './repair-ledger';
import { VenueTime } from './venue-time';

const MARGIN = 30_000;
const setUp = () => {
  const venueTime = new VenueTime();
  return { venueTime, repairs: new RepairLedger(venueTime, MARGIN) };
};

describe('repairs owed', () => {
  it('are settled together, from the oldest on, with a margin', () => {
    const { repairs } = setUp();
    repairs.owe(['a'], { ours: 900_000, venue: 800_000 }, 'first');
    repairs.owe(['b'], { ours: 950_000, venue: 850_000 }, 'second');
    expect(repairs.settle(['b', 'a', 'c'])).toEqual({ topics: ['b', 'a'], since: 770_000, reason: 'first' });
    expect(repairs.settle(['a', 'b', 'c'])).toBeUndefined();
  });

  it('keep their oldest instant', () => {
    const { repairs } = setUp();
    repairs.owe(['a'], { ours: 0, venue: 500_000 }, 'first');
    repairs.owe(['a'], { ours: 0, venue: 800_000 }, 'second');
    expect(repairs.settle(['a'])).toMatchObject({ since: 470_000, reason: 'first' });
  });

  it('are told in venue time, although our clock is five minutes ahead', () => {
    const { repairs, venueTime } = setUp();
    repairs.owe(['a'], { ours: 1_300_000 }, 'before any message');
    expect(repairs.settle(['a'])).toBeUndefined();
    venueTime.observe(1_010_000, 1_310_000);
    expect(repairs.settle(['a'])?.since).toBe(1_000_000 - MARGIN);
  });

  it('are forgotten with the topic', () => {
    const { repairs } = setUp();
    repairs.owe(['a'], { ours: 0 }, 'x');
    repairs.forget(['a']);
    expect(repairs.size).toBe(0);
  });
});
