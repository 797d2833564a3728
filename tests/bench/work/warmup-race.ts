import type { Bench } from '../lib/bench';
import { inTurns, median, medianRatio, wallMs } from '../lib/measure';
import { CCXT_VERSION, loadCcxt } from '../lib/peers';
import type { Ccxt } from '../lib/peers';
import { raceVenue } from '../lib/race-venue';
import { TIMEFRAMES } from '@livermore/schemas';

const SMALL = 10;
const LARGE = 100;
/** A usual round trip from a server to the venue. */
const LATENCY_MS = 60;
const CANDLES = 100;

/** P3. The same simulated venue, real sockets, a process each; they take turns. */
export const warmupRace: Bench = {
  id: 'P3',
  title: 'Cold warmup until every series is complete, against ccxt fetchOHLCV (about a minute a round)',
  async run({ redisUrl, isQuick, say }) {
    const ccxt = await loadCcxt(say);
    const small = await race(ccxt, SMALL, { redisUrl, rounds: isQuick ? 1 : 3 });
    const sizes = isQuick ? [] : [LARGE];
    const races = [{ symbols: SMALL, ...small }];
    for (const symbols of sizes)
      races.push({ symbols, ...(await race(ccxt, symbols, { redisUrl, rounds: 3 })) });
    const judged = races.at(-1) ?? { symbols: SMALL, ...small };
    return {
      rows: [
        {
          id: 'P3',
          work: `Cold warmup of ${judged.symbols} symbols × 6 timeframes until 100 candles of each are there`,
          ours: { value: median(judged.ours) / 1000, unit: 's' },
          against: `ccxt ${CCXT_VERSION} fetchOHLCV of all pairs at once, under its own rate limiter`,
          theirs: { value: median(judged.peer) / 1000, unit: 's' },
          ratioOf: 'peer ÷ ours',
          ratio: medianRatio(judged.peer, judged.ours),
          target: { atLeast: 4 },
          rounds: judged.ours.length,
          notes: [
            `Each answer of the venue takes ${LATENCY_MS} ms. Ours also learns the venue's clock, checks every page for holes, and writes to Redis; ccxt only fetches.`,
          ],
        },
      ],
      growth: isQuick
        ? []
        : [
            {
              id: 'P3',
              small: `${SMALL} symbols: ${(median(small.ours) / 1000).toFixed(2)} s`,
              large: `${LARGE} symbols: ${(median(judged.ours) / 1000).toFixed(2)} s`,
              times: LARGE / SMALL,
              costTimes: median(judged.ours) / median(small.ours),
            },
          ],
    };
  },
};

async function race(ccxt: Ccxt, symbols: number, options: { redisUrl: string; rounds: number }) {
  const venue = await raceVenue({ symbols, latencyMs: LATENCY_MS });
  try {
    return await inTurns(
      options.rounds,
      {
        ours: async () => {
          await venue.calmMoment();
          return wallMs(() => venue.warmUp(options.redisUrl));
        },
        peer: async () => {
          await venue.calmMoment();
          return wallMs(() => fetchAll(ccxt, venue.rest, symbols));
        },
      },
      { warmUp: symbols === SMALL },
    );
  } finally {
    await venue.stop();
  }
}

async function fetchAll(ccxt: Ccxt, rest: string, symbols: number): Promise<void> {
  const exchange = new ccxt.binance({
    enableRateLimit: true,
    options: { fetchMarkets: { types: ['spot'] }, fetchCurrencies: false },
  });
  exchange.urls.api['public'] = `${rest}/api/v3`;
  exchange.urls.api['private'] = `${rest}/api/v3`;
  const markets = Object.keys(await exchange.loadMarkets());
  if (markets.length !== symbols) throw new Error(`ccxt sees ${markets.length} markets of ${symbols}`);
  const fetched = await Promise.all(
    markets.flatMap((symbol) =>
      TIMEFRAMES.map((timeframe) => exchange.fetchOHLCV(symbol, timeframe, undefined, CANDLES)),
    ),
  );
  if (fetched.some((candles) => candles.length !== CANDLES)) throw new Error('ccxt got too few candles');
  await exchange.close();
}
