import type { Readable } from 'node:stream';
import { Agent, request } from 'undici';
import { WebSocket } from 'ws';
import type { ClientOptions } from 'ws';
import { messageOf } from '@livermore/utils';
import { BodyTooLargeError } from './errors';
import { DEFAULT_BODY_BYTES, ERROR_BODY_BYTES } from './transport';
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
  });
  const userAgent = options.userAgent ?? USER_AGENT;
  return {
    get: httpGet(agent, userAgent),
    openSocket: nodeSockets(userAgent),
    close: () => agent.close(),
  };
}

function httpGet(agent: Agent, userAgent: string): HttpGet {
  return async ({ url, headers, maxBodyBytes = DEFAULT_BODY_BYTES }, signal) => {
    const response = await request(url, {
      dispatcher: agent,
      signal,
      headers: { 'user-agent': userAgent, accept: 'application/json', ...headers },
    });
    const flat = flatten(response.headers);
    const isError = response.statusCode >= 400;
    const body = isError
      ? await beginningOf(response.body, ERROR_BODY_BYTES)
      : await wholeOf(response.body, maxBodyBytes, lengthOf(flat));
    return { status: response.statusCode, headers: flat, body };
  };
}

/** The first so many bytes of a body, as text. */
async function beginningOf(body: Readable, bytes: number): Promise<string> {
  const { chunks } = await read(body, bytes);
  return textFrom(chunks).slice(0, bytes);
}

/** A body of so many bytes at most, as text. @throws BodyTooLargeError, having dropped the connection */
async function wholeOf(body: Readable, maxBytes: number, told: number | undefined): Promise<string> {
  if (told !== undefined && told > maxBytes) {
    body.on('error', ignoreFailure).destroy();
    throw new BodyTooLargeError(maxBytes, told);
  }
  const { chunks, isWhole } = await read(body, maxBytes);
  if (!isWhole) throw new BodyTooLargeError(maxBytes);
  return textFrom(chunks);
}

/** Reads until the end or beyond so many bytes, where it drops the connection. */
async function read(
  body: Readable,
  maxBytes: number,
): Promise<{ readonly chunks: readonly Buffer[]; readonly isWhole: boolean }> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    // To leave the loop destroys the stream, and with it the connection.
    if (bytes > maxBytes) return { chunks, isWhole: false };
  }
  return { chunks, isWhole: true };
}

function textFrom(chunks: readonly Buffer[]): string {
  return new TextDecoder().decode(Buffer.concat(chunks));
}

function lengthOf(headers: Readonly<Record<string, string>>): number | undefined {
  const text = headers['content-length'] ?? '';
  return /^\d+$/.test(text) ? Number(text) : undefined;
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
