import { createHash } from 'node:crypto';
import { messageOf } from '@livermore/utils';
import type { RedisClient } from '../redis';

/** A Lua command of one key, sent by hash and by text only when the server has not seen it. */
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
    key: string,
    args: readonly (string | number | Buffer)[],
  ): Promise<unknown> {
    return redis.evalsha(this.#sha, 1, key, ...args).catch((error: unknown) => {
      if (!messageOf(error).startsWith('NOSCRIPT')) throw error;
      return redis.eval(this.#source, 1, key, ...args);
    });
  }
}
