import { Agent, request } from 'undici';
import { WebSocket } from 'ws';
import type { ClientOptions } from 'ws';
import { messageOf } from '@livermore/utils';
import type { HttpGet, OpenSocket, Transport } from './transport';

export interface NodeTransportOptions {
  /** Sent with each request. */
  readonly userAgent?: string;
  /** Sockets to one REST host at a time. */
  readonly maxConnectionsPerHost?: number;
}

/** A transport that holds real sockets: close it when done. */
export interface NodeTransport extends Transport {
  /** Closes idle HTTP connections; WebSockets belong to whoever opened them. */
  close(): Promise<void>;
}

/** Largest frame accepted, bytes: snapshots of large venues exceed the usual 1 MiB. */
const MAX_FRAME_BYTES = 16 * 1024 * 1024;
/** Largest response body accepted, bytes: a full listing is about 20 MB. */
const MAX_BODY_BYTES = 128 * 1024 * 1024;
const CONNECT_TIMEOUT_MS = 10_000;
const HANDSHAKE_TIMEOUT_MS = 15_000;
/** How long a peer may take to answer our close, ms, before the socket is destroyed. */
const CLOSE_TIMEOUT_MS = 5_000;
const KEEP_ALIVE_MS = 30_000;
const HTTP_TIMEOUT_MS = 30_000;
const ABNORMAL_CLOSURE = 1006;
const USER_AGENT = 'livermore';

/** The real network: undici for REST, ws for streams. Compression is off: it costs far more than it saves. */
export function createNodeTransport(options: NodeTransportOptions = {}): NodeTransport {
  const agent = new Agent({
    connections: options.maxConnectionsPerHost ?? 32,
    pipelining: 1,
    connect: { timeout: CONNECT_TIMEOUT_MS },
    keepAliveTimeout: KEEP_ALIVE_MS,
    headersTimeout: HTTP_TIMEOUT_MS,
    bodyTimeout: HTTP_TIMEOUT_MS,
    maxResponseSize: MAX_BODY_BYTES,
  });
  const userAgent = options.userAgent ?? USER_AGENT;
  return {
    get: httpGet(agent, userAgent),
    openSocket: nodeSockets(userAgent),
    close: () => agent.close(),
  };
}

function httpGet(agent: Agent, userAgent: string): HttpGet {
  return async ({ url, headers }, signal) => {
    const response = await request(url, {
      dispatcher: agent,
      signal,
      headers: { 'user-agent': userAgent, accept: 'application/json', ...headers },
    });
    const body = await response.body.text();
    return { status: response.statusCode, headers: flatten(response.headers), body };
  };
}

function flatten(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name.toLowerCase()] = typeof value === 'string' ? value : value.join(', ');
  }
  return flat;
}

/** `closeTimeout` is documented by ws and missing from its published types. */
type SocketOptions = ClientOptions & { readonly closeTimeout: number };

/** Real WebSockets alone. They belong to whoever opens them: there is nothing to close besides. */
export function nodeSockets(userAgent: string = USER_AGENT): OpenSocket {
  const options: SocketOptions = {
    perMessageDeflate: false,
    maxPayload: MAX_FRAME_BYTES,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    closeTimeout: CLOSE_TIMEOUT_MS,
    headers: { 'user-agent': userAgent },
  };
  return (url, handlers) => {
    let socket: WebSocket;
    try {
      socket = new WebSocket(url, options);
    } catch (error) {
      queueMicrotask(() => handlers.closed(ABNORMAL_CLOSURE, messageOf(error)));
      return { send: () => undefined, close: () => undefined, terminate: () => undefined };
    }
    let fault = '';
    socket.on('open', () => handlers.opened());
    socket.on('message', (data) => handlers.message(textOf(data)));
    socket.on('ping', () => handlers.pinged());
    socket.on('error', (error) => {
      fault = messageOf(error);
    });
    socket.on('close', (code, reason) =>
      handlers.closed(code, fault === '' ? reason.toString('utf8') : fault),
    );
    return {
      send(text) {
        if (socket.readyState === WebSocket.OPEN) socket.send(text, ignoreFailure);
      },
      close: (code, reason) => socket.close(code, reason),
      terminate: () => socket.terminate(),
    };
  };
}

/** A failed send is followed by the close of the socket, which is where it is acted on. */
function ignoreFailure(): void {}

function textOf(data: Buffer | ArrayBuffer | readonly Buffer[]): string {
  if (Buffer.isBuffer(data)) return data.toString('utf8');
  return data instanceof ArrayBuffer
    ? Buffer.from(data).toString('utf8')
    : Buffer.concat(data).toString('utf8');
}
