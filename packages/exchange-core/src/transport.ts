/**
 * What the runtime needs of the outside world: an HTTP request and a text socket. Production uses undici and
 * ws; a replay and the simulator plug in the same two functions without a network.
 */

export interface HttpRequest {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes of a body that are taken at most: a longer one is an error. As `DEFAULT_BODY_BYTES` when absent. */
  readonly maxBodyBytes?: number;
}

/** What is taken of a body where the request does not say, bytes. */
export const DEFAULT_BODY_BYTES = 4 * 1024 * 1024;
/** What is taken of the body of an error answer, bytes: its beginning says all there is to know. */
export const ERROR_BODY_BYTES = 64 * 1024;

export interface HttpResponse {
  readonly status: number;
  /** Header names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * One GET. Any status is a response. Of an error answer the first `ERROR_BODY_BYTES` are the body; any other body that is
 * longer than its request allows is not read to its end. Rejects on a transport failure, with a `BodyTooLargeError`, or when
 * `signal` is aborted.
 */
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
