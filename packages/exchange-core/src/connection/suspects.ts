/** Refused on this many sockets that carried other topics, a topic no longer condemns the next one. */
const SUSPECT_AFTER = 2;

/**
 * Topics the venue refuses although the socket works: one bad symbol must not cost the others their connection.
 * Bounded by the topics wanted.
 */
export class Suspects {
  readonly #refusals = new Map<string, number>();

  /** These topics cost a working socket its life. */
  refused(topics: Iterable<string>): void {
    for (const topic of topics) this.#refusals.set(topic, (this.#refusals.get(topic) ?? 0) + 1);
  }

  /** These topics are active, or not wanted any more. */
  cleared(topics: Iterable<string>): void {
    for (const topic of topics) this.#refusals.delete(topic);
  }

  /** Topics whose refusal is expected. */
  topics(): ReadonlySet<string> {
    const suspects = new Set<string>();
    for (const [topic, count] of this.#refusals) if (count >= SUSPECT_AFTER) suspects.add(topic);
    return suspects;
  }
}
