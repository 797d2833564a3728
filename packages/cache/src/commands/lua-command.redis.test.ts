import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { createRedis } from '../redis';
import { freshExchangeId } from '../testing';
import { LuaCommand } from './lua-command';

/** A command no server has seen, as after SCRIPT FLUSH or a restart: its text is new. */
const unseen = (body: string) => new LuaCommand('unseen', `-- ${freshExchangeId()}\n${body}`);

describe('LuaCommand on a real Redis', () => {
  let redis: Redis;

  beforeAll(() => {
    redis = createRedis(inject('redisUrl'));
  });

  afterAll(async () => {
    await redis.quit();
  });

  it('sends its text once, then only its hash', async () => {
    const command = unseen("return redis.call('INCRBY', KEYS[1], ARGV[1])");
    const key = `lua:${freshExchangeId()}`;
    const texts = vi.spyOn(redis, 'eval');
    for (let round = 1; round <= 5; round += 1) expect(await command.run(redis, key, [2])).toBe(2 * round);
    expect(texts).toHaveBeenCalledTimes(1);
    texts.mockRestore();
    await redis.del(key);
  });

  it('runs each of a thousand pipelined calls exactly once when the server has not seen it', async () => {
    const command = unseen("return redis.call('INCR', KEYS[1])");
    const key = `lua:${freshExchangeId()}`;
    const replies = await Promise.all(Array.from({ length: 1_000 }, () => command.run(redis, key, [])));
    expect(new Set(replies).size).toBe(1_000);
    expect(await redis.get(key)).toBe('1000');
    await redis.del(key);
  });

  it('goes on when scripts are flushed in the middle of the work', async () => {
    const command = unseen("return redis.call('INCR', KEYS[1])");
    const key = `lua:${freshExchangeId()}`;
    const other = createRedis(inject('redisAdminUrl'));
    for (let round = 0; round < 20; round += 1) {
      const calls = Array.from({ length: 50 }, () => command.run(redis, key, []));
      await Promise.all([...calls, other.script('FLUSH')]);
    }
    expect(await redis.get(key)).toBe('1000');
    await redis.del(key);
    await other.quit();
  });

  it('hands on what the script itself runs into', async () => {
    const key = `lua:${freshExchangeId()}`;
    await redis.set(key, 'text');
    const command = unseen("return redis.call('ZCARD', KEYS[1])");
    await expect(command.run(redis, key, [])).rejects.toThrow(/WRONGTYPE/);
    const texts = vi.spyOn(redis, 'eval');
    await expect(command.run(redis, key, [])).rejects.toThrow(/WRONGTYPE/);
    expect(texts).not.toHaveBeenCalled();
    texts.mockRestore();
    await redis.del(key);
  });

  it('takes bytes as they are', async () => {
    const every = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const command = unseen('return { #ARGV[1], string.byte(ARGV[1], 1), string.byte(ARGV[1], 256) }');
    expect(await command.run(redis, 'lua:none', [every])).toEqual([256, 0, 255]);
  });
});
