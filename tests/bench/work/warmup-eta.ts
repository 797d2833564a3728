import { exchangeCandleKey } from '@livermore/cache';
import { TIMEFRAMES } from '@livermore/schemas';
import type { Bench, BenchContext, BenchResult, Row } from '../lib/bench';
import { etaErrorOf } from '../lib/eta-error';
import type { EtaError } from '../lib/eta-error';
import { onStage } from '../lib/virtual-stage';
import type { Stage, StageOptions } from '../lib/virtual-stage';
import { warmUpOn } from '../lib/virtual-warmup';
import { wallWarmups } from '../lib/wall-warmup';

/** A usual round trip from a server to the venue. */
const LATENCY_MS = 60;
const WITHIN = 0.1;

interface Case {
  readonly what: string;
  readonly stage: Omit<StageOptions, 'redisUrl' | 'latencyMs'>;
  readonly isHalfFilled?: boolean;
}

const SMALL: Case = {
  what: 'Coinbase, 8 requests a second, 10 symbols, cold',
  stage: { venue: 'coinbase', symbols: 10 },
};
const LARGE: Case = {
  what: 'Coinbase, 8 requests a second, 100 symbols, cold',
  stage: { venue: 'coinbase', symbols: 100 },
};
const CASES: readonly Case[] = [
  { what: 'Binance, its own limit, 100 symbols, cold', stage: { symbols: 100 } },
  { what: 'Binance, its own limit, 1,600 symbols, cold', stage: { symbols: 1600 } },
  { what: 'Binance at 240 a minute, 100 symbols, cold', stage: { symbols: 100, weightLimit: 240 } },
  {
    what: 'Binance at 240 a minute, 100 symbols, half filled',
    stage: { symbols: 100, weightLimit: 240 },
    isHalfFilled: true,
  },
  {
    what: 'Binance.US at 240 a minute, 100 symbols, cold',
    stage: { venue: 'binance_us', symbols: 100, weightLimit: 240 },
  },
  SMALL,
  LARGE,
  {
    what: 'Coinbase, 8 requests a second, 100 symbols, half filled',
    stage: { venue: 'coinbase', symbols: 100 },
    isHalfFilled: true,
  },
];

/** ETA. What a warmup says that it will take, against what it takes. */
export const warmupEta: Bench = {
  id: 'ETA',
  title: 'Warmup: the time foretold against the time taken',
  async run(context) {
    const rows: Row[] = [];
    const took = new Map<Case, number>();
    for (const each of CASES.filter(({ stage }) => !context.isQuick || stage.symbols <= 100)) {
      const error = await inVirtualTime(each, context);
      took.set(each, error.tookMs);
      rows.push(rowOf(`${each.what} (virtual time)`, [error]));
    }
    for (const { what, errors } of await wallWarmups(context, LATENCY_MS)) rows.push(rowOf(what, errors));
    return { rows, growth: [growthOf(took.get(SMALL) ?? NaN, took.get(LARGE) ?? NaN)] };
  },
};

function rowOf(what: string, errors: readonly EtaError[]): Row {
  const sorted = errors.toSorted((a, b) => Math.abs(a.error) - Math.abs(b.error));
  const middle = sorted[Math.floor((sorted.length - 1) / 2)] ?? { ...NOTHING };
  const running = middle.running.map((error) => `${(100 * error).toFixed(1)} %`);
  return {
    id: 'ETA',
    work: what,
    ours: { value: middle.plannedMs / 1000, unit: 's foretold' },
    against: 'what it took',
    theirs: { value: middle.tookMs / 1000, unit: 's' },
    ratioOf: 'error ÷ taken',
    ratio: Math.abs(middle.error),
    target: { atMost: WITHIN },
    rounds: errors.length,
    notes: [
      `${what}: planned ${(100 * middle.error).toFixed(1)} % off; the end foretold at 25, 50 and 75 % of the way ${running.join(', ')} off.`,
    ],
  };
}

const NOTHING: EtaError = { plannedMs: NaN, tookMs: NaN, error: NaN, running: [] };

function growthOf(smallMs: number, largeMs: number): BenchResult['growth'][number] {
  return {
    id: 'ETA',
    small: `${SMALL.what}: ${(smallMs / 1000).toFixed(1)} s`,
    large: `${LARGE.what}: ${(largeMs / 1000).toFixed(1)} s`,
    times: LARGE.stage.symbols / SMALL.stage.symbols,
    costTimes: largeMs / smallMs,
  };
}

function inVirtualTime(
  { what, stage: options, isHalfFilled }: Case,
  { redisUrl, say }: BenchContext,
): Promise<EtaError> {
  return onStage({ ...options, redisUrl, latencyMs: LATENCY_MS }, async (stage) => {
    const symbols = await stage.learnVenue();
    if (isHalfFilled === true) {
      await warmUpOn(stage, symbols, { candleMs: 0 });
      await thinOut(stage, symbols);
      await stage.clock.sleep(AFTER_MS);
    }
    const error = etaErrorOf(await warmUpOn(stage, symbols, { candleMs: 0 }));
    say(`${what}: ${JSON.stringify(error)}`);
    return error;
  });
}

/** A pause after which the windows of a venue are new, ms. */
const AFTER_MS = 125_000;

/** Of four symbols one loses everything, one its short series, one a stretch of each series; one stays as it is. */
async function thinOut({ redis, exchange }: Stage, symbols: readonly string[]): Promise<void> {
  for (const [at, symbol] of symbols.entries()) {
    for (const timeframe of TIMEFRAMES) {
      const key = exchangeCandleKey(exchange.id, symbol, timeframe);
      if (at % 4 === 0 || (at % 4 === 1 && timeframe.endsWith('m'))) await redis.del(key);
      if (at % 4 === 2) await redis.zremrangebyrank(key, -60, -30);
    }
  }
}
