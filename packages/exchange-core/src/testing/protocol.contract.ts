import {
  ExchangeSymbolSchema,
  TIMEFRAMES,
  TickerSchema,
  UnifiedCandleSchema,
  isClosed,
} from '@livermore/schemas';
import type { MarketEvent, SourcedCandle } from '@livermore/schemas';
import { must } from '@livermore/utils';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DecodeError } from '../errors';
import type {
  DecodeContext,
  ExchangeProtocol,
  Frame,
  Listing,
  StreamMessage,
  Subscription,
} from '../protocol/protocol';
import type { UnreadableElement } from '../protocol/unreadable';
import { isObject } from '../protocol/wire';
import type { HttpResponse } from '../transport';
import { damaged } from './mutations';
import { quarantineContract } from './quarantine.contract';
import type { CandleAnswer, QuarantineCase } from './quarantine.contract';

export type { CandleAnswer } from './quarantine.contract';

/** What a venue brings to the contract. Texts are by name, so that a failure says which. */
export interface ProtocolCase extends QuarantineCase {
  readonly frames: ReadonlyMap<string, string>;
  readonly listings: readonly string[];
  readonly times: readonly string[];
  /** Frames as one healthy connection delivers them. */
  readonly session: fc.Arbitrary<readonly string[]>;
}

/** Runs of each fuzzing property: a few seconds on a small machine. */
const FUZZ_RUNS = 6_000;
/** A frame we send must pass every proxy. */
const LONGEST_FRAME = 16_384;

const STATUSES = [200, 204, 301, 400, 401, 403, 404, 408, 418, 429, 451, 500, 502, 503, 504];
const VERDICTS = ['ok', 'rate-limited', 'banned', 'blocked', 'unknown-symbol', 'unavailable', 'rejected'];

/** What every protocol must keep, whatever the venue. Called from the venue's own test file. */
export function protocolContract(venue: ProtocolCase): void {
  describe(`protocol contract: ${venue.exchange.name}`, () => {
    questionnaire(venue);
    decoding(venue);
    controlFrames(venue);
    restAnswers(venue);
    fuzzing(venue);
    quarantineContract(venue);
  });
}

function contextOf(venue: ProtocolCase): DecodeContext {
  return { exchange: venue.exchange.name, symbolsOf: (streamedAs) => [streamedAs] };
}

function responseOf(body: string, status = 200): HttpResponse {
  return { status, headers: {}, body };
}

function questionnaire({ protocol }: ProtocolCase): void {
  it('keeps every timeframe live in exactly one way', () => {
    const { streamed, rolledUp, fetched } = protocol.timeframes;
    expect([...streamed, ...rolledUp, ...fetched].toSorted()).toEqual([...TIMEFRAMES].toSorted());
  });

  it('states limits that are finite and above zero', () => {
    const { connects, framesPerAddress: _isShared, ...stream } = protocol.stream.limits;
    const { budget, finality, ...rest } = protocol.rest.limits;
    const windows = [connects.count, connects.perMs, finality.fromMs, finality.apartMs];
    const numbers = [...Object.values(stream), ...Object.values(rest), ...windows];
    for (const limit of [...numbers, budget.weight, budget.perMs]) expect(limit).toSatisfy(isPositive);
    expect(budget.reserve).toBeGreaterThanOrEqual(0);
    expect(budget.reserve).toBeLessThan(1);
  });
}

function isPositive(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}

function decoding(venue: ProtocolCase): void {
  it.each([...venue.frames])('decodes the fixture %s to complete events', (_name, text) => {
    expectWholeMessage(venue.protocol.stream.decode(text, contextOf(venue)), venue);
  });

  it('never lets the as-of of a bar go back, nor a closed bar open, over a healthy session', () => {
    fc.assert(
      fc.property(venue.session, (session) => {
        const seen = new Map<string, SourcedCandle>();
        for (const candle of session.flatMap((text) => candlesIn(text, venue))) {
          const key = `${candle.symbol} ${candle.timeframe} ${candle.timestamp}`;
          const before = seen.get(key);
          if (before !== undefined) {
            expect(candle.sequenceNum).toBeGreaterThanOrEqual(before.sequenceNum);
            expect(isClosed(candle) || !isClosed(before)).toBe(true);
          }
          seen.set(key, candle);
        }
        expect(seen.size).toBeGreaterThan(0);
      }),
      { numRuns: 200 },
    );
  });

  it('re-keys what is streamed to every symbol that was asked for, and to none where none was', () => {
    const { protocol, exchange, frames } = venue;
    for (const text of frames.values()) {
      const one = eventsOf(protocol.stream.decode(text, contextOf(venue)));
      const asked = { exchange: exchange.name, symbolsOf: (name: string) => [name, `${name}-ALIAS`] };
      expect(eventsOf(protocol.stream.decode(text, asked))).toHaveLength(one.length * 2);
      const unasked = { exchange: exchange.name, symbolsOf: () => [] };
      expect(eventsOf(protocol.stream.decode(text, unasked))).toEqual([]);
    }
  });
}

function eventsOf(message: StreamMessage): readonly MarketEvent[] {
  return message.kind === 'data' ? message.events : [];
}

function candlesIn(text: string, venue: ProtocolCase): readonly SourcedCandle[] {
  return eventsOf(venue.protocol.stream.decode(text, contextOf(venue))).flatMap((event) =>
    event.type === 'ticker:update' ? [] : [sourced(event.candle)],
  );
}

/** Strict check of a candle of the pipeline: schema, as-of and source. */
function sourced(candle: unknown): SourcedCandle {
  const { sequenceNum, source, ...bar } = UnifiedCandleSchema.parse(candle);
  return { ...bar, sequenceNum: must(sequenceNum, 'an as-of'), source: must(source, 'a source') };
}

function expectWholeMessage(message: StreamMessage, venue: ProtocolCase): void {
  if (message.venueTime !== undefined) expect(message.venueTime).toSatisfy(Number.isSafeInteger);
  expectNamed(message.unreadable ?? []);
  if (message.sequence !== undefined) expect(message.sequence).toSatisfy(Number.isSafeInteger);
  for (const event of eventsOf(message)) {
    if (event.type === 'ticker:update') {
      TickerSchema.parse(event.ticker);
      continue;
    }
    const candle = sourced(event.candle);
    expect(candle.exchange).toBe(venue.exchange.name);
    if (event.type === 'candle:close') expect(isClosed(candle)).toBe(true);
    else if (venue.protocol.closes === 'flagged') expect(isClosed(candle)).toBe(false);
  }
}

function controlFrames(venue: ProtocolCase): void {
  const { limits } = venue.protocol.stream;
  const wanted = fc
    .uniqueArray(fc.stringMatching(/^[A-Z0-9]{1,12}$/), { maxLength: limits.topicsPerFrame * 3 })
    .map((symbols) => symbols.flatMap((symbol) => subscriptionsOf(venue.protocol, symbol)));

  it('subscribes exactly what is wanted, in frames within the limits', () => {
    fc.assert(
      fc.property(wanted, (added) =>
        expectFrames(added, (all, nextId) => venue.protocol.stream.subscribeFrames(all, nextId)),
      ),
    );
  });

  it('unsubscribes exactly what is removed, in frames within the limits', () => {
    fc.assert(
      fc.property(wanted, (gone) =>
        expectFrames(gone, (all, nextId) => venue.protocol.stream.unsubscribeFrames(all, nextId)),
      ),
    );
  });

  it('gives every series and ticker a topic of its own', () => {
    const all = ['AAA-BBB', 'AAB-BB', 'CCC'].flatMap((symbol) => subscriptionsOf(venue.protocol, symbol));
    expect(new Set(all.map((subscription) => subscription.topic)).size).toBe(all.length);
  });

  function expectFrames(
    wantedNow: readonly Subscription[],
    make: (subscriptions: readonly Subscription[], nextId: () => number) => readonly Frame[],
  ): void {
    let id = 0;
    const frames = make(wantedNow, () => ++id);
    expect(frames.flatMap((frame) => frame.topics).toSorted()).toEqual(
      wantedNow.map((subscription) => subscription.topic).toSorted(),
    );
    for (const frame of frames) {
      expect(frame.topics.length).toBeLessThanOrEqual(limits.topicsPerFrame);
      expect(frame.text.length).toBeLessThanOrEqual(LONGEST_FRAME);
      expect(JSON.parse(frame.text)).toBeTypeOf('object');
    }
    const ids = frames.flatMap((frame) => frame.requestId ?? []);
    expect(new Set(ids).size).toBe(ids.length);
  }
}

function subscriptionsOf(protocol: ExchangeProtocol, symbol: string): readonly Subscription[] {
  const candles = protocol.timeframes.streamed.map((timeframe) =>
    protocol.stream.candles({ symbol, timeframe }),
  );
  return [...candles, protocol.stream.ticker(symbol)];
}

function restAnswers(venue: ProtocolCase): void {
  const { rest } = venue.protocol;

  it('reads every candle body, whatever the order of its rows and however often they are repeated', () => {
    expect(venue.candles.length).toBeGreaterThan(0);
    for (const answer of venue.candles) {
      const expected = candlesOf(answer, venue);
      fc.assert(
        fc.property(fc.array(fc.nat()), (order) => {
          const body = JSON.stringify(shuffled(JSON.parse(answer.body), order));
          expect(candlesOf({ ...answer, body }, venue)).toEqual(expected);
        }),
        { numRuns: 25 },
      );
    }
  });

  it('drops rows outside the page', () => {
    for (const answer of venue.candles) {
      const [first, ...others] = candlesOf(answer, venue);
      if (first === undefined) continue;
      const page = { ...answer.page, from: first.timestamp + 1 };
      expect(candlesOf({ ...answer, page }, venue)).toEqual(others);
    }
  });

  it('reads the listings and the time', () => {
    expect(venue.listings.length).toBeGreaterThan(0);
    for (const body of venue.listings) {
      expectWholeListing(rest.listing(responseOf(body)));
      expect(rest.listing(responseOf(body)).symbols).not.toEqual([]);
    }
    for (const body of venue.times) expect(rest.serverTime(responseOf(body))).toSatisfy(isPositive);
  });

  it('has a price and an absolute URL for every request', () => {
    const requests = [
      rest.timeRequest(venue.exchange),
      rest.listingRequest(venue.exchange),
      ...venue.candles.map(({ page }) => rest.candleRequest(venue.exchange, page)),
    ];
    for (const request of requests) {
      expect(new URL(request.url).origin).toBe(new URL(venue.exchange.restUrl).origin);
      expect(request.weight).toSatisfy(isPositive);
    }
  });
}

function candlesOf(answer: CandleAnswer, venue: ProtocolCase): readonly SourcedCandle[] {
  const { page, answeredAt } = answer;
  const context = { exchange: venue.exchange.name, answeredAt };
  const { candles, unreadable } = venue.protocol.rest.candles(page, responseOf(answer.body), context);
  expectNamed(unreadable);
  let before = -1;
  for (const candle of candles) {
    sourced(candle);
    expect(candle).toMatchObject({
      symbol: page.symbol,
      timeframe: page.timeframe,
      exchange: context.exchange,
    });
    expect(candle.timestamp).toBeGreaterThan(before);
    expect(candle.timestamp).toBeGreaterThanOrEqual(page.from);
    expect(candle.timestamp).toBeLessThan(page.to);
    before = candle.timestamp;
  }
  return candles;
}

function expectNamed(unreadable: readonly UnreadableElement[]): void {
  for (const { field, openTime } of unreadable) {
    expect(field).not.toBe('');
    if (openTime !== undefined) expect(openTime).toSatisfy(isPositive);
  }
}

function expectWholeListing(listing: Listing): void {
  expectNamed(listing.unreadable);
  for (const symbol of listing.symbols) ExchangeSymbolSchema.parse(symbol);
  if (listing.weightLimit === undefined) return;
  expect(listing.weightLimit.weight).toSatisfy(isPositive);
  expect(listing.weightLimit.perMs).toSatisfy(isPositive);
}

/** The rows (an array, or the one array of an object) in another order, some of them twice. */
function shuffled(body: unknown, order: readonly number[]): unknown {
  if (Array.isArray(body)) {
    const rows: unknown[] = [...body];
    for (const pick of order) rows.splice(pick % (rows.length + 1), 0, rows[pick % rows.length]);
    return body.length === 0 ? body : rows.toReversed();
  }
  if (!isObject(body)) return body;
  return Object.fromEntries(Object.entries(body).map(([key, rows]) => [key, shuffled(rows, order)]));
}

function fuzzing(venue: ProtocolCase): void {
  const { stream, rest } = venue.protocol;

  it('reads a damaged frame as something whole, or refuses it by venue and field, and throws nothing else', () => {
    let leftOut = 0;
    const refused = fuzz([...venue.frames.values()], (text) => {
      const message = stream.decode(text, contextOf(venue));
      expectWholeMessage(message, venue);
      if (message.unreadable !== undefined) leftOut += 1;
    });
    expect(refused + leftOut).toBeGreaterThan(FUZZ_RUNS / 10);
  });

  it('reads a damaged candle body as whole candles, or refuses it by venue and field', () => {
    for (const answer of venue.candles)
      fuzz([answer.body], (body) => candlesOf({ ...answer, body }, venue), 1_500);
  });

  it('reads a damaged listing or time as something whole, or refuses it by venue and field', () => {
    fuzz(venue.listings, (body) => expectWholeListing(rest.listing(responseOf(body))), 1_000);
    fuzz(venue.times, (body) => expect(rest.serverTime(responseOf(body))).toSatisfy(isPositive), 1_000);
  });

  it('has a verdict on any answer', () => {
    const bodies = [
      ...venue.listings,
      '<html>502</html>',
      '',
      'Unauthorized',
      '{"code":-1121}',
      '{"error":{}}',
    ];
    const body = fc.oneof(fc.constantFrom(...bodies), fc.string(), fc.json());
    fc.assert(
      fc.property(fc.constantFrom(...STATUSES), body, (status, text) => {
        expect(VERDICTS).toContain(rest.verdict(responseOf(text, status)).verdict);
      }),
      { numRuns: 2_000 },
    );
  });

  /** Damages `texts`, reads them, and returns how many were refused. */
  function fuzz(texts: readonly string[], read: (text: string) => unknown, numRuns = FUZZ_RUNS): number {
    let refused = 0;
    fc.assert(
      fc.property(damaged(texts), (text) => {
        try {
          read(text);
        } catch (error) {
          if (!(error instanceof DecodeError)) throw error;
          expect(error.venue).toContain(venue.protocol.name);
          expect(error.field).not.toBe('');
          refused++;
        }
      }),
      { numRuns },
    );
    return refused;
  }
}
