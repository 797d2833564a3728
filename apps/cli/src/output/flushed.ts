import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** Resolves when all that was written has left this process: a pipe whose reader is slow takes 64 KiB at first. */
export function flushed(stream: Pick<Writable, 'write'>): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => resolve());
  });
}

/** Resolves when the stream can take more: at once, unless its reader is behind. */
export async function drained(stream: Writable): Promise<void> {
  if (stream.writableNeedDrain) await once(stream, 'drain');
}
