import { isFaithful, replay } from '@livermore/replay';
import type { ReplayOptions, ReplayReport } from '@livermore/replay';
import { disagreeing } from '@livermore/simulator';
import { afterAll, describe, expect, it } from 'vitest';
import { prepareData } from '../proof/data';
import type { ProofVenue } from '../proof/data';
import { usePrivateRedis } from './lib/private-redis';
import { recordingAt } from './lib/recordings';

const HOUR = 3_600_000;

interface RecordedDay {
  readonly name: string;
  readonly venue: ProofVenue;
  readonly folder: string;
  /** ISO instants; as the replay chooses when absent. */
  readonly from?: string;
  readonly to?: string;
  readonly symbols?: readonly string[];
  /** What the recording is known to hold, where it is remarkable. */
  readonly expected?: Partial<ReplayReport['candles']>;
}

const DAYS: readonly RecordedDay[] = [
  { name: 'all timeframes of one afternoon', venue: 'binance', folder: 'binance/2020-05-17' },
  {
    name: 'a pair that trades every few minutes',
    venue: 'binance',
    folder: 'binance/2023-04',
    from: '2023-04-10T22:00Z',
    to: '2023-04-11T03:00Z',
  },
  {
    name: 'the outage of 2021-04-25, 04:01 to 08:44',
    venue: 'binance',
    folder: 'binance/2021-04',
    symbols: ['BTCUSDT', 'LTCUSDT'],
    from: '2021-04-25T02:30Z',
    to: '2021-04-25T10:30Z',
    // Minutes (one of LTCUSDT was still traded), fives, fifteens and hours.
    expected: { holes: 284 + 283 + 2 * (56 + 18 + 3) },
  },
  {
    name: 'a midnight of a busy pair',
    venue: 'binance',
    folder: 'binance/2025-05',
    from: '2025-06-10T22:00Z',
    to: '2025-06-11T01:00Z',
  },
  {
    name: 'a midnight of 1m candles',
    venue: 'coinbase',
    folder: 'coinbase/2020-02',
    from: '2020-02-13T22:00Z',
    to: '2020-02-14T01:00Z',
  },
  {
    name: 'a day with many minutes without a trade',
    venue: 'coinbase',
    folder: 'coinbase/2016-10-07',
    to: '2016-10-07T14:00Z',
  },
  {
    name: '15m, 1h and 6h, each as the venue itself served it',
    venue: 'coinbase',
    folder: 'coinbase/2025-01',
    from: '2025-03-10T12:00Z',
    to: '2025-03-11T12:00Z',
  },
];

const redisUrl = usePrivateRedis();

function lived(day: Pick<ReplayOptions, 'venue' | 'data'> & Partial<ReplayOptions>): Promise<ReplayReport> {
  return replay({ speed: 'max', redisUrl: redisUrl(), ...day });
}

/** What must be the same each time: everything but how long it took. */
function withoutTimings(report: ReplayReport): ReplayReport {
  return { ...report, tookMs: 0 };
}

describe('BASE-04: what was lived through equals what the venue recorded', () => {
  for (const { name, venue, folder: path, from, to, symbols, expected = {} } of DAYS) {
    const { folder, isAbsent, skipped } = recordingAt(path);
    it.skipIf(isAbsent)(`${path}: ${name}${skipped}`, async () => {
      const report = await lived({
        venue,
        data: folder,
        ...(from === undefined ? {} : { from: Date.parse(from) }),
        ...(to === undefined ? {} : { to: Date.parse(to) }),
        ...(symbols === undefined ? {} : { symbols }),
      });
      const { differences, missing, candles } = report;
      expect({ differences, missing }).toEqual({ differences: [], missing: [] });
      expect(isFaithful(report)).toBe(true);
      expect(candles).toMatchObject({ unannounced: 0, revised: 0, announcedWrongFirst: 0, ...expected });
      expect(candles.announcedRight).toBe(candles.announced);
      expect(Object.keys(report.statuses)).toEqual(['200']);
      expect(report.warmup.status).toBe('complete');
    });
  }
});

describe.each(['binance', 'coinbase'] as const)('a seeded recording of %s', (venue) => {
  const data = prepareData(venue, undefined);
  afterAll(() => data.remove());
  const range = { from: data.midnight - 1.5 * HOUR, to: data.midnight + 0.5 * HOUR };

  it('is lived through to the same report each time, with nothing different, missing or invented', async () => {
    const first = await lived({ venue, data: data.folder, ...range });
    const second = await lived({ venue, data: data.folder, ...range });
    expect(isFaithful(first)).toBe(true);
    expect(first.candles.unannounced).toBe(0);
    expect(withoutTimings(second)).toEqual(withoutTimings(first));
  });

  it('is lived through to the same report each time under faults and differing views as well', async () => {
    const faults = [
      ...disagreeing(venue, { correctsFor: '80m' }),
      { at: '20m', for: '5m', fault: { kind: 'frames-dropped' as const, share: 0.5 } },
      { at: '89m', fault: { kind: 'cut' as const } },
    ];
    const reports = [
      await lived({ venue, data: data.folder, ...range, faults }),
      await lived({ venue, data: data.folder, ...range, faults }),
    ];
    const [first, second] = reports.map((report) => withoutTimings(report));
    expect(second).toEqual(first);
  });
});
