import type { Bench, BenchContext, BenchResult, Row } from '../lib/bench';
import { auditOnePass, workOffLooks } from '../lib/aftermath';
import { VIRTUAL_START } from '../lib/universe';
import { onStage } from '../lib/virtual-stage';
import { candleWeightOf, virtualPagePerPair, warmUpOn } from '../lib/virtual-warmup';

const SMALL = 10;
const LARGE = 100;
const HOUR_MS = 3_600_000;
/** When a warmup begins: anywhere in a minute, soon after every boundary, soon after the end of a day. */
const STARTS = [
  VIRTUAL_START + 1_000,
  VIRTUAL_START + 10_000,
  VIRTUAL_START + 25_000,
  VIRTUAL_START + 45_000,
  VIRTUAL_START + 58_500,
  Math.floor(VIRTUAL_START / HOUR_MS) * HOUR_MS + 6_000,
  Math.floor(VIRTUAL_START / (24 * HOUR_MS)) * 24 * HOUR_MS + 6_000,
];

/** Pages of a thousand bars take long to invent: fewer starts of them. */
const TARGETS = [
  { target: 100, starts: STARTS },
  { target: 1000, starts: STARTS.filter((_, at) => at % 3 === 0) },
];

interface Spent {
  readonly warmup: number;
  readonly looks: number;
  readonly looksTookMs: number;
  readonly audit: number | undefined;
  readonly beside: number;
}

/** P1. The simulated venue counts; both sides read its listing first. */
export const coldWarmupWeight: Bench = {
  id: 'P1',
  title: 'Cold warmup: weight spent, second readings included',
  async run(context) {
    const rows: Row[] = [];
    const growth: BenchResult['growth'][number][] = [];
    for (const { target, starts } of TARGETS) {
      const used = context.isQuick ? starts.slice(0, 1) : starts;
      const large = await spentFrom(used, { symbols: LARGE, target }, context);
      const small = await spentFrom(used.slice(0, 1), { symbols: SMALL, target }, context);
      const peer = await virtualPagePerPair({
        symbols: LARGE,
        target,
        redisUrl: context.redisUrl,
        latencyMs: 0,
      });
      rows.push(rowOf(target, large, peer.candleWeight, small[0]?.audit ?? 0));
      growth.push({
        id: 'P1',
        small: `${SMALL} symbols to ${target}: ${meanOf(small)} weight`,
        large: `${LARGE} symbols to ${target}: ${meanOf(large.slice(0, 1))} weight`,
        times: LARGE / SMALL,
        costTimes: meanOf(large.slice(0, 1)) / meanOf(small),
      });
    }
    return { rows, growth };
  },
};

function rowOf(target: number, runs: readonly Spent[], peer: number, audit: number): Row {
  const mean = meanOf(runs);
  const worst = Math.max(...runs.map(wholeOf));
  const warmups = runs.map((run) => run.warmup);
  const looks = runs.map((run) => run.looks);
  const tookMs = Math.max(...runs.map((run) => run.looksTookMs));
  return {
    id: 'P1',
    work: `Cold warmup of ${LARGE} symbols × 6 timeframes, ${target} candles each, and second readings of what it left: weight of its candle requests`,
    ours: { value: mean, unit: 'weight' },
    against: 'one page for each pair, as every peer does',
    theirs: { value: peer, unit: 'weight' },
    ratioOf: 'ours ÷ peer',
    ratio: mean / peer,
    target: { atMost: 0.55 },
    rounds: runs.length,
    notes: [
      `The mean of ${runs.length} starts, in and after a minute, an hour, a day; the worst spent ${worst} (${(worst / peer).toFixed(2)}).`,
      `The warmup alone ${span(warmups)} (${(Math.max(...warmups) / peer).toFixed(2)}), second readings ${span(looks)}, the last after ${Math.round(tookMs / 1000)} s.`,
      `Not in it: a pass of the audit (its own 2 %), ${audit} for ${SMALL} symbols; listing and clock, ${span(runs.map((run) => run.beside))}.`,
    ],
  };
}

function wholeOf({ warmup, looks }: Spent): number {
  return warmup + looks;
}

function meanOf(runs: readonly Spent[]): number {
  return Math.round(runs.reduce((sum, run) => sum + wholeOf(run), 0) / runs.length);
}

function span(values: readonly number[]): string {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return least === most ? String(least) : `${least} to ${most}`;
}

async function spentFrom(
  starts: readonly number[],
  what: { readonly symbols: number; readonly target: number },
  { redisUrl, say }: BenchContext,
): Promise<readonly Spent[]> {
  const runs: Spent[] = [];
  for (const startMs of starts) {
    const run = await onStage(
      { ...what, redisUrl, latencyMs: 60, startMs },
      async (stage): Promise<Spent> => {
        const symbols = await stage.learnVenue();
        await warmUpOn(stage, symbols, what);
        const { candleRequests, weight } = stage.counted();
        const looks = await workOffLooks(stage, symbols);
        const audit = what.symbols === SMALL ? await auditOnePass(stage, symbols) : undefined;
        const warmup = candleWeightOf(candleRequests);
        return {
          warmup,
          looks: candleWeightOf(looks.requests),
          looksTookMs: looks.tookMs,
          audit: audit === undefined ? undefined : candleWeightOf(audit.requests),
          beside: weight - warmup,
        };
      },
    );
    say(
      `${what.symbols} symbols to ${what.target} from ${new Date(startMs).toISOString()}: ${JSON.stringify(run)}`,
    );
    runs.push(run);
  }
  return runs;
}
