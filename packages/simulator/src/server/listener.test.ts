import { once } from 'node:events';
import { request } from 'node:http';
import { ManualClock } from '@livermore/utils';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createSimulator } from '../create-simulator';
import { createSeededMarket } from '../market/seeded-market';
import { defaultUniverse } from '../market/universe';
import type { Simulator } from '../simulator';
import { ask, listen } from '../testing/client';

const NOW = 1_795_312_805_123;
const market = createSeededMarket({ seed: 1, symbols: defaultUniverse('binance') });

let running: Simulator | undefined;
afterEach(() => running?.close());

async function start() {
  const clock = new ManualClock(NOW);
  const simulator = createSimulator({ venue: 'binance', market, clock });
  running = simulator;
  return { clock, simulator, ...(await simulator.listen()) };
}

async function open(url: string) {
  const socket = new WebSocket(url);
  const frames: string[] = [];
  socket.on('message', (data: Buffer) => frames.push(data.toString()));
  await once(socket, 'open');
  return { socket, frames };
}

/** Advances until something is true that real sockets bring about, for at most a few hundred steps. */
async function until(clock: ManualClock, stepMs: number, isDone: () => boolean) {
  for (let step = 0; step < 500 && !isDone(); step += 1) await clock.advance(stepMs);
  expect(isDone()).toBe(true);
}

describe('a listening simulator', () => {
  it('answers on the network what it answers in process', async () => {
    const { rest, simulator } = await start();
    const path = '/api/v3/klines?symbol=BTCUSDT&interval=1m&limit=3';
    const answer = await fetch(rest + path);
    const inside = await ask(simulator.transport, path);
    expect([answer.status, await answer.text()]).toEqual([inside.status, inside.body]);
    expect(answer.headers.get('content-type')).toBe('application/json;charset=UTF-8');
    expect(inside.headers['x-mbx-used-weight-1m']).toBe('4');
  });

  it('streams on the network what it streams in process', async () => {
    const { ws, clock, simulator } = await start();
    const { socket, frames } = await open(`${ws}/stream?streams=btcusdt@kline_1m`);
    const inside = listen(simulator.transport, '/stream?streams=btcusdt@kline_1m');
    await until(clock, 1000, () => frames.length > 20);
    expect(frames.slice(0, 20)).toEqual(inside.frames.slice(0, 20));
    socket.close();
    await once(socket, 'close');
  });

  it('pings a connection, which the socket answers, and so keeps it', async () => {
    const { ws, clock, simulator } = await start();
    const { socket } = await open(`${ws}/ws`);
    let pings = 0;
    socket.on('ping', () => (pings += 1));
    for (let round = 1; round <= 5; round += 1) {
      await clock.advance(20_000);
      await until(clock, 0, () => pings === round && simulator.log.busiestSecond > 0);
      await until(clock, 0, () => true);
    }
    expect(socket.readyState).toBe(WebSocket.OPEN);
    socket.terminate();
  });

  it('cuts a connection in the middle of a frame', async () => {
    const { ws, clock, simulator } = await start();
    const { socket, frames } = await open(`${ws}/ws/btcusdt@kline_1m`);
    await until(clock, 1000, () => frames.length > 0);
    const closed = once(socket, 'close');
    simulator.inject({ kind: 'cut', midFrame: true });
    const [code] = await closed;
    expect(code).toBe(1006);
    expect(frames.every((frame) => frame.endsWith('}'))).toBe(true);
  });

  it('refuses an upgrade with a status', async () => {
    const { ws, simulator } = await start();
    simulator.inject({ kind: 'refuse-connections' });
    const socket = new WebSocket(`${ws}/ws`);
    const [error] = await once(socket, 'error').then(([first]) => [String(first)]);
    expect(error).toContain('503');
  });

  it('closes while clients are connected and requests hang', async () => {
    const { ws, port, simulator } = await start();
    const { socket } = await open(`${ws}/ws/btcusdt@kline_1m`);
    simulator.inject({ kind: 'rest-hang' });
    const hung = request({ port, host: '127.0.0.1', path: '/api/v3/ping' });
    const failed = once(hung, 'error');
    hung.end();
    const closed = once(socket, 'close');
    await simulator.close();
    await Promise.all([failed, closed]);
  });

  it('says so when the port is taken', async () => {
    const { port } = await start();
    const second = createSimulator({ venue: 'binance', market, clock: new ManualClock(NOW) });
    await expect(second.listen(port)).rejects.toThrow('EADDRINUSE');
    await second.close();
  });
});
