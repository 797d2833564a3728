import type { Clock } from '@livermore/utils';
import type { Socket, SocketHandlers, Transport } from '../transport';
import { FakeRequestSchema } from './fake-protocol';
import type { FakeBar, FakeWire } from './fake-protocol';

/** How the fake venue behaves. Change it between steps of a test. */
export interface FakeManners {
  /** Milliseconds a frame travels, either way. */
  latencyMs: number;
  /** What an upgrade meets: a socket, a refusal, or no answer at all. */
  upgrade: 'accept' | 'refuse' | 'hang';
  /** What a subscribe meets: an acknowledgement by id, the map of subscriptions, an error, or nothing. */
  answer: 'ack' | 'map' | 'error' | 'none';
  /** Topics that are never subscribed, although the request is acknowledged. */
  readonly badTopics: Set<string>;
  /** Whether a closing handshake is answered. */
  answersClose: boolean;
  /** Whether messages carry a counter, one for each connection. */
  isNumbered: boolean;
  /** How far the venue's clock is ahead of ours, ms. */
  aheadMs: number;
}

/** A venue in memory, on the test's clock: sockets, subscriptions, and whatever goes wrong. */
export class FakeVenue implements Transport {
  readonly manners: FakeManners = {
    latencyMs: 5,
    upgrade: 'accept',
    answer: 'ack',
    badTopics: new Set(),
    answersClose: true,
    isNumbered: false,
    aheadMs: 0,
  };
  /** Every socket ever opened, oldest first. */
  readonly sockets: FakeSocket[] = [];
  readonly dialledAt: number[] = [];
  readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  readonly openSocket = (_url: string, handlers: SocketHandlers): Socket => {
    const socket = new FakeSocket(this, handlers);
    this.dialledAt.push(this.clock.now());
    this.sockets.push(socket);
    socket.dial();
    return socket;
  };

  readonly get = (): Promise<never> => Promise.reject(new Error('the fake venue has no REST'));

  /** Sockets that are open at the venue's end. */
  get live(): readonly FakeSocket[] {
    return this.sockets.filter((socket) => socket.state === 'open');
  }

  get newest(): FakeSocket {
    const newest = this.sockets.at(-1);
    if (newest === undefined) throw new Error('nobody has connected to the fake venue');
    return newest;
  }

  /** The venue's own time. */
  now(): number {
    return this.clock.now() + this.manners.aheadMs;
  }

  /** Sends a bar to every socket that is subscribed to it. */
  publish(bar: FakeBar): void {
    for (const socket of this.live) {
      if (socket.topics.has(`${bar.symbol}@${bar.timeframe}`)) socket.push({ at: this.now(), bar });
    }
  }
}

/** One socket, seen from the venue. */
export class FakeSocket implements Socket {
  state: 'dialling' | 'open' | 'closed' = 'dialling';
  readonly topics = new Set<string>();
  /** Frames received from the client, with their time of arrival. */
  readonly received: { readonly at: number; readonly text: string }[] = [];
  /** Frames pushed while this is set vanish on the way: a half-open connection. */
  isDeaf = false;
  readonly #venue: FakeVenue;
  readonly #handlers: SocketHandlers;
  #isOver = false;
  #sequence = 0;
  #lose = 0;
  #garble = 0;

  constructor(venue: FakeVenue, handlers: SocketHandlers) {
    this.#venue = venue;
    this.#handlers = handlers;
  }

  dial(): void {
    const { upgrade } = this.#venue.manners;
    if (upgrade === 'hang') return;
    this.#later(() => {
      if (upgrade === 'refuse') {
        this.#end(1006, 'Unexpected server response: 503');
        return;
      }
      if (this.state !== 'dialling') return;
      this.state = 'open';
      this.#handlers.opened();
    });
  }

  send(text: string): void {
    if (this.state !== 'open') return;
    this.#later(() => this.#receive(text));
  }

  close(code: number, reason: string): void {
    if (this.state === 'dialling') this.terminate();
    if (!this.#venue.manners.answersClose || this.isDeaf) return;
    this.#later(() => {
      this.state = 'closed';
      this.#later(() => this.#end(code, reason));
    });
  }

  terminate(): void {
    this.state = 'closed';
    this.#later(() => this.#end(1006, ''));
  }

  /** A frame to the client, whether it is still wanted or not. */
  push(wire: FakeWire): void {
    const said = this.#garble > 0 ? garbled(wire) : wire;
    if (said !== wire) this.#garble -= 1;
    const numbered = this.#venue.manners.isNumbered ? { ...said, n: this.#nextNumber() } : said;
    this.pushText(JSON.stringify(numbered));
  }

  pushText(text: string): void {
    if (this.#lose > 0) {
      this.#lose -= 1;
      return;
    }
    this.#later(() => {
      if (!this.#isOver && !this.isDeaf) this.#handlers.message(text);
    });
  }

  ping(): void {
    this.#later(() => {
      if (!this.#isOver && !this.isDeaf) this.#handlers.pinged();
    });
  }

  /** The venue, or the network, ends the connection. */
  cut(code = 1006, reason = ''): void {
    this.state = 'closed';
    this.#later(() => this.#end(code, reason));
  }

  /** Loses the next frames; their numbers are used up. */
  loseNext(count: number): void {
    this.#lose = count;
  }

  /** Sends the next bars so that they cannot be read. */
  garbleNext(count: number): void {
    this.#garble = count;
  }

  /** Uses up the next numbers, as if frames had been lost on the way; gives them back when negative. */
  skipNumbers(count: number): void {
    this.#sequence += count;
  }

  #nextNumber(): number {
    const number = this.#sequence;
    this.#sequence += 1;
    return number;
  }

  #receive(text: string): void {
    if (this.state !== 'open') return;
    this.received.push({ at: this.#venue.clock.now(), text });
    const { op, topics, id } = FakeRequestSchema.parse(JSON.parse(text));
    const { answer, badTopics } = this.#venue.manners;
    if (answer === 'none') return;
    const echo = id === undefined ? {} : { id };
    if (op === 'sub' && answer === 'error') {
      this.push({ error: 'refused', ...echo });
      return;
    }
    for (const topic of topics) {
      if (op === 'unsub') this.topics.delete(topic);
      else if (!badTopics.has(topic)) this.topics.add(topic);
    }
    const isMap = answer === 'map' || op === 'list';
    this.push({ ack: id ?? null, ...(isMap ? { active: [...this.topics] } : {}) });
  }

  #later(what: () => void): void {
    this.#venue.clock.setTimer(what, this.#venue.manners.latencyMs);
  }

  #end(code: number, reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.state = 'closed';
    this.#handlers.closed(code, reason);
  }
}

/** A frame whose bar cannot be read; any other as it is. */
function garbled(whole: FakeWire): FakeWire {
  const { bar, ...wire } = whole;
  if (bar === undefined) return whole;
  const { symbol, timeframe, openTime } = bar;
  const topics = [`${symbol}@${timeframe}`];
  return { ...wire, odd: [{ field: 'bar.price', message: 'bar.price is odd', symbol, topics, openTime }] };
}
