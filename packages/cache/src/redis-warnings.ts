/** What to tell the operator of a Redis that was given to us. Looks only: a server of theirs is configured by them. */
import { recordOf } from './info';
import type { RedisClient } from './redis';

/** A candle has 81 bytes; with this, short series stay compact. */
const COMPACT_MEMBER_BYTES = 96;

const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[?::1\]?)$/i;

interface Seen {
  /** A field of INFO; undefined when it is not told. */
  readonly info: (name: string) => string | undefined;
  /** A setting; undefined when it may not be read. */
  readonly setting: (name: string) => Promise<string | undefined>;
  readonly url: string;
}

/**
 * Sentences on what this server does that candles do not bear: what happens, and what to set. What cannot be seen (a
 * managed Redis forbids `CONFIG`) is not warned of.
 * @param url where it was reached; it is not repeated
 */
export async function redisWarnings(
  redis: Pick<RedisClient, 'info'> & { config(what: 'GET', name: string): Promise<unknown> },
  url: string,
): Promise<readonly string[]> {
  const fields = recordOf(await redis.info());
  const seen: Seen = {
    url,
    info: (name) => fields.get(name),
    setting: async (name) => settingIn(await redis.config('GET', name).catch(() => undefined), name),
  };
  const warnings = [evicting(seen), await roomy(seen), await forgetful(seen), open(seen)];
  return warnings.filter((warning) => warning !== undefined);
}

function evicting({ info }: Seen): string | undefined {
  const policy = info('maxmemory_policy');
  if (policy === undefined || !/^(?:allkeys|volatile)-/.test(policy)) return undefined;
  return `its maxmemory-policy is ${policy}: once it has no memory left it deletes candles, which leaves holes nobody is told of (every series has a time to live, so volatile-* means it, too). \`CONFIG SET maxmemory-policy noeviction\`; writes are then held until there is room.`;
}

/** By the name that versions before 7 know as well. */
async function roomy({ setting }: Seen): Promise<string | undefined> {
  const bytes = Number(await setting('zset-max-ziplist-value'));
  if (!(bytes < COMPACT_MEMBER_BYTES)) return undefined;
  return `its zset-max-listpack-value (zset-max-ziplist-value before 7) is ${bytes}: a candle has 81 bytes, so short series take more memory than they need. \`CONFIG SET zset-max-ziplist-value ${COMPACT_MEMBER_BYTES}\`.`;
}

async function forgetful({ info, setting }: Seen): Promise<string | undefined> {
  if (info('aof_enabled') !== '0' || (await setting('save')) !== '') return undefined;
  return 'it keeps nothing on disk: after its restart every candle is fetched again, and what is known of their quality is lost. `CONFIG SET appendonly yes`.';
}

function open({ url }: Seen): string | undefined {
  if (!/^rediss?:/i.test(url)) return undefined;
  const { hostname, password } = new URL(url);
  if (password !== '' || LOOPBACK.test(hostname)) return undefined;
  return 'it takes everyone in without a password, and is not on this machine: whoever reaches it may change the candles. Give it a password (`requirepass`, or users by ACL) and write it into REDIS_URL.';
}

/** `CONFIG GET` as RESP3 (a map) and as RESP2 (a list) say it. */
function settingIn(reply: unknown, name: string): string | undefined {
  if (Array.isArray(reply)) {
    const at = reply.indexOf(name);
    return at === -1 ? undefined : String(reply[at + 1]);
  }
  if (typeof reply !== 'object' || reply === null) return undefined;
  return new Map<string, unknown>(Object.entries(reply)).get(name)?.toString();
}
