import { Redis } from 'ioredis';

/**
 * A client whose commands of one turn of the event loop leave in one write. Turns do not wait for each other: while
 * Redis works on one, the next is on its way. The library's own auto-pipelining has one batch under way at a time, so
 * that client and server take turns at idling; at tens of thousands of commands a second that halves the throughput.
 */
export class GatheringRedis extends Redis {
  #gathering: Redis['stream'] | undefined;

  override sendCommand(...args: Parameters<Redis['sendCommand']>): unknown {
    // With a stream of its own a command belongs to a pipeline, which gathers by itself.
    if (args[1] === undefined) this.#gather();
    return super.sendCommand(...args);
  }

  #gather(): void {
    const { stream } = this;
    // Before the first connection there is no stream; a new connection has a new one.
    if (stream === undefined || stream === this.#gathering) return;
    this.#gathering = stream;
    stream.cork();
    process.nextTick(() => {
      if (this.#gathering === stream) this.#gathering = undefined;
      stream.uncork();
    });
  }
}
