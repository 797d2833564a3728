import type { ExchangeSymbol } from '@livermore/schemas';
import { DecodeError } from '../errors';
import type { Listing } from './protocol';
import { readEach, symbolKnown } from './unreadable';
import { isObject } from './wire';
import type { JsonObject, Where } from './wire';

/**
 * The entries of a listing, each by itself: one that cannot be read is left out and named. `read` is given the place of
 * its entry; `nameIn` finds the symbol in one that cannot be read.
 * @throws DecodeError when there is no entry that can be read: then it is no listing
 */
export function readListed(
  entries: readonly unknown[],
  list: Where,
  read: (entry: unknown, where: Where) => ExchangeSymbol,
  nameIn: (entry: JsonObject) => unknown,
): { readonly values: readonly ExchangeSymbol[]; readonly unreadable: Listing['unreadable'] } {
  const listed = readEach(
    entries,
    (entry, at) => {
      if (isObject(entry)) return read(entry, { ...list, path: `${list.path}.${at}.` });
      throw new DecodeError(list.venue, `${list.path}.${at}`, 'is not an object');
    },
    (entry) => (isObject(entry) ? symbolKnown(nameIn(entry)) : {}),
  );
  if (listed.values.length > 0) return listed;
  const [first] = listed.unreadable;
  const because = first === undefined ? '' : `; of the first: ${first.message}`;
  throw new DecodeError(list.venue, first?.field ?? list.path, `no entry can be read${because}`);
}
