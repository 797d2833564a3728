import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '@livermore/utils';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import type { Carrier } from './carrier';
import type { Wire } from './faulty-link';
import { targetOf } from './request-target';
import { writeBody } from './write-body';
import type { SimRequest, VenueSession } from './venue';

export interface Listener {
  readonly port: number;
  close(): Promise<void>;
}

/** Largest frame a client may send. */
const MAX_CLIENT_FRAME_BYTES = 1 << 20;

/** Serves a venue's REST and WebSocket on one loopback port. Rejects when the port is taken. */
export async function listenOn(carrier: Carrier, clock: Clock, port: number): Promise<Listener> {
  const server = createServer((request, response) => serve(carrier, clock, request, response));
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_CLIENT_FRAME_BYTES,
  });
  server.on('upgrade', (request, socket, head) => upgrade(carrier, sockets, { request, socket, head }));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    async close() {
      for (const client of sockets.clients) client.terminate();
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      server.closeAllConnections();
      await closed;
    },
  };
}

function serve(carrier: Carrier, clock: Clock, incoming: IncomingMessage, response: ServerResponse): void {
  incoming.resume();
  const fate = carrier.handle({ method: incoming.method ?? 'GET', ...requestOf(incoming) });
  if (fate === 'hang') return;
  const answer = () => {
    if (response.destroyed) return;
    response.writeHead(fate.response.status, { ...fate.response.headers });
    if (incoming.method === 'HEAD') response.end();
    else writeBody(response, clock, fate);
  };
  if (fate.delayMs > 0) clock.setTimer(answer, fate.delayMs);
  else answer();
}

function requestOf(incoming: IncomingMessage): Omit<SimRequest, 'method'> {
  const headers = Object.entries(incoming.headers).map(
    ([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')] as const,
  );
  return {
    ...targetOf(incoming.url ?? '/'),
    headers: Object.fromEntries(headers),
    ip: incoming.socket.remoteAddress ?? '127.0.0.1',
  };
}

interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

function upgrade(carrier: Carrier, sockets: WebSocketServer, { request, socket, head }: Upgrade): void {
  socket.on('error', () => socket.destroy());
  const wire = new SocketWire(socket);
  const accepted = carrier.accept(requestOf(request), wire);
  if ('refused' in accepted) {
    const { refused, body } = accepted;
    socket.end(
      `HTTP/1.1 ${refused} Refused\r\ncontent-type: text/plain\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    );
    return;
  }
  socket.once('close', () => accepted.closed());
  sockets.handleUpgrade(request, socket, head, (client) => {
    wire.attach(client);
    follow(client, accepted);
  });
}

function follow(client: WebSocket, session: VenueSession): void {
  client.on('message', (data: Buffer) => session.message(data.toString('utf8')));
  client.on('ping', (payload) => session.pinged(payload.toString('utf8')));
  client.on('pong', (payload) => session.ponged(payload.toString('utf8')));
  client.on('error', () => client.terminate());
  client.on('close', () => session.closed());
}

/** A real socket. What a venue sends before the handshake is done waits for it. */
class SocketWire implements Wire {
  readonly #socket: Duplex;
  readonly #waiting: ((client: WebSocket) => void)[] = [];
  #client: WebSocket | undefined;

  constructor(socket: Duplex) {
    this.#socket = socket;
  }

  attach(client: WebSocket): void {
    this.#client = client;
    for (const task of this.#waiting.splice(0)) task(client);
  }

  send(text: string): void {
    this.#do((client) => {
      if (client.readyState === client.OPEN) client.send(text);
    });
  }

  ping(payload: string): void {
    this.#do((client) => {
      if (client.readyState === client.OPEN) client.ping(payload);
    });
  }

  close(code: number, reason: string): void {
    this.#do((client) => client.close(code, reason));
  }

  terminate(): void {
    this.#socket.destroy();
  }

  cutMidFrame(text: string): void {
    const payload = Buffer.from(text).subarray(0, 0xffff);
    const header = Buffer.from([0x81, 126, payload.length >> 8, payload.length & 0xff]);
    const half = payload.subarray(0, Math.floor(payload.length / 2));
    this.#socket.write(Buffer.concat([header, half]), () => this.#socket.destroy());
  }

  #do(task: (client: WebSocket) => void): void {
    if (this.#client === undefined) this.#waiting.push(task);
    else task(this.#client);
  }
}
