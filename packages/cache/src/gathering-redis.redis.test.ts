import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, inject, it, vi } from 'vitest';
import { createRedis } from './redis';

const numbers = Array.from({ length: 50 }, (_, at) => String(at));
const open = () => createRedis(inject('redisUrl'));

describe('a client that gathers', () => {
  it('sends what is asked in one turn in one write, and has it answered in order', async () => {
    const redis = open();
    await redis.ping();
    const write = vi.spyOn(redis.stream, 'write');
    expect(await Promise.all(numbers.map((each) => redis.echo(each)))).toEqual(numbers);
    expect(write).toHaveBeenCalledTimes(1);
    await redis.quit();
  });

  it('carries bytes and text in one write unharmed', async () => {
    const redis = open();
    await redis.ping();
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, at) => at));
    const asked = [redis.echo('ä€🙂'), redis.callBuffer('ECHO', bytes), redis.echo('z')] as const;
    expect(await Promise.all(asked)).toEqual(['ä€🙂', bytes, 'z']);
    await redis.quit();
  });

  it('does not wait for the answer to one turn before it sends the next', async () => {
    const redis = open();
    const other = open();
    const key = `gathering:${process.pid}`;
    await redis.del(key);
    const unanswered = redis.blpop(key, 10);
    await turn();
    const before = redis.stream.bytesWritten;
    const next = redis.ping();
    await turn();
    expect(redis.stream.bytesWritten).toBeGreaterThan(before);
    await other.rpush(key, 'go');
    expect(await unanswered).toEqual([key, 'go']);
    expect(await next).toBe('PONG');
    await Promise.all([redis.quit(), other.quit()]);
  });

  it('keeps the order among commands, pipelines and transactions of one turn', async () => {
    const redis = open();
    await redis.ping();
    const key = `gathering:order:${process.pid}`;
    const replies = await Promise.all([
      redis.rpush(key, 'a'),
      redis.pipeline().rpush(key, 'b').rpush(key, 'c').exec(),
      redis.rpush(key, 'd'),
      redis.multi().rpush(key, 'e').exec(),
      redis.rpush(key, 'f'),
      redis.lrange(key, 0, -1),
    ]);
    expect(replies.at(-1)).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    await redis.del(key);
    await redis.quit();
  });

  it('sends what was gathered when the connection went away on the next one', async () => {
    const redis = open();
    redis.on('error', () => undefined);
    await redis.ping();
    const old = redis.stream;
    const asked = Promise.all(numbers.map((each) => redis.echo(each)));
    old.destroy();
    expect(await asked).toEqual(numbers);
    expect(redis.stream).not.toBe(old);
    const write = vi.spyOn(redis.stream, 'write');
    expect(await Promise.all(numbers.map((each) => redis.echo(each)))).toEqual(numbers);
    expect(write).toHaveBeenCalledTimes(1);
    await redis.quit();
  });
});
