import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, inject, it, vi } from 'vitest';
import { createRedis } from './redis';

const numbers = Array.from({ length: 50 }, (_, at) => String(at));

describe('a client that gathers', () => {
  it('holds what is asked in one turn until its end, once, and has it answered in order', async () => {
    const redis = createRedis(inject('redisUrl'));
    await redis.ping();
    const cork = vi.spyOn(redis.stream, 'cork');
    const before = redis.stream.bytesWritten;
    const replies = Promise.all(numbers.map((each) => redis.echo(each)));
    expect(redis.stream.writableCorked).toBe(1);
    expect(await replies).toEqual(numbers);
    expect(cork).toHaveBeenCalledTimes(1);
    expect(redis.stream.writableCorked).toBe(0);
    expect(redis.stream.bytesWritten).toBeGreaterThan(before);
    await redis.quit();
  });

  it('does not wait for the answer to one turn before it sends the next', async () => {
    const redis = createRedis(inject('redisUrl'));
    const other = createRedis(inject('redisUrl'));
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

  it('goes on gathering on a new connection after the old one was cut', async () => {
    const redis = createRedis(inject('redisUrl'));
    const other = createRedis(inject('redisUrl'));
    redis.on('error', () => undefined);
    const old = redis.stream;
    await other.client('KILL', 'ID', String(await redis.client('ID')));
    expect(await Promise.all(numbers.map((each) => redis.echo(each)))).toEqual(numbers);
    expect(redis.stream).not.toBe(old);
    const cork = vi.spyOn(redis.stream, 'cork');
    expect(await Promise.all(numbers.map((each) => redis.echo(each)))).toEqual(numbers);
    expect(cork).toHaveBeenCalledTimes(1);
    await Promise.all([redis.quit(), other.quit()]);
  });
});
