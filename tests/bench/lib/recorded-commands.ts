import { CandleCacheStrategy, createRedis } from '@livermore/cache';
import { binanceProtocol, defaultExchange } from '@livermore/exchange-core';
import type { UnifiedCandle } from '@livermore/schemas';
import type { CloseFrame } from './kline-frames';

type Redis = ReturnType<typeof createRedis>;

/** Everything Redis is told for one closing frame, ready to be sent: names with their arguments. */
export type FrameCommands = readonly (readonly [string, ...(string | Buffer | number)[]])[];

/**
 * The very commands the node sends for each frame, taken from its own cache: one that writes and announces.
 */
export async function commandsOf(frames: readonly CloseFrame[]): Promise<readonly FrameCommands[]> {
  let sent: [string, ...(string | Buffer | number)[]][] = [];
  // A client that is never connected: what it would send is kept, and answered as an empty series would answer.
  const recorder = createRedis('redis://127.0.0.1:1', { lazyConnect: true });
  recorder.sendCommand = (command) => {
    sent.push([command.name, ...command.args.flat()]);
    command.resolve([1]);
    return command.promise;
  };
  const cache = new CandleCacheStrategy(recorder);
  const { id } = defaultExchange('binance');
  const commands: FrameCommands[] = [];
  for (const frame of frames) {
    const candle = candleOf(frame);
    await cache.writeExchangeCandle(id, candle, { liveSince: 0, cause: 'feed' });
    commands.push(sent);
    sent = [];
  }
  return commands;
}

function candleOf({ text, symbol }: CloseFrame): UnifiedCandle {
  const context = { exchange: 'binance', symbolsOf: () => [symbol] };
  const message = binanceProtocol.stream.decode(text, context);
  const event = message.kind === 'data' ? message.events[0] : undefined;
  if (event?.type !== 'candle:close') throw new Error(`not a close: ${text}`);
  return event.candle;
}

/** Frames' worth of commands in one pipeline, and pipelines on their way at a time. */
const PER_PIPELINE = 500;
const IN_FLIGHT = 2;

/** Sends prepared commands as fast as Redis takes them, and nothing else: the limit. */
export async function sendBare(redis: Redis, commands: readonly FrameCommands[]): Promise<void> {
  const underWay: Promise<unknown>[] = [];
  for (let at = 0; at < commands.length; at += PER_PIPELINE) {
    const pipeline = redis.pipeline();
    for (const frame of commands.slice(at, at + PER_PIPELINE)) {
      for (const [name, ...args] of frame) pipeline.call(name, ...args);
    }
    underWay.push(pipeline.exec());
    if (underWay.length >= IN_FLIGHT) await underWay.shift();
  }
  await Promise.all(underWay);
}
