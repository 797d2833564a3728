import { isSymbol } from '@livermore/schemas';
import { DecodeError } from '../../errors';
import { symbolKnown, unreadableBy } from '../unreadable';
import type { Known, UnreadableElement } from '../unreadable';
import { isObject } from '../wire';
import type { JsonObject, Where } from '../wire';

/** The entries of a data frame, through all its events, each by itself. */

/** One entry that is an object, and where it was found. */
export interface Entry {
  readonly wire: JsonObject;
  readonly where: Where;
  /** Of an event of type `snapshot`. Without a type an event is taken as an update. */
  readonly isSnapshot: boolean;
}

export interface EntryReader<T> {
  /** What the venue calls the list in each event. */
  readonly list: string;
  read(entry: Entry): T;
  /** What an entry that cannot be read tells all the same. */
  knownOf(wire: JsonObject): Known;
}

/** Reads every entry; what cannot be read, an event without its list included, is left out and named. */
export function readEntries<T>(
  events: readonly unknown[],
  venue: string,
  reader: EntryReader<T>,
): { readonly values: readonly T[]; readonly unreadable: readonly UnreadableElement[] } {
  const values: T[] = [];
  const unreadable: UnreadableElement[] = [];
  for (const [at, event] of events.entries()) {
    const list = isObject(event) ? event[reader.list] : undefined;
    if (!isObject(event) || !Array.isArray(list)) {
      const field = isObject(event) ? `events.${at}.${reader.list}` : `events.${at}`;
      const problem = isObject(event) ? 'is not an array' : 'is not an object';
      unreadable.push(unreadableBy(new DecodeError(venue, field, problem)));
      continue;
    }
    const isSnapshot = event['type'] === 'snapshot';
    for (let index = 0; index < list.length; index++) {
      const wire: unknown = list[index];
      const path = `events.${at}.${reader.list}.${index}`;
      try {
        if (!isObject(wire)) throw new DecodeError(venue, path, 'is not an object');
        values.push(reader.read({ wire, where: { venue, path: `${path}.` }, isSnapshot }));
      } catch (error) {
        unreadable.push(unreadableBy(error, isObject(wire) ? reader.knownOf(wire) : {}));
      }
    }
  }
  return { values, unreadable };
}

/** What every entry tells of itself, and the topic of its channel where its product can be read. */
export function productKnown(wire: JsonObject, topicOf?: (product: string) => string): Known {
  const product = wire['product_id'];
  return {
    ...symbolKnown(product),
    ...(topicOf !== undefined && isSymbol(product) ? { topics: [topicOf(product)] } : {}),
  };
}

/** Every product that anything in these events names, however damaged the rest is. */
export function productsNamed(events: unknown, list: string): readonly string[] {
  const products = new Set<string>();
  for (const event of arrayIn(events)) {
    for (const entry of arrayIn(isObject(event) ? event[list] : undefined)) {
      const product = isObject(entry) ? entry['product_id'] : undefined;
      if (isSymbol(product)) products.add(product);
    }
  }
  return [...products];
}

function arrayIn(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
