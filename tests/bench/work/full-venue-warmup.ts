import type { Bench, Row } from '../lib/bench';
import { virtualWarmup } from '../lib/virtual-warmup';
import type { VirtualRun as Whole } from '../lib/virtual-warmup';
import { raceVenue } from '../lib/race-venue';
import { wallMs } from '../lib/measure';

type VirtualRun = Pick<Whole, 'tookMs' | 'weight' | 'requests' | 'statuses'>;

const SMALL = 160;
const LARGE = 1600;
/** A usual round trip from a server to the venue. */
const LATENCY_MS = 60;
/** Weight a minute and address, the venue's own. */
const LIMIT = 6000;
const MINUTE_MS = 60_000;

/** P2. The venue's limits decide, so time is the venue's: virtual, unless `--wall`. */
export const fullVenueWarmup: Bench = {
  id: 'P2',
  title: 'All of a venue: 1,600 symbols × 6 timeframes at its real limits',
  async run(context) {
    const { redisUrl, isQuick, usesWallClock, say } = context;
    const options = { redisUrl, latencyMs: LATENCY_MS };
    const small = await virtualWarmup({ ...options, symbols: isQuick ? SMALL / 10 : SMALL });
    const size = isQuick ? LARGE / 10 : LARGE;
    const large = await virtualWarmup({ ...options, symbols: size });
    const rows = [rowOf(size, large, 'virtual time')];
    if (usesWallClock) {
      say(`by the wall clock: this takes minutes…`);
      rows.push(rowOf(size, await byTheWall(size, redisUrl), 'wall clock, sockets'));
    }
    return {
      rows,
      growth: [
        {
          id: 'P2',
          small: `${size / 10} symbols: ${small.weight} weight`,
          large: `${size} symbols: ${large.weight} weight`,
          times: 10,
          costTimes: large.weight / small.weight,
        },
      ],
    };
  },
};

function rowOf(symbols: number, run: VirtualRun, how: string): Row {
  const limitMs = (run.weight / LIMIT) * MINUTE_MS;
  const naiveMs = ((symbols * 6 * 2) / LIMIT) * MINUTE_MS;
  const refused = [...run.statuses].filter(([status]) => status !== 200);
  return {
    id: 'P2',
    work: `${symbols.toLocaleString('en')} symbols × 6 timeframes, empty Redis, until every series is complete (${how})`,
    ours: { value: run.tookMs / 1000, unit: 's' },
    against: `the weight spent (${run.weight}) ÷ the venue's ${LIMIT} a minute`,
    theirs: { value: limitMs / 1000, unit: 's' },
    ratioOf: 'ours ÷ limit',
    ratio: run.tookMs / limitMs,
    target: { atMost: 1.1 },
    rounds: 1,
    notes: [
      `${run.requests} requests, ${refused.length === 0 ? 'none refused' : `refused: ${refused.join(' ')}`}; each answer takes ${LATENCY_MS} ms.`,
      `A client that spends each clock minute's whole allowance at once would be done with this weight after ${wholeWindowsMs(run.weight) / 1000} s,`,
      `and one page for each pair would need ${naiveMs / 1000} s of allowance.`,
    ],
  };
}

/** From 10 s into a minute, when the windows are the venue's clock minutes and each is spent as soon as it opens. */
function wholeWindowsMs(weight: number): number {
  const further = Math.ceil(weight / LIMIT) - 1;
  return further === 0 ? 0 : further * MINUTE_MS - 10_000;
}

async function byTheWall(symbols: number, redisUrl: string): Promise<VirtualRun> {
  const venue = await raceVenue({ symbols, latencyMs: LATENCY_MS });
  try {
    await venue.calmMoment();
    const tookMs = await wallMs(() => venue.warmUp(redisUrl));
    return { tookMs, ...(await venue.log()) };
  } finally {
    await venue.stop();
  }
}
