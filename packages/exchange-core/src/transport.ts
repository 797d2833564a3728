/**
 * What the runtime needs of the outside world: an HTTP request and a text socket. Production uses undici and
 * ws; a replay and the simulator plug in the same two functions without a network.
 */

export interface HttpRequest {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface HttpResponse {
  readonly status: number;
  /** Header names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** One GET. Rejects on a transport failure or when `signal` is aborted; any status is a response. */
export type HttpGet = (request: HttpRequest, signal: AbortSignal) => Promise<HttpResponse>;

export interface SocketHandlers {
  opened(): void;
  message(text: string): void;
  /** A protocol ping arrived; the socket has already answered it. */
  pinged(): void;
  /** Called exactly once, whatever ended the connection. */
  closed(code: number, reason: string): void;
}

export interface Socket {
  send(text: string): void;
  /** Begins the closing handshake. */
  close(code: number, reason: string): void;
  /** Drops the connection at once. */
  terminate(): void;
}

/** Opens a text socket. Failures to connect arrive as `closed`, never as an exception. */
export type OpenSocket = (url: string, handlers: SocketHandlers) => Socket;

export interface Transport {
  readonly get: HttpGet;
  readonly openSocket: OpenSocket;
}
