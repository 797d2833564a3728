import { binanceProtocol } from '@livermore/exchange-core';
import type { Bench, Skipped } from '../lib/bench';
import { closeFrames } from '../lib/kline-frames';
import { cpuMs, inTurns, median, medianRatio } from '../lib/measure';
import { CCXT_VERSION, PeerUnavailableError, loadCcxt } from '../lib/peers';
import type { Ccxt } from '../lib/peers';
import { VIRTUAL_START, symbolNames } from '../lib/universe';

const SYMBOLS = 200;
const SMALL = 2_000;
const LARGE = 20_000;

type Decode = (texts: readonly string[]) => number;

/** P6. CPU time, not wall time: the frames are in memory and nothing is waited for. */
export const decodeFrames: Bench = {
  id: 'P6',
  title: 'Decode, check and normalise kline frames on one core',
  async run({ isQuick, say }) {
    const skipped: Skipped[] = [];
    const peer = await ccxtDecoder(say, skipped);
    const rounds = isQuick ? 5 : 25;
    const contestants = { ours, parse, ...(peer === undefined ? {} : { peer }) };
    const small = await measure(contestants, SMALL, rounds);
    const large = await measure(contestants, LARGE, rounds);
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
          target: { atMost: 1.4 },
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

interface Contestants {
  readonly ours: Decode;
  readonly parse: Decode;
  readonly peer?: Decode;
}

interface Measured {
  readonly ours: readonly number[];
  readonly parse: readonly number[];
  readonly peer?: readonly number[];
}

/** Small amounts are decoded several times in a round, so that the clock of the CPU is fine enough. */
async function measure(contestants: Contestants, count: number, rounds: number): Promise<Measured> {
  const span = { minutes: count / SYMBOLS, until: VIRTUAL_START, lateMs: 13 };
  const texts = closeFrames(symbolNames(SYMBOLS), span).map((frame) => frame.text);
  const times = LARGE / count;
  const turn = (decode: Decode) => () => {
    const ms = cpuMs(() => {
      for (let time = 0; time < times; time += 1) decode(texts);
    });
    return ms / times;
  };
  const own = { ours: turn(contestants.ours), parse: turn(contestants.parse) };
  if (contestants.peer === undefined) return inTurns(rounds, own);
  return inTurns(rounds, { ...own, peer: turn(contestants.peer) });
}

const names = new Map(symbolNames(SYMBOLS).map((symbol) => [symbol, [symbol]] as const));
const context = { exchange: 'binance', symbolsOf: (streamedAs: string) => names.get(streamedAs) ?? [] };

/** Decoders return something of every frame, so that no work can be left out. */
function ours(texts: readonly string[]): number {
  let sum = 0;
  for (const text of texts) {
    const message = binanceProtocol.stream.decode(text, context);
    if (message.kind === 'data') sum += message.events.length;
  }
  return sum;
}

function parse(texts: readonly string[]): number {
  let sum = 0;
  for (const text of texts) sum += typeof JSON.parse(text) === 'object' ? 1 : 0;
  return sum;
}

async function ccxtDecoder(say: (text: string) => void, skipped: Skipped[]): Promise<Decode | undefined> {
  try {
    return decoderOf(await loadCcxt(say));
  } catch (error) {
    if (!(error instanceof PeerUnavailableError)) throw error;
    skipped.push({ id: 'P6', what: 'against ccxt', why: error.message });
    return undefined;
  }
}

/** ccxt as a client of its own would drive it: the message parsed, then its dispatcher. */
function decoderOf(ccxt: Ccxt): Decode {
  const exchange = new ccxt.pro.binance({});
  exchange.setMarkets(
    symbolNames(SYMBOLS).map((id) => ({
      id,
      symbol: `${id.slice(0, -4)}/USDT`,
      base: id.slice(0, -4),
      quote: 'USDT',
      baseId: id.slice(0, -4),
      quoteId: 'USDT',
      type: 'spot',
      spot: true,
      active: true,
    })),
  );
  let resolved = 0;
  const client = {
    url: 'wss://stream.binance.com:9443/ws/0',
    resolve: () => {
      resolved += 1;
    },
  };
  return (texts) => {
    resolved = 0;
    for (const text of texts) exchange.handleMessage(client, JSON.parse(text));
    if (resolved !== texts.length) throw new Error(`ccxt handled ${resolved} of ${texts.length} frames`);
    return resolved;
  };
}
