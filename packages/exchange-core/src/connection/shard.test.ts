import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ONE_EMPTY_SHARD, addTopics, removeTopics, spreadTopics } from './shard';
import type { Shards } from './shard';

const sizes = ({ shards }: Shards) => shards.map(({ topics }) => topics.size);
const named = (count: number, prefix = 't') => Array.from({ length: count }, (_, at) => `${prefix}${at}`);

describe('spreading topics over connections', () => {
  it('opens as few connections as the venue allows and fills them evenly', () => {
    expect(sizes(addTopics(ONE_EMPTY_SHARD, named(25), 10))).toEqual([9, 8, 8]);
  });

  it('adds to the emptiest', () => {
    const spread = addTopics(ONE_EMPTY_SHARD, named(20), 10);
    const first = spread.shards[0];
    const thinned = removeTopics(spread, [...(first?.topics ?? [])].slice(0, 4));
    expect(sizes(thinned)).toEqual([6, 10]);
    expect(sizes(addTopics(thinned, ['new'], 10))).toEqual([7, 10]);
  });

  it('closes a connection that carries nothing any more, but keeps one', () => {
    const spread = addTopics(ONE_EMPTY_SHARD, named(20), 10);
    const second = spread.shards[1];
    expect(removeTopics(spread, second?.topics ?? []).shards.map(({ id }) => id)).toEqual([1]);
    expect(sizes(removeTopics(spread, named(20)))).toEqual([0]);
  });

  it('counts a topic that is asked for twice once', () => {
    const once = addTopics(ONE_EMPTY_SHARD, ['a', 'a', 'b'], 2);
    expect(sizes(addTopics(once, ['b', 'a'], 2))).toEqual([2]);
  });

  const topic = fc.integer({ min: 0, max: 60 }).map((at) => `t${at}`);
  const change = fc.record({ isAdding: fc.boolean(), topics: fc.array(topic, { maxLength: 30 }) });

  it('holds every wanted topic once, within capacity, and never moves one', () => {
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 20 }),
        fc.integer({ min: 1, max: 9 }),
        (changes, capacity) => {
          let shards: Shards = ONE_EMPTY_SHARD;
          const wanted = new Set<string>();
          for (const { isAdding, topics } of changes) {
            const before = placesOf(shards);
            shards = isAdding ? addTopics(shards, topics, capacity) : removeTopics(shards, topics);
            for (const name of topics) void (isAdding ? wanted.add(name) : wanted.delete(name));
            const after = placesOf(shards);
            expect(new Set(after.keys())).toEqual(wanted);
            expect(sizes(shards).reduce((sum, size) => sum + size, 0)).toBe(wanted.size);
            for (const [name, place] of before) if (after.has(name)) expect(after.get(name)).toBe(place);
            for (const size of sizes(shards)) expect(size).toBeLessThanOrEqual(capacity);
            expect(new Set(shards.shards.map(({ id }) => id)).size).toBe(shards.shards.length);
          }
        },
      ),
    );
  });

  it('keeps the topics of a group together, within capacity, over as few connections as may be', () => {
    const lengthsOfGroups = fc.array(fc.integer({ min: 1, max: 7 }), { maxLength: 60 });
    fc.assert(
      fc.property(lengthsOfGroups, fc.integer({ min: 7, max: 40 }), (lengths, capacity) => {
        const groups = lengths.map((length, group) => Array.from({ length }, (_, at) => `${group}.${at}`));
        const { shards, nextId } = spreadTopics(groups, capacity);
        const placed = shards.flatMap(({ topics }) => [...topics]);
        expect(placed.toSorted()).toEqual(groups.flat().toSorted());
        for (const { id, topics } of shards) {
          expect(topics.size).toBeLessThanOrEqual(capacity);
          expect(id).toBeLessThan(nextId);
        }
        for (const group of groups)
          expect(shards.filter(({ topics }) => group.some((name) => topics.has(name)))).toHaveLength(1);
        // What the last group of a connection may leave over.
        expect(shards.length).toBeLessThanOrEqual(Math.ceil(placed.length / (capacity - 6)) + 1);
      }),
    );
  });

  it('cuts a group that is more than a connection may carry', () => {
    expect(sizes(spreadTopics([named(5, 'a'), named(2, 'b')], 2))).toEqual([2, 2, 1, 2]);
  });
});

function placesOf({ shards }: Shards): Map<string, number> {
  return new Map(shards.flatMap(({ id, topics }) => [...topics].map((name) => [name, id] as const)));
}
