import { Redis } from 'ioredis';

type Chunk = string | Buffer;
type Stream = NonNullable<Parameters<Redis['sendCommand']>[1]>;

/**
 * A client whose commands of one turn of the event loop leave in one write. Turns do not wait for each other: while
 * Redis works on one, the next is on its way. The library's own auto-pipelining has one batch under way at a time, so
 * that client and server take turns at idling; at tens of thousands of commands a second that halves the throughput.
 */
export class GatheringRedis extends Redis {
  #gathered: Chunk[] = [];
  /** Takes the place of the socket for commands that are gathered. */
  readonly #turn: Stream = {
    isPipeline: true,
    destination: { redis: this },
    write: (chunk: Chunk) => this.#gather(chunk),
  };

  override sendCommand(...[command, stream]: Parameters<Redis['sendCommand']>): unknown {
    // A pipeline gathers by itself, a handshake waits for each answer. Both come after what was asked before them.
    if (stream === undefined && this.status === 'ready') return super.sendCommand(command, this.#turn);
    if (stream !== this.#turn) this.#send();
    return super.sendCommand(command, stream);
  }

  #gather(chunk: Chunk): boolean {
    if (this.#gathered.push(chunk) === 1) process.nextTick(() => this.#send());
    return true;
  }

  /** What a closed socket does not take is sent again by the library, on the next connection. */
  #send(): void {
    const chunks = this.#gathered;
    if (chunks.length === 0) return;
    this.#gathered = [];
    if (this.stream.writable) this.stream.write(joined(chunks));
  }
}

function joined(chunks: readonly Chunk[]): Chunk {
  if (chunks.every((chunk) => typeof chunk === 'string')) return chunks.join('');
  return Buffer.concat(chunks.map((chunk) => (typeof chunk === 'string' ? Buffer.from(chunk) : chunk)));
}
