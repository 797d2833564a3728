import { DecodeError } from '../errors';

/**
 * Quarantine of the element: what cannot be read is left out, counted and named; what stands beside it is used.
 */

/** A row, frame entry or listing entry that is not what the venue documents. */
export interface UnreadableElement {
  /** Path of the field at fault, as in a DecodeError: `[17][3]`, `events.0.candles.2.low`. */
  readonly field: string;
  /** A sentence for a person; names venue and field. */
  readonly message: string;
  /** As the venue spelt it, cut to a readable length; not checked, for it may be the very thing that is wrong. */
  readonly symbol?: string;
  /** Open time (ms) of a bar whose row was at least readable so far. */
  readonly openTime?: number;
  /**
   * On a stream: topics of the candles it would have told of, so that the state of a bar of theirs is unknown. `any`: it told
   * of candles and does not say whose, as good as a lost frame.
   */
  readonly topics?: readonly string[] | 'any';
}

/** What is known of an element whatever is wrong with the rest of it. */
export type Known = Omit<UnreadableElement, 'field' | 'message'>;

const LONGEST_SYMBOL = 64;

/** The note of an element that could not be read. Anything but a DecodeError is a fault of ours and thrown on. */
export function unreadableBy(error: unknown, known: Known = {}): UnreadableElement {
  if (!(error instanceof DecodeError)) throw error;
  return { field: error.field, message: error.message, ...known };
}

/** Reads each element by itself. `knownOf` is asked about those that cannot be read. */
export function readEach<T>(
  elements: readonly unknown[],
  read: (element: unknown, at: number) => T,
  knownOf: (element: unknown) => Known,
): { readonly values: readonly T[]; readonly unreadable: readonly UnreadableElement[] } {
  const values: T[] = [];
  const unreadable: UnreadableElement[] = [];
  for (let at = 0; at < elements.length; at++) {
    const element = elements[at];
    try {
      values.push(read(element, at));
    } catch (error) {
      unreadable.push(unreadableBy(error, knownOf(element)));
    }
  }
  return { values, unreadable };
}

/** `{ symbol }` where there is a text to show. */
export function symbolKnown(symbol: unknown): Pick<Known, 'symbol'> {
  return typeof symbol === 'string' && symbol !== '' ? { symbol: symbol.slice(0, LONGEST_SYMBOL) } : {};
}

/** `{ unreadable }` where there is something to tell. */
export function told(unreadable: readonly UnreadableElement[]): {
  readonly unreadable?: readonly UnreadableElement[];
} {
  return unreadable.length === 0 ? {} : { unreadable };
}

/**
 * A field without the place of its element, to count by: a page of a thousand rows has a thousand places.
 * @example kindOfField('events.0.candles.17.low') // 'events.*.candles.*.low'
 */
export function kindOfField(field: string): string {
  return field.replace(/^\[\d+\]/, '[*]').replaceAll(/\.\d+(?=\.|$)/g, '.*');
}
