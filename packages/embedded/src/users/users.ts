/**
 * The users of a server of ours. Its own `default` user is off: nobody can be it. It keeps every right all the same, because
 * the server reads its append-only file as this user, and leaves out what that one may not do.
 *
 * @see https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/
 */
import { createHash } from 'node:crypto';

const USERS = ['reader', 'writer', 'admin'] as const;

/**
 * `reader`: any program that wants the candles. `writer`: our own processes. `admin`: whoever started the server and
 * nobody else; its password is in no file.
 */
export type RedisUser = (typeof USERS)[number];

export type Passwords = Readonly<Record<RedisUser, string>>;

/** What is said at connecting; `-@dangerous` takes all of CLIENT and INFO away, in Redis 6.2 at least. */
const GREETING = '+info +client|id +client|info +client|getname +client|setname';

/**
 * Rules that Redis 6.2 understands as well: no selectors, no command that came later. What is @dangerous (KEYS,
 * FLUSHALL, CONFIG, DEBUG, SHUTDOWN, MONITOR …) and what is @admin (ACL, BGSAVE …) is neither's; PUBLISH and scripts
 * are not for reading.
 */
const RIGHTS: Readonly<Record<RedisUser, string>> = {
  reader:
    '~* &* -@all +@read +@connection +@transaction +subscribe +unsubscribe +psubscribe +punsubscribe +pubsub ' +
    `+command +select +time -@admin -@dangerous ${GREETING}`,
  writer: `~* &* +@all -@scripting +eval +evalsha +script|load +script|exists -@admin -@dangerous ${GREETING}`,
  admin: '~* &* +@all',
};

/** The file a server reads its users from. It holds hashes of passwords, no passwords. */
export function aclFileText(passwords: Passwords): string {
  const lines = USERS.map((user) => `user ${user} on #${sha256(passwords[user])} ${RIGHTS[user]}`);
  return `${['user default off resetpass ~* &* +@all', ...lines].join('\n')}\n`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
