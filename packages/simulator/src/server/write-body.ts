import type { ServerResponse } from 'node:http';
import type { Clock } from '@livermore/utils';
import type { Fate } from './carrier';

type Answer = Exclude<Fate, 'hang'>;

const BLANKS = Buffer.alloc(1 << 16, ' ');
/** How often a dripping body goes on, ms. */
const DRIP_EVERY_MS = 1000;

/** Writes the body of an answer as its fate says: blanks first, never more than the socket takes, or drop by drop. */
export function writeBody(
  response: ServerResponse,
  clock: Clock,
  { response: answer, ...fate }: Answer,
): void {
  const finish = () => {
    if (fate.bytesPerSecond === undefined) response.end(answer.body);
    else drip(response, clock, Buffer.from(answer.body), fate.bytesPerSecond);
  };
  pad(response, fate.padBytes, finish);
}

function pad(response: ServerResponse, bytes: number, done: () => void): void {
  let left = bytes;
  const go = () => {
    while (left > 0) {
      if (response.destroyed) return;
      const chunk = left < BLANKS.length ? BLANKS.subarray(0, left) : BLANKS;
      left -= chunk.length;
      if (!response.write(chunk) && left > 0) {
        response.once('drain', go);
        return;
      }
    }
    done();
  };
  go();
}

function drip(response: ServerResponse, clock: Clock, body: Buffer, bytesPerSecond: number): void {
  const step = Math.max(1, Math.round((bytesPerSecond * DRIP_EVERY_MS) / 1000));
  let at = 0;
  response.flushHeaders();
  const go = () => {
    if (response.destroyed) return;
    response.write(body.subarray(at, at + step));
    at += step;
    if (at >= body.length) response.end();
    else clock.setTimer(go, DRIP_EVERY_MS);
  };
  clock.setTimer(go, DRIP_EVERY_MS);
}
