import { BURSTS_BEFORE_BAN, CONNECTS_MAX, CONNECTS_WINDOW_MS, SOCKET_BAN_MS } from './profile';

interface Visitor {
  /** Times (ms) of connection attempts that were let in, and of bursts of frames, within the last window. */
  readonly attempts: number[];
  readonly bursts: number[];
  shutOutUntil: number;
}

/** Addresses remembered; the least recently seen one is forgotten. */
const ADDRESSES_KEPT = 10_000;

/** Who may open a stream connection: so many in five minutes, and none for a while after bursts of frames. */
export class Doorkeeper {
  readonly #visitors = new Map<string, Visitor>();

  /** Why an address may not connect now; undefined, and the attempt counted, when it may. */
  refuse(ip: string, now: number): { readonly refused: number; readonly body: string } | undefined {
    const visitor = this.#visitor(ip, now);
    if (now < visitor.shutOutUntil) return { refused: 418, body: 'Banned' };
    if (visitor.attempts.length >= CONNECTS_MAX) return { refused: 429, body: 'Too many connections' };
    visitor.attempts.push(now);
    return undefined;
  }

  /** A connection of this address was closed because it sent too many frames at once. */
  burst(ip: string, now: number): void {
    const visitor = this.#visitor(ip, now);
    visitor.bursts.push(now);
    if (visitor.bursts.length < BURSTS_BEFORE_BAN) return;
    visitor.bursts.length = 0;
    visitor.shutOutUntil = now + SOCKET_BAN_MS;
  }

  #visitor(ip: string, now: number): Visitor {
    const known = this.#visitors.get(ip) ?? { attempts: [], bursts: [], shutOutUntil: 0 };
    this.#visitors.delete(ip);
    this.#visitors.set(ip, known);
    if (this.#visitors.size > ADDRESSES_KEPT) this.#visitors.delete(this.#visitors.keys().next().value ?? '');
    for (const times of [known.attempts, known.bursts])
      while ((times[0] ?? now) <= now - CONNECTS_WINDOW_MS) times.shift();
    return known;
  }
}
