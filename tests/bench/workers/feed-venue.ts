import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { createRedis } from '@livermore/cache';
import { must, systemClock } from '@livermore/utils';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { z } from 'zod';
import { closeFrames } from '../lib/kline-frames';
import type { CloseFrame } from '../lib/kline-frames';
import { sharedMs } from '../lib/shared-clock';
import { symbolNames } from '../lib/universe';
import type { Commands } from '../lib/worker';
import type { VenueAddress } from './simulated-venue';

export interface FeedOrder {
  readonly symbols: number;
  readonly minutes: number;
  /** Tells the frames of one round from those of another: the same bars, announced this many ms later. */
  readonly round: number;
  readonly tell?: boolean;
}

interface Subscriber {
  readonly socket: WebSocket;
  /** What the frames travel on. */
  readonly wire: Socket;
}

/** The bar a frame closes. */
export type Closes = Pick<CloseFrame, 'symbol' | 'openTime'>;

export interface PublishOrder {
  readonly redisUrl: string;
  readonly count: number;
  readonly perSecond: number;
  readonly channel: string;
  readonly text: string;
}

/** When each message left, by the machine's monotonic clock, ms; in order. */
export type SentAt = readonly number[];

const MINUTE_MS = 60_000;
/** Unsent bytes on the socket beyond which the venue waits for the reader. */
const MAX_BUFFERED = 1 << 20;
const AT_ONCE = 200;

/**
 * A venue that does nothing but send: it lists symbols, serves flat candles, acknowledges subscriptions, and sends
 * prepared frames as fast or as evenly as told. The simulator invents what it sends, and would be what is measured.
 */
export function feedVenue(): Commands {
  let subscriber: Subscriber | undefined;
  let frames: readonly CloseFrame[] = [];
  return {
    open: (symbols: number) =>
      listen(symbolNames(symbols), (opened) => {
        subscriber = opened;
      }),
    /** Returns what each frame closes, in order, where asked to. */
    prepare({ symbols, minutes, round, tell }: FeedOrder): readonly Closes[] {
      const until = systemClock.now() - MINUTE_MS;
      frames = closeFrames(symbolNames(symbols), { minutes, until, lateMs: 13 + round });
      return tell === true ? frames.map(({ symbol, openTime }) => ({ symbol, openTime })) : [];
    },
    async blast(): Promise<void> {
      const { socket: open, wire } = must(subscriber, 'a subscriber');
      for (let at = 0; at < frames.length; at += AT_ONCE) {
        // One write for many frames: the venue's own cost is not what is measured, and it shares this machine.
        wire.cork();
        for (const frame of frames.slice(at, at + AT_ONCE)) open.send(frame.text);
        wire.uncork();
        while (open.bufferedAmount > MAX_BUFFERED) await turn();
      }
    },
    async pace({ perSecond }: { perSecond: number }): Promise<SentAt> {
      const { socket: open } = must(subscriber, 'a subscriber');
      return evenly(frames.length, perSecond, (at) => open.send(frames[at]?.text ?? ''));
    },
    async publish({ redisUrl, count, perSecond, channel, text }: PublishOrder): Promise<SentAt> {
      const redis = createRedis(redisUrl);
      await redis.ping();
      const replies: Promise<unknown>[] = [];
      const sent = await evenly(count, perSecond, () => replies.push(redis.publish(channel, text)));
      await Promise.all(replies);
      redis.disconnect();
      return sent;
    },
  };
}

/** Does something `count` times, `perSecond` times a second; returns when each happened. */
async function evenly(count: number, perSecond: number, act: (at: number) => void): Promise<SentAt> {
  const sent: number[] = [];
  const startedAt = sharedMs();
  while (sent.length < count) {
    const due = Math.min(count, Math.floor(((sharedMs() - startedAt) * perSecond) / 1000) + 1);
    while (sent.length < due) {
      sent.push(sharedMs());
      act(sent.length - 1);
    }
    await systemClock.sleep(1);
  }
  return sent;
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

const ControlSchema = z.object({
  method: z.string(),
  params: z.array(z.string()).default([]),
  id: z.number(),
});

/** Acknowledges what a connection asks for, and remembers it. */
function answerControl(socket: WebSocket): (data: unknown) => void {
  const topics = new Set<string>();
  return (data) => {
    const { method, params, id } = ControlSchema.parse(JSON.parse(String(data)));
    if (method === 'SUBSCRIBE') for (const topic of params) topics.add(topic);
    if (method === 'UNSUBSCRIBE') for (const topic of params) topics.delete(topic);
    const result = method === 'LIST_SUBSCRIPTIONS' ? [...topics] : null;
    socket.send(JSON.stringify({ result, id }));
  };
}

function listen(
  symbols: readonly string[],
  onSubscriber: (subscriber: Subscriber) => void,
): Promise<VenueAddress> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://venue');
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(answer(url, symbols)));
  });
  new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (socket, request) => {
    onSubscriber({ socket, wire: request.socket });
    socket.on('message', answerControl(socket));
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' ? address?.port : undefined;
      resolve({ rest: `http://127.0.0.1:${port}`, ws: `ws://127.0.0.1:${port}` });
    });
  });
}

function answer(url: URL, symbols: readonly string[]): unknown {
  if (url.pathname === '/api/v3/exchangeInfo') return listingOf(symbols);
  if (url.pathname === '/api/v3/klines') return flatRows(url.searchParams);
  return { serverTime: systemClock.now() };
}

function listingOf(symbols: readonly string[]) {
  return {
    rateLimits: [{ rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: 1_000_000 }],
    symbols: symbols.map((symbol) => ({
      symbol,
      status: 'TRADING',
      baseAsset: symbol.slice(0, -4),
      quoteAsset: 'USDT',
      isSpotTradingAllowed: true,
    })),
  };
}

/** Candles in which nothing happened, in the columns of the venue. */
function flatRows(query: URLSearchParams): readonly unknown[] {
  const from = Math.ceil(Number(query.get('startTime')) / MINUTE_MS) * MINUTE_MS;
  const to = Math.min(Number(query.get('endTime')), systemClock.now());
  const rows: unknown[] = [];
  for (let at = from; at <= to; at += MINUTE_MS) {
    rows.push([at, '1', '1', '1', '1', '0', at + MINUTE_MS - 1, '0', 0, '0', '0', '0']);
  }
  return rows;
}
