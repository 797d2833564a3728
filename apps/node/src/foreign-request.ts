import type { IncomingHttpHeaders } from 'node:http';

const NAMES = ['localhost', '127.0.0.1', '[::1]'] as const;
const HTTP_PORT = 80;

export interface Refusal {
  readonly status: 403 | 421;
  readonly text: string;
}

/**
 * Why a request is not answered: a page of somebody else sent it. A browser lets it read the answer only where the page
 * has our name, and a page can lead its own name to this machine (DNS rebinding): so the name is checked, too. Programs
 * on this machine (Prometheus, curl) name the address they were given and send none of the rest.
 * @returns null for a request of ours
 */
export function refusalOf(headers: IncomingHttpHeaders, port: number): Refusal | null {
  const hosts: readonly string[] = [
    ...NAMES.map((name) => `${name}:${port}`),
    ...(port === HTTP_PORT ? NAMES : []),
  ];
  if (!hosts.includes((headers.host ?? '').toLowerCase())) {
    return {
      status: 421,
      text: `this server is called localhost:${port}, 127.0.0.1:${port} or [::1]:${port}\n`,
    };
  }
  const isForeign =
    headers.origin !== undefined && !hosts.some((host) => headers.origin === `http://${host}`);
  if (!isForeign && headers['sec-fetch-site'] !== 'cross-site') return null;
  return { status: 403, text: 'not for pages of other origins\n' };
}
