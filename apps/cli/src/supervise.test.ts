import { ManualClock } from '@livermore/utils';
import { describe, expect, it } from 'vitest';
import type { ChildEvent } from './child';
import { ChildEndedError, EXIT_CODES } from './exit-codes';
import { supervise } from './supervise';

interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: unknown) => void;
}

function deferred<T>(): Deferred<T> {
  const parts: { resolve?: (value: T) => void; reject?: (reason: unknown) => void } = {};
  const promise = new Promise<T>((resolve, reject) => Object.assign(parts, { resolve, reject }));
  promise.catch(() => undefined);
  return {
    promise,
    resolve: (value) => parts.resolve?.(value),
    reject: (reason) => parts.reject?.(reason),
  };
}

/** A program that is started, gets ready and ends as the test says. */
function bench() {
  const clock = new ManualClock();
  const starts: { readonly before: ChildEvent | undefined; end(code: number | null): void }[] = [];
  const delays: number[] = [];
  let isReadyAtOnce = true;
  const supervision = (options: { readonly getsReady?: boolean } = {}) => {
    isReadyAtOnce = options.getsReady ?? true;
    return supervise({
      clock,
      readyEvent: 'ready',
      onEnded: (_sentence, delayMs) => delays.push(delayMs),
      start: (before) => {
        const ended = deferred<ChildEndedError>();
        const said = deferred<ChildEvent>();
        if (isReadyAtOnce) said.resolve({ event: 'ready', port: starts.length });
        void ended.promise.then(said.reject);
        const end = (code: number | null) => ended.resolve(new ChildEndedError('it ended', code));
        starts.push({ before, end });
        return {
          ended: ended.promise,
          said: () => said.promise,
          stop: () => Promise.resolve(end(0)),
        };
      },
    });
  };
  return { clock, starts, delays, supervision };
}

describe('keeping a program running', () => {
  it('starts one that ended again after 1, 2, 4 … seconds, and tells it what it said first', async () => {
    const { clock, starts, delays, supervision } = bench();
    const kept = supervision();
    await expect(kept.ready).resolves.toEqual({ event: 'ready', port: 0 });
    for (const expected of [1_000, 2_000, 4_000]) {
      starts.at(-1)?.end(null);
      await clock.advance(0);
      expect(delays.at(-1)).toBe(expected);
      await clock.advance(expected);
    }
    expect(starts).toHaveLength(4);
    expect(starts.at(-1)?.before).toEqual({ event: 'ready', port: 0 });
    await kept.stop();
    await expect(kept.over).resolves.toBeUndefined();
  });

  it('begins to be patient anew with one that ran for a minute', async () => {
    const { clock, starts, delays, supervision } = bench();
    const kept = supervision();
    for (let round = 0; round < 20; round += 1) {
      await clock.advance(60_000);
      starts.at(-1)?.end(1);
      await clock.advance(1_000);
    }
    expect(new Set(delays)).toEqual(new Set([1_000]));
    expect(starts).toHaveLength(21);
    await kept.stop();
  });

  it('gives up on one that ends again and again', async () => {
    const { clock, starts, supervision } = bench();
    const kept = supervision();
    for (let round = 0; round < 8; round += 1) {
      starts.at(-1)?.end(EXIT_CODES.redis);
      await clock.advance(60_000);
    }
    await expect(kept.over).rejects.toMatchObject({ exitCode: EXIT_CODES.redis });
    expect(starts).toHaveLength(8);
  });

  it.each([
    ['it was called wrongly', EXIT_CODES.usage],
    ['the venue refuses it', EXIT_CODES.venue],
  ])('does not start one again that says that %s', async (_what, code) => {
    const { clock, starts, supervision } = bench();
    const kept = supervision();
    starts[0]?.end(code);
    await expect(kept.over).rejects.toMatchObject({ exitCode: code });
    await clock.advance(100_000);
    expect(starts).toHaveLength(1);
  });

  it('does not start one again that never got ready', async () => {
    const { starts, supervision } = bench();
    const kept = supervision({ getsReady: false });
    starts[0]?.end(EXIT_CODES.redis);
    await expect(kept.ready).rejects.toMatchObject({ exitCode: EXIT_CODES.redis });
    await expect(kept.over).rejects.toMatchObject({ exitCode: EXIT_CODES.redis });
    expect(starts).toHaveLength(1);
  });

  it('stops while it waits to start again', async () => {
    const { clock, starts, supervision } = bench();
    const kept = supervision();
    await kept.ready;
    starts[0]?.end(1);
    await clock.advance(500);
    await kept.stop();
    await clock.advance(100_000);
    expect(starts).toHaveLength(1);
    await expect(kept.over).resolves.toBeUndefined();
  });
});
