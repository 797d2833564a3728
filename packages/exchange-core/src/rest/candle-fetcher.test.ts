import { timeframeMs } from '@livermore/schemas';
import { ManualClock, seededRandom } from '@livermore/utils';
import { describe, expect, it } from 'vitest';
import { DecodeError, UnavailableError } from '../errors';
import { FAKE_EXCHANGE, FakeRestVenue, fakePrice, fakeRest } from '../testing/fake-rest-venue';
import type { UnreadableElement } from '../protocol/unreadable';
import { createRestRuntime } from './rest-runtime';

const LIMIT = { weight: 100, perMs: 60_000, window: 'fixed', reserve: 0 } as const;
const START = 1_700_000_045_000;
const STEP = timeframeMs('1m');
const page = { symbol: 'ABC', timeframe: '1m', from: START - 5_000 - 3 * STEP, to: START - 5_000 } as const;

function setUp() {
  const clock = new ManualClock(START);
  const venue = new FakeRestVenue({ clock, limit: LIMIT });
  const errors: DecodeError[] = [];
  const unreadable: UnreadableElement[] = [];
  const runtime = createRestRuntime({
    exchange: FAKE_EXCHANGE,
    protocol: { rest: fakeRest({ ...LIMIT, weight: 50 }) },
    get: venue.get,
    clock,
    random: seededRandom(1),
    onDecodeError: (error) => errors.push(error),
    onUnreadable: (element) => unreadable.push(element),
  });
  const options = { lane: 'warmup', signal: new AbortController().signal } as const;
  return { clock, venue, errors, unreadable, options, ...runtime };
}

/** The page's three bars, or others, some of them with a price nobody can read. */
const rows = (bad: readonly number[], all: readonly number[] = [0, 1, 2]) => {
  const bars = all.map((bar) => ({ t: page.from + bar * STEP, p: bad.includes(bar) ? '-1' : 5, v: 1 }));
  return { status: 200, headers: {}, body: JSON.stringify(bars) };
};
const isBars = ({ url }: { url: string }) => url.includes('/bars');

const garbage = () => ({ status: 200, headers: {}, body: '{"half":' });

describe('fetching', () => {
  it('reads a page as true at the time its request left', async () => {
    const { clock, source, options } = setUp();
    const [answer] = await Promise.all([source.fetchPage(page, options), clock.advance(100)]);
    // After one measurement of the venue's clock, which took 40 ms.
    expect(answer.answeredAt).toBe(START + 40);
    expect(answer.candles.map((candle) => candle.close)).toEqual(
      [0, 1, 2].map((bar) => fakePrice(page.from + bar * STEP)),
    );
    expect(answer.candles[0]).toMatchObject({ exchange: 'sandbox', sequenceNum: (START + 40) * 1000 });
  });

  it('asks again when an answer cannot be read, and counts that', async () => {
    const { clock, venue, errors, source, options } = setUp();
    venue.answer = ({ url }) => (venue.seen.length < 3 && url.includes('/bars') ? garbage() : undefined);
    const [answer] = await Promise.all([source.fetchPage(page, options), clock.advance(10_000)]);
    expect(answer.candles).toHaveLength(3);
    expect(errors).toHaveLength(2);
  });

  it('names the field when no answer can ever be read, after three tries', async () => {
    const { clock, venue, errors, source, options } = setUp();
    venue.answer = ({ url }) => (url.includes('/bars') ? garbage() : undefined);
    const failed = expect(source.fetchPage(page, options)).rejects.toThrow(DecodeError);
    await clock.advance(30_000);
    await failed;
    expect(venue.seen).toHaveLength(1 + 3);
    expect(errors).toHaveLength(3);
  });

  it('measures the venue’s clock once before the first pages, however many start together', async () => {
    const { clock, venue, source, options } = setUp();
    venue.skewMs = -300_000;
    const fetches = [0, 1, 2].map(() => source.fetchPage(page, options));
    const [answers] = await Promise.all([Promise.all(fetches), clock.advance(1_000)]);
    expect(venue.seen.filter(({ url }) => url.includes('/time'))).toHaveLength(1);
    for (const { answeredAt } of answers) expect(answeredAt).toBe(START + 40 - 300_000);
  });

  it('measures for itself when the caller that was first has gone', async () => {
    const { clock, venue, source, options } = setUp();
    const gone = new AbortController();
    const first = source.fetchPage(page, { ...options, signal: gone.signal });
    const second = source.fetchPage(page, options);
    gone.abort(new Error('gone'));
    await expect(first).rejects.toThrow('gone');
    const [answer] = await Promise.all([second, clock.advance(1_000)]);
    expect(answer.candles).toHaveLength(3);
    expect(venue.seen.at(-1)?.status).toBe(200);
  });

  it('leaves the sender’s errors as they are', async () => {
    const { clock, venue, errors, source, options } = setUp();
    venue.answer = () => 'cut';
    const failed = expect(source.fetchPage(page, options)).rejects.toThrow(UnavailableError);
    await clock.advance(300_000);
    await failed;
    expect(errors).toHaveLength(0);
  });

  it('makes the limit that the listing states the budget', async () => {
    const { clock, client, source, options } = setUp();
    expect(client.facts().weight.limit).toBe(50);
    await Promise.all([source.fetchListing(options), clock.advance(100)]);
    expect(client.facts().weight.limit).toBe(100);
  });
});

describe('rows that cannot be read', () => {
  it('are asked for once more, and whole in the next answer', async () => {
    const { clock, venue, unreadable, errors, source, options } = setUp();
    venue.answer = (request) => (isBars(request) && !venue.seen.some(isBars) ? rows([1]) : undefined);
    const [answer] = await Promise.all([source.fetchPage(page, options), clock.advance(10_000)]);
    expect(answer.candles.map(({ close }) => close)).toEqual(
      [0, 1, 2].map((bar) => fakePrice(page.from + bar * STEP)),
    );
    expect(answer.unreadable).toEqual([]);
    expect(unreadable).toMatchObject([{ field: '1.p', symbol: 'ABC', openTime: page.from + STEP }]);
    expect(venue.seen.filter(isBars)).toHaveLength(2);
    expect(errors).toEqual([]);
  });

  it('that stay so are named once, cost two requests the first time and one afterwards', async () => {
    const { clock, venue, unreadable, source, options } = setUp();
    venue.answer = (request) => (isBars(request) ? rows([1]) : undefined);
    for (const requests of [2, 3, 4]) {
      const [answer] = await Promise.all([source.fetchPage(page, options), clock.advance(10_000)]);
      expect(answer.candles.map(({ timestamp }) => timestamp)).toEqual([page.from, page.from + 2 * STEP]);
      expect(answer.unreadable).toMatchObject([{ openTime: page.from + STEP }]);
      expect(venue.seen.filter(isBars)).toHaveLength(requests);
    }
    expect(unreadable).toHaveLength(3);
  });

  it('leave the better of two answers, never a mixture of both', async () => {
    const { clock, venue, unreadable, source, options } = setUp();
    const answers = [rows([1]), rows([0, 2])];
    venue.answer = (request) => (isBars(request) ? answers.shift() : undefined);
    const [answer] = await Promise.all([source.fetchPage(page, options), clock.advance(10_000)]);
    expect(answer.candles.map(({ timestamp }) => timestamp)).toEqual([page.from, page.from + 2 * STEP]);
    expect(unreadable.map(({ field }) => field)).toEqual(['1.p', '0.p', '2.p']);
  });

  it.each([
    ['as it is where the second is empty', rows([1]), rows([], []), [0, 2]],
    ['as it is where the second has fewer bars and no odd row', rows([1]), rows([], [0]), [0, 2]],
    ['for one with as many bars and no odd row', rows([1]), rows([], [0, 1]), [0, 1]],
    [
      'for one with more bars, though more of its rows are odd',
      rows([1], [0, 1]),
      rows([2, 3], [0, 1, 2, 3]),
      [0, 1],
    ],
  ])('leave an answer %s', async (_what, first, second, bars) => {
    const { clock, venue, source, options } = setUp();
    const answers = [first, second];
    venue.answer = (request) => (isBars(request) ? answers.shift() : undefined);
    const [answer] = await Promise.all([source.fetchPage(page, options), clock.advance(10_000)]);
    expect(answer.candles.map(({ timestamp }) => (timestamp - page.from) / STEP)).toEqual(bars);
  });

  it('leave the first answer when the second cannot be had', async () => {
    const { clock, venue, source, options } = setUp();
    venue.answer = (request) => {
      if (!isBars(request)) return undefined;
      return venue.seen.some(isBars) ? { status: 404, headers: {}, body: 'gone' } : rows([2]);
    };
    const [answer] = await Promise.all([source.fetchPage(page, options), clock.advance(60_000)]);
    expect(answer.candles).toHaveLength(2);
    expect(answer.unreadable).toHaveLength(1);
  });

  it('outside the page cost no second request', async () => {
    const { clock, venue, source, options } = setUp();
    venue.answer = (request) => (isBars(request) ? rows([0]) : undefined);
    const narrow = { ...page, from: page.from + STEP };
    const [answer] = await Promise.all([source.fetchPage(narrow, options), clock.advance(10_000)]);
    expect(answer.candles).toHaveLength(2);
    expect(venue.seen.filter(isBars)).toHaveLength(1);
  });
});

/** So many minutes, so far apart. */
const every = (step: number, count: number) => Array.from({ length: count }, (_, at) => at * step);

describe('a page whose bars all lie where longer ones would', () => {
  const to = Math.floor(START / 3_600_000) * 3_600_000;
  const long = { ...page, from: to - 60 * STEP, to };
  const minutes = (...all: readonly number[]) => ({
    status: 200,
    headers: {},
    body: JSON.stringify(all.map((minute) => ({ t: long.from + minute * STEP, p: 5, v: 1 }))),
  });

  it.each([
    ['is asked for again, and the answer with more bars counts', every(5, 12), every(1, 60), 2, 60],
    ['stands where it is told again', every(5, 8), every(5, 8), 2, 8],
    ['may be so by chance where it has few', every(5, 7), every(1, 60), 1, 7],
    ['is none where one bar lies between', [...every(5, 12), 57], every(1, 60), 1, 13],
  ])('%s', async (_name, first, second, requests, bars) => {
    const { clock, venue, source, options } = setUp();
    venue.answer = (request) => {
      if (!isBars(request)) return undefined;
      return minutes(...(venue.seen.some(isBars) ? second : first));
    };
    const [answer] = await Promise.all([source.fetchPage(long, options), clock.advance(10_000)]);
    expect(answer.candles).toHaveLength(bars);
    expect(venue.seen.filter(isBars)).toHaveLength(requests);
  });
});
