import { createServer } from 'node:net';

/**
 * Which loopback TCP port a server of ours listens on, beside its unix socket: `remembered` is the one this data
 * directory had before, else the first free one from 6390; `any` is whichever is free; `none` is the socket only.
 */
export type PortWish = 'remembered' | 'any' | 'none' | number;

/** First port tried for a new data directory: near Redis' own 6379, never that one. */
const FIRST_PORT = 6390;
const PORTS_TRIED = 20;

/** The port to listen on; 0 means none. A wished-for number is returned as it is, free or not. */
export async function choosePort(wish: PortWish, remembered: number | null): Promise<number> {
  if (typeof wish === 'number') return wish;
  if (wish === 'none') return 0;
  if (wish === 'any') return freePort();
  const candidates = Array.from({ length: PORTS_TRIED }, (_, index) => FIRST_PORT + index);
  for (const port of remembered === null ? candidates : [remembered, ...candidates]) {
    if (await isFree(port)) return port;
  }
  return freePort();
}

function isFree(port: number): Promise<boolean> {
  return listenOn(port).then(
    () => true,
    () => false,
  );
}

/** A loopback port nobody listens on now. */
export function freePort(): Promise<number> {
  return listenOn(0);
}

/** Takes a loopback port for a moment and says which it was. */
function listenOn(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address();
      const taken = address !== null && typeof address === 'object' ? address.port : port;
      server.close(() => resolve(taken));
    });
  });
}
