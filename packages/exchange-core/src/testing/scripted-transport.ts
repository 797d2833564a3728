import type { Clock } from '@livermore/utils';
import type { Socket, SocketHandlers, Transport } from '../transport';

/** What a scripted venue says to each frame it receives. */
export type Script = (text: string, socket: ScriptedSocket) => readonly string[];

/** A transport whose every socket answers by a script, after 5 ms: for tests with a venue's own wording. */
export class ScriptedTransport implements Transport {
  readonly sockets: ScriptedSocket[] = [];
  readonly #clock: Clock;
  readonly #script: Script;

  constructor(clock: Clock, script: Script) {
    this.#clock = clock;
    this.#script = script;
  }

  readonly openSocket = (url: string, handlers: SocketHandlers): Socket => {
    const socket = new ScriptedSocket({ url, handlers, clock: this.#clock, script: this.#script });
    this.sockets.push(socket);
    return socket;
  };

  readonly get = (): Promise<never> => Promise.reject(new Error('a scripted venue has no REST'));

  get newest(): ScriptedSocket {
    const newest = this.sockets.at(-1);
    if (newest === undefined) throw new Error('nobody has connected');
    return newest;
  }
}

interface ScriptedOptions {
  readonly url: string;
  readonly handlers: SocketHandlers;
  readonly clock: Clock;
  readonly script: Script;
}

const TRAVEL_MS = 5;

/** One socket of it. */
export class ScriptedSocket implements Socket {
  readonly url: string;
  readonly received: string[] = [];
  isOpen = false;
  readonly #options: ScriptedOptions;

  constructor(options: ScriptedOptions) {
    this.url = options.url;
    this.#options = options;
    this.#later(() => {
      this.isOpen = true;
      options.handlers.opened();
    });
  }

  send(text: string): void {
    this.#later(() => {
      if (!this.isOpen) return;
      this.received.push(text);
      for (const answer of this.#options.script(text, this)) this.say(answer);
    });
  }

  /** The venue sends a frame. */
  say(text: string): void {
    this.#later(() => this.#options.handlers.message(text));
  }

  close(code: number, reason: string): void {
    this.end(code, reason);
  }

  terminate(): void {
    this.end(1006, '');
  }

  /** The connection ends. */
  end(code: number, reason: string): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.#later(() => this.#options.handlers.closed(code, reason));
  }

  #later(what: () => void): void {
    this.#options.clock.setTimer(what, TRAVEL_MS);
  }
}
