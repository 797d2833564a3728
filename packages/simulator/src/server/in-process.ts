import { BodyTooLargeError, DEFAULT_BODY_BYTES, ERROR_BODY_BYTES } from '@livermore/exchange-core';
import type { HttpGet, OpenSocket, SocketHandlers, Transport } from '@livermore/exchange-core';
import type { Clock } from '@livermore/utils';
import type { Carrier } from './carrier';
import type { Wire } from './faulty-link';
import type { VenueSession } from './venue';

const LOCAL = '127.0.0.1';

/** Blanks before a body that is held in memory as a whole, at most. */
const MOST_PADDING = 64_000_000;

/** Close code of a connection that ended without a closing handshake. */
const ABNORMAL = 1006;

/**
 * The venue without a network. Everything arrives in a microtask of its own, in order, so nothing re-enters its
 * caller and no clock has to move for it.
 */
export function createInProcessTransport(carrier: Carrier, clock: Clock): Transport {
  return { get: getFrom(carrier, clock), openSocket: openOn(carrier) };
}

function getFrom(carrier: Carrier, clock: Clock): HttpGet {
  return async (request, signal) => {
    signal.throwIfAborted();
    await Promise.resolve();
    const url = new URL(request.url);
    const fate = carrier.handle({
      method: 'GET',
      path: url.pathname,
      query: url.searchParams,
      headers: lowerCased(request.headers ?? {}),
      ip: LOCAL,
    });
    if (fate === 'hang') return await abortOf(signal);
    const { status, headers } = fate.response;
    const body = ' '.repeat(Math.min(fate.padBytes, MOST_PADDING)) + fate.response.body;
    const dripMs = fate.bytesPerSecond === undefined ? 0 : (body.length / fate.bytesPerSecond) * 1000;
    if (fate.delayMs + dripMs > 0) await clock.sleep(fate.delayMs + dripMs, signal);
    signal.throwIfAborted();
    if (status >= 400) return { status, headers, body: body.slice(0, ERROR_BODY_BYTES) };
    const { maxBodyBytes = DEFAULT_BODY_BYTES } = request;
    if (body.length > maxBodyBytes) throw new BodyTooLargeError(maxBodyBytes);
    return { status, headers, body };
  };
}

function openOn(carrier: Carrier): OpenSocket {
  return (url, handlers) => new InProcessSocket(carrier, url, handlers);
}

class InProcessSocket {
  readonly #handlers: SocketHandlers;
  #session: VenueSession | undefined;
  #isEnded = false;

  constructor(carrier: Carrier, url: string, handlers: SocketHandlers) {
    this.#handlers = handlers;
    queueMicrotask(() => {
      if (!this.#isEnded) this.#connect(carrier, new URL(url));
    });
  }

  send(text: string): void {
    queueMicrotask(() => {
      if (!this.#isEnded) this.#session?.message(text);
    });
  }

  close(code: number, reason: string): void {
    this.#end(code, reason);
  }

  terminate(): void {
    this.#end(ABNORMAL, '');
  }

  #connect(carrier: Carrier, url: URL): void {
    const wire: Wire = {
      send: (text) => this.#later(() => this.#handlers.message(text)),
      ping: (payload) =>
        this.#later(() => {
          this.#session?.ponged(payload);
          this.#handlers.pinged();
        }),
      // Frames already on their way come first.
      close: (code, reason) => queueMicrotask(() => this.#end(code, reason)),
      terminate: () => this.#end(ABNORMAL, ''),
      cutMidFrame: () => this.#end(ABNORMAL, ''),
    };
    const request = { path: url.pathname, query: url.searchParams, headers: {}, ip: LOCAL };
    const accepted = carrier.accept(request, wire);
    if ('refused' in accepted) {
      this.#end(ABNORMAL, `the upgrade was answered ${accepted.refused}`);
      return;
    }
    this.#session = accepted;
    this.#handlers.opened();
  }

  #later(deliver: () => void): void {
    queueMicrotask(() => {
      if (!this.#isEnded) deliver();
    });
  }

  #end(code: number, reason: string): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    queueMicrotask(() => {
      this.#session?.closed();
      this.#handlers.closed(code, reason);
    });
  }
}

function lowerCased(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function abortOf(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
