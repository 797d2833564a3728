import type { Clock, Random } from '@livermore/utils';
import { EnvelopeTime } from './envelope-time';

/** An error frame: no channel, no number. */
export function errorFrame(message: string): string {
  return JSON.stringify({ type: 'error', message });
}

export interface FrameWriterOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Whether frames carry an empty `client_id`. */
  readonly clientId: boolean;
  /** Whether each frame is preceded by one of a channel no client knows. */
  readonly announces: () => boolean;
  readonly send: (text: string) => void;
}

/** Writes the envelopes of one connection: one counter over every channel, from 0 without a hole. */
export class FrameWriter {
  readonly #options: FrameWriterOptions;
  readonly #time: EnvelopeTime;
  #sequence = 0;
  #toLose = 0;

  constructor(options: FrameWriterOptions) {
    this.#options = options;
    this.#time = new EnvelopeTime(options.random);
  }

  /** `event`: JSON of the one element of `events`. */
  write(channel: string, event: string): void {
    if (this.#options.announces()) this.#write('announcements', '{"type":"update","announcements":[]}');
    this.#write(channel, event);
  }

  /** The next `frames` frames are counted and never sent. */
  lose(frames: number): void {
    this.#toLose += frames;
  }

  /** The counter starts again. */
  restart(): void {
    this.#sequence = 0;
  }

  #write(channel: string, event: string): void {
    const { clock, clientId, send } = this.#options;
    const sequence = this.#sequence;
    this.#sequence += 1;
    if (this.#toLose > 0) {
      this.#toLose -= 1;
      return;
    }
    const client = clientId ? '"client_id":"",' : '';
    const timestamp = this.#time.next(clock.now());
    send(
      `{"channel":"${channel}",${client}"timestamp":"${timestamp}","sequence_num":${sequence},"events":[${event}]}`,
    );
  }
}
