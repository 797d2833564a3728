import { isSymbol } from '@livermore/schemas';
import { DecodeError } from '../../errors';
import { unreadableBy } from '../unreadable';
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
  /** What an entry that cannot be read tells all the same; undefined for what is no entry at all. */
  knownOf(wire: JsonObject | undefined): Known;
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
      unreadable.push(unreadableBy(new DecodeError(venue, field, problem), reader.knownOf(undefined)));
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
        unreadable.push(unreadableBy(error, reader.knownOf(isObject(wire) ? wire : undefined)));
      }
    }
  }
  return { values, unreadable };
}

/** Every product that these events name, however damaged the rest is; undefined when something in them names none. */
export function productsNamed(events: unknown, list: string): readonly string[] | undefined {
  const products = new Set<string>();
  if (!Array.isArray(events)) return undefined;
  for (const event of events) {
    const entries = isObject(event) ? event[list] : undefined;
    if (!Array.isArray(entries)) return undefined;
    for (const entry of entries) {
      const product = isObject(entry) ? entry['product_id'] : undefined;
      if (!isSymbol(product)) return undefined;
      products.add(product);
    }
  }
  return [...products];
}
