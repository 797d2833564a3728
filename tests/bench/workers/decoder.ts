import { binanceProtocol } from '@livermore/exchange-core';
import { must } from '@livermore/utils';
import { closeFrames } from '../lib/kline-frames';
import { cpuMs } from '../lib/measure';
import { loadCcxt } from '../lib/peers';
import type { Ccxt } from '../lib/peers';
import { VIRTUAL_START, symbolNames } from '../lib/universe';
import type { Commands } from '../lib/worker';

const SYMBOLS = 200;

export type DecoderName = 'ours' | 'parse' | 'peer';

type Decode = (texts: readonly string[]) => number;

/** Decodes frames in one of three ways, in a process of its own: nobody's garbage is another's. */
export function decoder(): Commands {
  let decode: Decode | undefined;
  let texts: readonly string[] = [];
  return {
    async choose(name: DecoderName): Promise<void> {
      decode = name === 'peer' ? decoderOf(await loadCcxt(() => undefined)) : { ours, parse }[name];
    },
    prepare(count: number): void {
      const span = { minutes: count / SYMBOLS, until: VIRTUAL_START, lateMs: 13 };
      texts = closeFrames(symbolNames(SYMBOLS), span).map((frame) => frame.text);
    },
    /** CPU time (ms) of decoding them all, on average over so many times. */
    decode(times: number): number {
      const chosen = must(decode, 'a decoder');
      const ms = cpuMs(() => {
        for (let time = 0; time < times; time += 1) chosen(texts);
      });
      return ms / times;
    },
  };
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
