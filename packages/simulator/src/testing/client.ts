/** A client of a simulated venue for tests: asks, listens, and keeps what it heard. */
import type { HttpResponse, Socket, Transport } from '@livermore/exchange-core';

export interface Heard {
  readonly frames: string[];
  readonly closes: { readonly code: number; readonly reason: string }[];
  readonly socket: Socket;
  opened: boolean;
  pings: number;
}

/** More than any answer of a test. */
const MAX_BODY_BYTES = 256 * 1024 * 1024;

/** GETs a path of the venue. */
export function ask(
  transport: Transport,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<HttpResponse> {
  const request = { url: `http://venue.test${path}`, headers, maxBodyBytes: MAX_BODY_BYTES };
  return transport.get(request, new AbortController().signal);
}

/** Opens a socket and keeps everything that arrives. */
export function listen(transport: Transport, path: string): Heard {
  const frames: string[] = [];
  const closes: { code: number; reason: string }[] = [];
  const heard = { frames, closes, opened: false, pings: 0 };
  const socket = transport.openSocket(`ws://venue.test${path}`, {
    opened: () => {
      heard.opened = true;
    },
    message: (text) => frames.push(text),
    pinged: () => {
      heard.pings += 1;
    },
    closed: (code, reason) => closes.push({ code, reason }),
  });
  return Object.assign(heard, { socket });
}
