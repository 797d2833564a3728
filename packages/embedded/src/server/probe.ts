import { messageOf } from '@livermore/utils';
import { Redis } from 'ioredis';
import { parseInfo, type EngineVersion } from '../engines/version';

/** What a server at an address answered. */
export type Probed =
  | { readonly kind: 'ready'; readonly version: EngineVersion }
  /** It is there and reading its data from disk. */
  | { readonly kind: 'loading' }
  | { readonly kind: 'silent'; readonly reason: string };

const CONNECT_TIMEOUT_MS = 5_000;

/** Connects once, asks `INFO server`, hangs up. Never throws and never retries. */
export async function probe(url: string): Promise<Probed> {
  const target = url.startsWith('unix://') ? url.slice('unix://'.length) : url;
  let lastError = '';
  const redis = new Redis(target, {
    lazyConnect: true,
    // Older than what is needed must still be able to say how old it is.
    protocol: 2,
    enableReadyCheck: false,
    enableOfflineQueue: true,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    // Its timer outlives a connection that was never made, and would hold up the end of the process.
    disconnectTimeout: 20,
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: CONNECT_TIMEOUT_MS,
  });
  redis.on('error', (error: Error) => (lastError = messageOf(error)));
  try {
    await redis.connect();
    const version = parseInfo(await redis.info());
    return version === null ? { kind: 'silent', reason: 'it is not a Redis' } : { kind: 'ready', version };
  } catch (error) {
    const reason = lastError === '' ? messageOf(error) : lastError;
    return reason.includes('LOADING') ? { kind: 'loading' } : { kind: 'silent', reason };
  } finally {
    redis.disconnect();
  }
}
