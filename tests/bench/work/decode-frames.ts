import type { Bench, Skipped } from '../lib/bench';
import { inTurns, median, medianRatio } from '../lib/measure';
import { CCXT_VERSION, PeerUnavailableError, loadCcxt } from '../lib/peers';
import { startWorker } from '../lib/worker';
import type { Worker } from '../lib/worker';
import type { DecoderName } from '../workers/decoder';

const SMALL = 2_000;
const LARGE = 20_000;

/** P6. CPU time, not wall time: the frames are in memory and nothing is waited for. */
export const decodeFrames: Bench = {
  id: 'P6',
  title: 'Decode, check and normalise kline frames on one core',
  async run({ isQuick, say }) {
    const skipped: Skipped[] = [];
    const decoders = await startDecoders(say, skipped);
    const rounds = isQuick ? 5 : 25;
    const small = await measure(decoders, SMALL, rounds);
    const large = await measure(decoders, LARGE, rounds);
    for (const decoder of [decoders.ours, decoders.parse, decoders.peer]) await decoder?.stop();
    const microseconds = (ms: readonly number[] | undefined) => ({
      value: (median(ms ?? [Number.NaN]) * 1000) / LARGE,
      unit: 'µs CPU',
    });
    const work = `Decode, check and normalise a kline frame (${LARGE.toLocaleString('en')} different ones, the same for all)`;
    const shared = { id: 'P6', work, ours: microseconds(large.ours), rounds };
    const vsPeer =
      large.peer === undefined
        ? []
        : [
            {
              ...shared,
              against: `ccxt ${CCXT_VERSION}: JSON.parse and its own handleOHLCV`,
              theirs: microseconds(large.peer),
              ratioOf: 'peer ÷ ours',
              ratio: medianRatio(large.peer, large.ours),
              target: { atLeast: 1.7 },
              notes: [
                `ccxt takes ${medianRatio(large.peer, large.parse).toFixed(2)} × JSON.parse here, and checks nothing.`,
              ],
            },
          ];
    return {
      rows: [
        {
          ...shared,
          against: 'JSON.parse of the same text alone',
          theirs: microseconds(large.parse),
          ratioOf: 'ours ÷ limit',
          ratio: medianRatio(large.ours, large.parse),
          target: { atMost: 1.5 },
        },
        ...vsPeer,
      ],
      growth: [
        {
          id: 'P6',
          small: `${SMALL} frames: ${median(small.ours).toFixed(1)} ms CPU`,
          large: `${LARGE} frames: ${median(large.ours).toFixed(1)} ms CPU`,
          times: LARGE / SMALL,
          costTimes: median(large.ours) / median(small.ours),
        },
      ],
      skipped,
    };
  },
};

type Decoders = Readonly<Partial<Record<DecoderName, Worker>>> & Readonly<Record<'ours' | 'parse', Worker>>;

interface Measured {
  readonly ours: readonly number[];
  readonly parse: readonly number[];
  readonly peer?: readonly number[];
}

async function startDecoders(say: (text: string) => void, skipped: Skipped[]): Promise<Decoders> {
  const own = { ours: await started('ours'), parse: await started('parse') };
  try {
    await loadCcxt(say);
  } catch (error) {
    if (!(error instanceof PeerUnavailableError)) throw error;
    skipped.push({ id: 'P6', what: 'against ccxt', why: error.message });
    return own;
  }
  return { ...own, peer: await started('peer') };
}

async function started(name: DecoderName): Promise<Worker> {
  const worker = startWorker('decoder');
  await worker.ask('choose', name);
  return worker;
}

/** Small amounts are decoded several times in a round, so that the clock of the CPU is fine enough. */
async function measure(decoders: Decoders, count: number, rounds: number): Promise<Measured> {
  const { ours, parse, peer } = decoders;
  for (const decoder of [ours, parse, peer]) await decoder?.ask('prepare', count);
  const turn = (decoder: Worker) => () => decoder.ask<number>('decode', LARGE / count);
  const own = { ours: turn(ours), parse: turn(parse) };
  if (peer === undefined) return inTurns(rounds, own);
  return inTurns(rounds, { ...own, peer: turn(peer) });
}
