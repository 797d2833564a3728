import type { Exchange } from '@livermore/schemas';
import { must } from '@livermore/utils';
import { expect, it } from 'vitest';
import { DecodeError } from '../errors';
import type { CandlePage, ExchangeProtocol, PageRows } from '../protocol/protocol';
import type { UnreadableElement } from '../protocol/unreadable';
import { isObject } from '../protocol/wire';
import { corruptionsOf } from './element-corruptions';
import type { ElementCase } from './element-corruptions';

/** A candle body, the page it answers, and the venue's time of the answer (ms). */
export interface CandleAnswer {
  readonly body: string;
  readonly page: CandlePage;
  readonly answeredAt: number;
}

/** What a venue brings to this part of the contract. */
export interface QuarantineCase {
  readonly protocol: ExchangeProtocol;
  readonly exchange: Exchange;
  /** The first of them has three rows, with prices whose texts are those of their numbers or longer. */
  readonly candles: readonly CandleAnswer[];
  /** Payloads of several elements each: frames, bodies that answer the first page of `candles`, and listings. */
  readonly elements: {
    readonly frames: readonly ElementCase[];
    readonly candles: readonly ElementCase[];
    readonly listings: readonly ElementCase[];
  };
}

/** Ways of damage below which a case shows little. */
const LEAST_CORRUPTIONS = 32;

/**
 * One unreadable element costs exactly itself: whatever it is and wherever it stands, all that stands beside it arrives
 * as if it were not there, and it is named once.
 */
export function quarantineContract(venue: QuarantineCase): void {
  const { frames, candles, listings } = venue.elements;
  const { stream, rest } = venue.protocol;
  const context = { exchange: venue.exchange.name, symbolsOf: (streamedAs: string) => [streamedAs] };

  it('brings elements of every kind', () => {
    for (const cases of [frames, candles, listings]) expect(cases).not.toEqual([]);
  });
  // Its counter and its time are among what a frame must still give.
  for (const item of frames) losesOnlyOne(item, (text) => stream.decode(text, context));
  for (const item of candles) losesOnlyOne(item, (body) => rowsOf(venue, body));
  for (const item of listings) losesOnlyOne(item, (body) => rest.listing(responseOf(body)));
  pages(venue);
}

/** A reader of one kind of payload: what it gives, and what it left out. */
type Reader = (text: string) => { readonly unreadable?: readonly UnreadableElement[] };

function losesOnlyOne(item: ElementCase, read: Reader): void {
  it(`loses of ${item.name} only the element that cannot be read, and names it once`, () => {
    let tried = 0;
    for (const { what, bad, without } of corruptionsOf(item)) {
      tried += 1;
      const { unreadable = [], ...given } = read(bad);
      const { unreadable: others = [], ...expected } = read(without);
      expect({ what, given, named: unreadable.length }).toEqual({ what, given: expected, named: 1 });
      expect(others).toEqual([]);
      const { field, message } = must(unreadable[0], 'the bad element');
      expect(field).not.toBe('');
      expect(message).toContain(field);
    }
    expect(tried).toBeGreaterThanOrEqual(LEAST_CORRUPTIONS);
  });
}

function pages(venue: QuarantineCase): void {
  it('names the bar of a row that cannot be read wherever its open time can be', () => {
    const { body } = must(venue.candles[0], 'an answer');
    const whole = rowsOf(venue, body).candles;
    const negative = whole.reduce((json, { low }) => json.replaceAll(`"${low}`, `"-${low}`), body);
    const { candles, unreadable } = rowsOf(venue, negative);
    expect(candles).toEqual([]);
    const openTimes = new Set(unreadable.map(({ openTime }) => openTime));
    expect(openTimes).toEqual(new Set(whole.map(({ timestamp }) => timestamp)));
  });

  it('takes a page of which most rows cannot be read as a change of format', () => {
    const { body } = must(venue.candles[0], 'an answer');
    const withBad = (count: number) => JSON.stringify(withBadRows(JSON.parse(body), count));
    const { candles } = rowsOf(venue, body);
    expect(candles).toHaveLength(3);
    expect(rowsOf(venue, withBad(3)).candles).toEqual(candles);
    expect(() => rowsOf(venue, withBad(4))).toThrow(DecodeError);
  });
}

/** What a body says as the answer to the first page. */
function rowsOf(venue: QuarantineCase, body: string): PageRows {
  const { page, answeredAt } = must(venue.candles[0], 'an answer');
  const context = { exchange: venue.exchange.name, answeredAt };
  return venue.protocol.rest.candles(page, responseOf(body), context);
}

function responseOf(body: string) {
  return { status: 200, headers: {}, body };
}

/** The rows (an array, or the one array of an object) and some that nobody can read. */
function withBadRows(body: unknown, bad: number): unknown {
  if (Array.isArray(body)) return [...body, ...Array.from({ length: bad }, () => null)];
  if (!isObject(body)) return body;
  return Object.fromEntries(Object.entries(body).map(([key, rows]) => [key, withBadRows(rows, bad)]));
}
