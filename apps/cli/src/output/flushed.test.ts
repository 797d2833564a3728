import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { drained, flushed } from './flushed';

/** A reader that takes one piece each time it is asked to. */
function slowReader() {
  const taken: string[] = [];
  const waiting: (() => void)[] = [];
  const stream = new Writable({
    highWaterMark: 4,
    write: (chunk: Buffer, _encoding, done) => {
      waiting.push(() => {
        taken.push(String(chunk));
        done();
      });
    },
  });
  const take = async () => {
    waiting.shift()?.();
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  };
  return { stream, taken, take };
}

/** Whether a promise has resolved by now. */
async function hasResolved(promise: Promise<void>): Promise<boolean> {
  const later = new Promise((resolve) => {
    setImmediate(() => resolve(false));
  });
  return (await Promise.race([promise.then(() => true), later])) === true;
}

it('is flushed only when the reader has taken all that was written', async () => {
  const { stream, taken, take } = slowReader();
  stream.write('first');
  stream.write('second');
  const end = flushed(stream);
  await take();
  expect(await hasResolved(end)).toBe(false);
  await take();
  await take();
  expect(await hasResolved(end)).toBe(true);
  expect(taken.join('')).toBe('firstsecond');
});

it('waits with more while the reader is behind, and not otherwise', async () => {
  const { stream, take } = slowReader();
  expect(await hasResolved(drained(stream))).toBe(true);
  stream.write('more than it holds');
  const room = drained(stream);
  expect(await hasResolved(room)).toBe(false);
  await take();
  expect(await hasResolved(room)).toBe(true);
});
