import { chunks } from '../protocol/wire';

/** One connection's share of the topics. */
export interface Shard {
  /** Stable for the shard's life; never reused. */
  readonly id: number;
  readonly topics: ReadonlySet<string>;
}

/** Topics spread over connections. */
export interface Shards {
  readonly shards: readonly Shard[];
  readonly nextId: number;
}

/** Nothing wanted yet: one connection is there all the same, so that a feed can be connected before it is used. */
export const ONE_EMPTY_SHARD: Shards = { shards: [{ id: 1, topics: new Set() }], nextId: 2 };

interface Growing {
  readonly id: number;
  readonly topics: Set<string>;
}

/**
 * Adds topics, each to the emptiest shard; opens as few new shards as the capacity allows. Topics already
 * placed stay where they are, and nothing that is placed ever moves.
 * @param capacity topics a connection may carry, at least 1
 */
export function addTopics(current: Shards, topics: Iterable<string>, capacity: number): Shards {
  const shards: Growing[] = current.shards.map(({ id, topics: has }) => ({ id, topics: new Set(has) }));
  const placed = new Set(shards.flatMap((shard) => [...shard.topics]));
  const added = [...new Set(topics)].filter((topic) => !placed.has(topic));
  const needed = Math.max(shards.length, Math.ceil((placed.size + added.length) / capacity));
  let { nextId } = current;
  while (shards.length < needed) {
    shards.push({ id: nextId, topics: new Set() });
    nextId += 1;
  }
  for (const topic of added) emptiest(shards)?.topics.add(topic);
  return { shards, nextId };
}

/**
 * Spreads topics anew, those of a group together: a connection that carries some of everything of a symbol is never
 * silent for long. A group beyond the capacity is cut.
 */
export function spreadTopics(groups: readonly (readonly string[])[], capacity: number): Shards {
  const count = groups.reduce((sum, group) => sum + group.length, 0);
  const shards: Growing[] = Array.from({ length: Math.max(1, Math.ceil(count / capacity)) }, (_, at) => ({
    id: at + 1,
    topics: new Set(),
  }));
  for (const group of groups.flatMap((whole) => chunks(whole, capacity))) {
    let shard = emptiest(shards);
    if (shard === undefined || shard.topics.size + group.length > capacity) {
      shard = { id: shards.length + 1, topics: new Set() };
      shards.push(shard);
    }
    for (const topic of group) shard.topics.add(topic);
  }
  return { shards, nextId: shards.length + 1 };
}

/** Takes topics away; a shard left without any is closed, unless it is the last. The other topics stay where they are. */
export function removeTopics(current: Shards, topics: Iterable<string>): Shards {
  const gone = new Set(topics);
  const left = current.shards.map(({ id, topics: has }) => ({
    id,
    topics: new Set([...has].filter((topic) => !gone.has(topic))),
  }));
  const used = left.filter((shard) => shard.topics.size > 0);
  return { shards: used.length > 0 ? used : left.slice(0, 1), nextId: current.nextId };
}

function emptiest(shards: readonly Growing[]): Growing | undefined {
  let best = shards[0];
  for (const shard of shards) if (best === undefined || shard.topics.size < best.topics.size) best = shard;
  return best;
}
