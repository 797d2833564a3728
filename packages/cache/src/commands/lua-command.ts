import { createHash } from 'node:crypto';
import { messageOf } from '@livermore/utils';
import type { RedisClient } from '../redis';

/** A Lua command, sent by hash and by text only when the server has not seen it. */
export class LuaCommand {
  readonly name: string;
  readonly #source: string;
  readonly #sha: string;

  constructor(name: string, source: string) {
    this.name = name;
    this.#source = source;
    this.#sha = createHash('sha1').update(source).digest('hex');
  }

  run(
    redis: Pick<RedisClient, 'eval' | 'evalsha'>,
    keys: string | readonly string[],
    args: readonly (string | number | Buffer)[],
  ): Promise<unknown> {
    const all = typeof keys === 'string' ? [keys, ...args] : [...keys, ...args];
    const count = all.length - args.length;
    return redis.evalsha(this.#sha, count, ...all).catch((error: unknown) => {
      if (!messageOf(error).startsWith('NOSCRIPT')) throw error;
      return redis.eval(this.#source, count, ...all);
    });
  }
}
