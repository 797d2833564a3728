import type { Bench, BenchContext, BenchResult } from '../lib/bench';
import { virtualPagePerPair, virtualWarmup } from '../lib/virtual-warmup';

const SMALL = 10;
const LARGE = 100;

/** P1. The simulated venue counts; both sides read its listing first. */
export const coldWarmupWeight: Bench = {
  id: 'P1',
  title: 'Cold warmup: weight spent',
  async run(context) {
    const small = await measure(SMALL, context);
    const large = await measure(LARGE, context);
    return {
      rows: [
        {
          id: 'P1',
          work: `Cold warmup of ${LARGE} symbols × 6 timeframes, 100 candles each: weight of its candle requests`,
          ours: { value: large.ours.candleWeight, unit: 'weight' },
          against: 'one page for each pair, as every peer does',
          theirs: { value: large.peer.candleWeight, unit: 'weight' },
          ratioOf: 'ours ÷ peer',
          ratio: large.ours.candleWeight / large.peer.candleWeight,
          target: { atMost: 0.5 },
          rounds: 1,
          notes: [
            `${large.ours.candleRequests} requests for candles against ${large.peer.candleRequests}, counted by the venue; the listing and the venue's clock cost ours ${large.ours.weight - large.ours.candleWeight} more, the peer ${large.peer.weight - large.peer.candleWeight}. The same in every run.`,
          ],
        },
      ],
      growth: [
        {
          id: 'P1',
          small: `${SMALL} symbols: ${small.ours.candleWeight} weight`,
          large: `${LARGE} symbols: ${large.ours.candleWeight} weight`,
          times: LARGE / SMALL,
          costTimes: large.ours.candleWeight / small.ours.candleWeight,
        },
      ],
    } satisfies BenchResult;
  },
};

async function measure(symbols: number, { redisUrl }: BenchContext) {
  const options = { symbols, redisUrl, latencyMs: 0 };
  return { ours: await virtualWarmup(options), peer: await virtualPagePerPair(options) };
}
