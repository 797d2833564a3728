import { InvalidRedisUrlError } from '../errors';

/**
 * Checks the form of a Redis URL: `redis://[user:password@]host[:port][/db]`, `rediss://…` for TLS, or `unix://` and
 * the absolute path of a socket.
 *
 * @throws {InvalidRedisUrlError} naming the forms there are.
 */
export function checkRedisUrl(url: string): void {
  const isSocket = /^unix:\/\/\/./.test(url);
  const isHost = /^rediss?:\/\//i.test(url) && hostOf(url) !== '';
  if (isSocket || isHost) return;
  throw new InvalidRedisUrlError(
    `${withoutSecret(url)} is not a Redis URL: write redis://host:6379, rediss://host:6379 for TLS, or unix:///path/to/socket.`,
  );
}

/** A URL as it may be shown and logged: without user and password, wherever they stand in it. */
export function withoutSecret(url: string): string {
  const shown = url.startsWith('unix:///') ? url : url.replace(/\/\/.*@/, '//***@');
  return shown.replace(/([?&](?:username|password)=)[^&\s]*/gi, '$1***');
}

function hostOf(url: string): string {
  try {
    return new URL(url).hostname;
  } catch {
    return '';
  }
}
