import type { Logger } from '@livermore/utils';
import { ManualClock, seededRandom, silentLogger } from '@livermore/utils';
import { describe, expect, it } from 'vitest';
import {
  AwayError,
  BannedError,
  BlockedError,
  RateLimitedError,
  RejectedError,
  RequestQueueFullError,
  UnavailableError,
  UnknownSymbolError,
} from '../errors';
import type { Lane } from '../ports';
import type { PricedRequest, WeightLimit } from '../protocol/protocol';
import { FakeRestVenue, fakeRest } from '../testing/fake-rest-venue';
import type { FakeRestVenueOptions } from '../testing/fake-rest-venue';
import { RestClient } from './rest-client';
import type { RestClientOptions, RestTrouble } from './rest-client';
import { VenueClock } from './venue-clock';

const LIMIT: WeightLimit = { weight: 100, perMs: 60_000, window: 'fixed', reserve: 0 };
/** 5 s into a minute. */
const START = 1_700_000_045_000;

function setUp(given: Partial<FakeRestVenueOptions> = {}, options: Partial<RestClientOptions> = {}) {
  const clock = new ManualClock(START);
  const limit = given.limit ?? LIMIT;
  const venue = new FakeRestVenue({ clock, limit, ...given });
  const time = new VenueClock(clock);
  time.measured({ sentAt: START, receivedAt: START, serverTime: venue.now });
  const troubles: RestTrouble[] = [];
  const client = new RestClient({
    exchange: 'sandbox',
    rest: fakeRest(limit),
    get: venue.get,
    time,
    clock,
    random: seededRandom(1),
    onTrouble: (trouble) => troubles.push(trouble),
    ...options,
  });
  const abort = new AbortController();
  const send = (weight = 1, lane: Lane = 'warmup', name = 'x') =>
    client.send(ask(weight, name), { lane, signal: abort.signal }).then(
      (answer) => answer,
      (error: unknown) => error,
    );
  return { clock, venue, time, client, abort, send, troubles };
}

function ask(weight: number, name: string): PricedRequest {
  return { url: `http://fake/${name}?w=${weight}`, weight, maxBodyBytes: 1_000 };
}

const respond = (status: number, body = '', headers: Record<string, string> = {}) => ({
  status,
  headers,
  body,
});

describe('answers', () => {
  it('says when the answer was true at the earliest: when the request left, by the venue’s clock', async () => {
    const { clock, send } = setUp({ skewMs: 300_000 });
    const sent = send();
    await clock.advance(100);
    expect(await sent).toMatchObject({ answeredAt: START + 300_000, leftAt: START, arrivedAt: START + 40 });
  });

  it.each([
    [404, UnknownSymbolError],
    [400, RejectedError],
    [451, BlockedError],
  ])('turns status %i into its own error, without another try', async (status, type) => {
    const { clock, venue, send } = setUp();
    venue.answer = () => respond(status, 'NOPE');
    const sent = send();
    await clock.advance(60_000);
    expect(await sent).toBeInstanceOf(type);
    expect(venue.seen).toHaveLength(1);
  });

  it.each([
    ['the venue fails', () => respond(503)],
    ['the connection breaks', () => 'cut' as const],
    ['no answer comes', () => 'hang' as const],
  ])('tries five times with growing pauses when %s, then says so', async (_, answer) => {
    const { clock, venue, client, send } = setUp();
    venue.answer = answer;
    const sent = send();
    await clock.advance(200_000);
    expect(await sent).toBeInstanceOf(UnavailableError);
    expect(venue.seen).toHaveLength(5);
    expect(client.facts()).toMatchObject({ requests: 5, retries: 4, inFlight: 0 });
    expect(clock.pendingTimers).toBe(0);
  });

  it('gives the answer of a later try', async () => {
    const { clock, venue, send } = setUp();
    venue.answer = () => (venue.seen.length < 2 ? respond(502) : undefined);
    const sent = send();
    await clock.advance(20_000);
    expect(await sent).toMatchObject({ response: { status: 200 } });
  });
});

describe('when an answer was true', () => {
  it('is when its request left, or earlier where its own date says so', async () => {
    const { clock, venue, client, abort } = setUp();
    const sentAt = clock.now();
    const dated = async (ms: number) => {
      const date = new Date(ms).toUTCString();
      venue.answer = () => ({ status: 200, headers: { date }, body: '[]' });
      const sent = client.send(ask(1, 'dated'), { lane: 'warmup', signal: abort.signal });
      await clock.advance(1_000);
      return (await sent).answeredAt;
    };
    expect(await dated(sentAt)).toBe(sentAt);
    const setBack = await dated(sentAt - 300_000);
    expect(setBack).toBeLessThan(sentAt - 299_000);
    expect(setBack).toBeGreaterThanOrEqual(sentAt - 300_000);
    expect(await dated(sentAt + 300_000)).toBe(sentAt + 2_000);
  });

  it.each([
    ['150', 150_000],
    ['0', 0],
    ['soon', 0],
    ['-5', 0],
  ])('is as long ago as a cache says that it kept it: %s', async (age, agoMs) => {
    const { clock, venue, client, abort } = setUp();
    const sentAt = clock.now();
    venue.answer = () => ({
      status: 200,
      headers: { date: new Date(clock.now()).toUTCString(), age },
      body: '[]',
    });
    const sent = client.send(ask(1, 'kept'), { lane: 'warmup', signal: abort.signal });
    await clock.advance(1_000);
    const { answeredAt } = await sent;
    expect(answeredAt).toBeLessThanOrEqual(sentAt);
    expect(Math.abs(sentAt - agoMs - answeredAt)).toBeLessThan(1_000);
  });
});

describe('the budget', () => {
  it('spends a window at once and goes on right after the boundary, never beyond the limit', async () => {
    const { clock, venue, send } = setUp();
    const sent = Array.from({ length: 150 }, () => send(2));
    await clock.advance(10_000);
    expect(venue.seen).toHaveLength(48);
    await clock.advance(170_000);
    await Promise.all(sent);
    expect(venue.seen).toHaveLength(150);
    expect(venue.seen.every((request) => request.status === 200)).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });

  it('makes room for what others behind the address spend, as soon as an answer tells', async () => {
    const { clock, venue, send } = setUp({ limit: { ...LIMIT, reserve: 0.1 } });
    venue.spendElsewhere(60);
    await Promise.all([send(2), clock.advance(100)]);
    const sent = Array.from({ length: 30 }, () => send(2));
    await clock.advance(1_000);
    // 87 of 90 may be spent in bulk.
    expect(venue.seen).toHaveLength(1 + 12);
    await clock.advance(120_000);
    await Promise.all(sent);
    expect(venue.seen.every((request) => request.status === 200)).toBe(true);
  });

  it('is kept by three processes behind one address that know nothing of each other', async () => {
    const limit = { ...LIMIT, weight: 6_000, reserve: 0.05 };
    const { clock, venue, time, send } = setUp({ limit });
    const another = () =>
      new RestClient({ exchange: 'sandbox', rest: fakeRest(limit), get: venue.get, time, clock });
    const { signal } = new AbortController();
    const clients = [another(), another()];
    const sent = Array.from({ length: 2_000 }, () => [
      send(2),
      ...clients.map((client) => client.send(ask(2, 'other'), { lane: 'warmup', signal })),
    ]);
    await clock.advance(200_000);
    await Promise.all(sent.flat());
    expect(venue.seen).toHaveLength(6_000);
    expect(venue.seen.every((request) => request.status === 200)).toBe(true);
  });

  it('learns the limit the venue states', async () => {
    const { client } = setUp();
    client.learnLimit({ weight: 6_000, perMs: 60_000 });
    expect(client.facts().weight).toEqual({ used: 0, limit: 6_000, forecast: 0, countedShare: 1 });
  });

  it('keeps the venue’s minutes, not ours, with clocks five minutes and 17 seconds apart', async () => {
    const { clock, venue, send } = setUp({ skewMs: 317_000 });
    const sent = Array.from({ length: 150 }, () => send(2));
    await clock.advance(240_000);
    await Promise.all(sent);
    expect(venue.seen.every((request) => request.status === 200)).toBe(true);
    const minutes = new Map<number, number>();
    for (const { at } of venue.seen)
      minutes.set(Math.floor(at / 60_000), (minutes.get(Math.floor(at / 60_000)) ?? 0) + 2);
    expect([...minutes.values()]).toEqual([96, 96, 96, 12]);
  });
});

describe('lanes', () => {
  it('serves repair before boundary before warmup before audit', async () => {
    const { clock, venue, send } = setUp();
    const spent = Array.from({ length: 48 }, () => send(2));
    await clock.advance(1_000);
    const names = ['audit', 'warmup', 'boundary', 'repair'] as const;
    const sent = names.map((lane) => send(50, lane, lane));
    await clock.advance(240_000);
    await Promise.all([...spent, ...sent]);
    expect(venue.seen.slice(48).map(({ url }) => new URL(url).pathname.slice(1))).toEqual(names.toReversed());
  });

  it('leaves room in flight and in the window for repair while bulk work waits', async () => {
    const { clock, venue, send } = setUp();
    venue.answer = ({ url }) => (url.includes('bulk') ? 'hang' : undefined);
    for (let at = 0; at < 100; at += 1) void send(1, 'warmup', 'bulk');
    await clock.advance(100);
    expect(venue.seen).toHaveLength(32);
    const repair = send(2, 'repair');
    await clock.advance(100);
    expect(await repair).toMatchObject({ response: { status: 200 } });
  });

  it('lets an audit wait until half of the window is free', async () => {
    const { clock, venue, send } = setUp();
    await Promise.all([...Array.from({ length: 25 }, () => send(2)), clock.advance(1_000)]);
    const audit = send(2, 'audit', 'audit');
    await clock.advance(40_000);
    expect(venue.seen).toHaveLength(25);
    await clock.advance(20_000);
    expect(await audit).toMatchObject({ response: { status: 200 } });
  });

  it('refuses loudly what a lane has no room for, and keeps the rest', async () => {
    const { clock, client, send } = setUp({}, { maxQueuedPerLane: 3 });
    const sent = Array.from({ length: 36 }, () => send(1));
    expect(await sent[35]).toBeInstanceOf(RequestQueueFullError);
    expect(client.facts().queued).toEqual({ repair: 0, boundary: 0, warmup: 3, audit: 0 });
    await clock.advance(1_000);
    const answers = await Promise.all(sent.slice(0, 35));
    expect(answers.every((answer) => !(answer instanceof Error))).toBe(true);
  });

  it('takes an aborted request out of the queue and off the wire', async () => {
    const { clock, venue, client, abort, send } = setUp();
    venue.answer = () => 'hang';
    const sent = Array.from({ length: 40 }, () => send(1));
    await clock.advance(100);
    abort.abort(new Error('stopped'));
    const errors = await Promise.all(sent);
    expect(errors.map(String)).toEqual(Array.from({ length: 40 }, () => 'Error: stopped'));
    expect(client.facts()).toMatchObject({ inFlight: 0, queued: { warmup: 0 } });
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('when the venue asks to slow down', () => {
  it('waits as long as it says, for everyone, and then lets one request try first', async () => {
    const { clock, venue, send } = setUp();
    venue.answer = () => (venue.seen.length === 0 ? respond(429, '', { 'retry-after': '20' }) : undefined);
    const first = send(1);
    await clock.advance(50);
    const others = Array.from({ length: 5 }, () => send(1));
    await clock.advance(19_900);
    expect(venue.seen).toHaveLength(1);
    await clock.advance(1_550);
    const retried = venue.seen.slice(1).map(({ at }) => at);
    expect(retried[1]).toBeGreaterThanOrEqual((retried[0] ?? 0) + 40);
    await Promise.all([first, ...others]);
    expect(venue.seen).toHaveLength(7);
  });

  it('waits at least a window when it does not say how long, and gives up after five tries', async () => {
    const { clock, venue, send, troubles } = setUp({
      limit: { weight: 8, perMs: 1_000, window: 'sliding', reserve: 0 },
    });
    venue.answer = () => respond(429);
    const sent = send(1);
    await clock.advance(300_000);
    expect(await sent).toBeInstanceOf(RateLimitedError);
    const times = venue.seen.map(({ at }) => at);
    expect(times).toHaveLength(5);
    for (const [at, time] of times.slice(1).entries()) expect(time - (times[at] ?? 0)).toBeGreaterThan(1_000);
    expect(troubles.length).toBeGreaterThan(0);
  });

  it('takes many refusals of one burst for one', async () => {
    const { clock, venue, send } = setUp();
    venue.answer = (_, at) => (at < START + 1_000 ? respond(429, '', { 'retry-after': '2' }) : undefined);
    const sent = Array.from({ length: 32 }, () => send(1));
    await clock.advance(30_000);
    const answers = await Promise.all(sent);
    expect(answers.every((answer) => !(answer instanceof Error))).toBe(true);
    expect(venue.seen).toHaveLength(64);
  });
});

describe('a pause without a credible end', () => {
  it.each([
    ['429', 429, '86400000'],
    ['429', 429, '1000000000'],
    ['429', 429, 'Fri, 31 Dec 9999 23:59:59 GMT'],
    ['503', 503, '86400000'],
  ])('is ten minutes, then one request tries: %s %i, Retry-After %s', async (_, status, retryAfter) => {
    const { clock, venue, client, send } = setUp();
    venue.answer = () =>
      venue.seen.length === 0 ? respond(status, '', { 'retry-after': retryAfter }) : undefined;
    const first = send(1);
    await clock.advance(100);
    const others = Array.from({ length: 5 }, () => send(1));
    expect(client.facts().pause?.until).toBeLessThanOrEqual(clock.now() + 600_000);
    await clock.advance(590_000);
    expect(venue.seen).toHaveLength(1);
    await clock.advance(10_100);
    await Promise.all([first, ...others]);
    expect(venue.seen.slice(1).map(({ status: got }) => got)).toEqual([200, 200, 200, 200, 200, 200]);
    const [probe = 0, next = 0] = venue.seen.slice(1).map(({ at }) => at);
    expect(next - probe).toBeGreaterThanOrEqual(40);
    expect(client.facts()).not.toHaveProperty('pause');
  });

  it.each(['0', '-5', 'NaN', 'soon', 'Sun, 06 Nov 1994 08:49:37 GMT'])(
    'is the pause of a venue that says nothing: Retry-After %s',
    async (retryAfter) => {
      const { clock, venue, client, send } = setUp();
      venue.answer = () =>
        venue.seen.length === 0 ? respond(429, '', { 'retry-after': retryAfter }) : undefined;
      const sent = send(1);
      await clock.advance(100);
      const pausedForMs = (client.facts().pause?.until ?? 0) - clock.now();
      expect(pausedForMs).toBeGreaterThan(20_000);
      expect(pausedForMs).toBeLessThanOrEqual(60_000);
      await clock.advance(60_000);
      expect(await sent).toMatchObject({ response: { status: 200 } });
    },
  );

  it('is as long as a date says, by the venue’s clock', async () => {
    const { clock, venue, send } = setUp({ skewMs: 300_000 });
    const until = START + 300_000 + 90_000;
    venue.answer = () =>
      venue.seen.length === 0
        ? respond(429, '', { 'retry-after': new Date(until).toUTCString() })
        : undefined;
    const sent = send(1);
    await clock.advance(89_000);
    expect(venue.seen).toHaveLength(1);
    await clock.advance(4_000);
    expect(await sent).toMatchObject({ response: { status: 200 } });
  });
});

describe('a host that does not answer', () => {
  it.each([
    ['fails', () => respond(503)],
    ['cuts connections', () => 'cut' as const],
    ['never answers', () => 'hang' as const],
  ])('gets one request at a time, ever more rarely, when it %s', async (_, answer) => {
    const { clock, venue, client, send } = setUp();
    venue.answer = answer;
    const sent = Array.from({ length: 40 }, () => send(1));
    await clock.advance(30_000);
    const before = venue.seen.length;
    // All that may be in flight, what left while the first four failed, and the tries after 1, 2, 4 and 8 s.
    expect(before).toBeLessThanOrEqual(32 + 4 + 4);
    expect(client.facts().breaker).not.toBe('closed');
    expect(client.facts().lastFailure?.message).toMatch(/HTTP 503|hang up|no answer/);
    await clock.advance(120_000);
    expect(venue.seen.length - before).toBeLessThan(12);
    for (const error of await Promise.all(sent)) expect(error).toBeInstanceOf(UnavailableError);
  });

  it('serves everyone again from its first answer on, within half a minute and a time-out', async () => {
    const { clock, venue, client, send } = setUp();
    venue.answer = (_, at) => (at < START + 50_000 ? respond(502) : undefined);
    const sent = Array.from({ length: 40 }, () => send(1));
    await clock.advance(50_000 + 30_100);
    const answers = await Promise.all(sent);
    // Whoever tried for all the others had no more tries than anyone.
    expect(answers.filter((answer) => answer instanceof Error).length).toBeLessThanOrEqual(1);
    expect(client.facts()).toMatchObject({ breaker: 'closed' });
    expect(client.facts()).not.toHaveProperty('pause');
  });

  it('is away after a minute: who asks then is told at once until when, and nobody waits', async () => {
    const { clock, venue, client, send } = setUp();
    venue.answer = () => 'cut';
    const sent = Array.from({ length: 40 }, () => send(1));
    await clock.advance(100_000);
    const errors = await Promise.all(sent);
    expect(errors.some((error) => error instanceof AwayError)).toBe(true);
    for (let at = 0; at < 120 && client.facts().breaker !== 'open'; at += 1) {
      void send(1);
      await clock.advance(1_000);
    }
    const seen = venue.seen.length;
    const during = await send(1, 'repair');
    expect(during).toBeInstanceOf(AwayError);
    expect(during).toMatchObject({ details: { until: client.facts().pause?.until } });
    expect(venue.seen).toHaveLength(seen);
    venue.answer = undefined;
    await clock.advance((client.facts().pause?.until ?? 0) - clock.now());
    const after = send(1);
    await clock.advance(100);
    expect(await after).toMatchObject({ response: { status: 200 } });
    expect(client.facts().breaker).toBe('closed');
  });

  it('is there all the same when only some requests fail', async () => {
    const { clock, venue, client, send } = setUp();
    venue.answer = ({ url }) => (url.includes('bad') ? respond(500) : undefined);
    for (let at = 0; at < 4; at += 1) {
      const sent = [send(1, 'warmup', 'bad'), send(1)];
      await clock.advance(100);
      void sent;
    }
    expect(client.facts().breaker).toBe('closed');
  });

  it('has a body that is too long for an answer of its kind', async () => {
    const { clock, venue, client, send } = setUp();
    venue.answer = () => 'flood';
    const sent = send(1);
    await clock.advance(200_000);
    expect(await sent).toBeInstanceOf(UnavailableError);
    expect(client.facts().lastFailure?.message).toMatch(/longer than the 1000 bytes/);
  });
});

describe('when this address is banned', () => {
  it('fails everyone at once, sends nothing before the end, and goes on after it with one request first', async () => {
    const { clock, venue, client, send } = setUp();
    const end = START + 120_000;
    venue.answer = (_, at) =>
      at < START + 1_000 ? respond(418, String(end), { 'retry-after': '60' }) : undefined;
    const first = send(2);
    const queued = send(100, 'audit');
    await clock.advance(100);
    expect(await first).toBeInstanceOf(BannedError);
    expect(await queued).toBeInstanceOf(BannedError);
    expect(client.facts().bannedUntil).toBeGreaterThanOrEqual(end);
    const during = await send(1, 'repair');
    expect(during).toBeInstanceOf(BannedError);
    expect(during).toMatchObject({ until: client.facts().bannedUntil });
    await clock.advance(119_000);
    expect(await send(1)).toBeInstanceOf(BannedError);
    expect(venue.seen).toHaveLength(1);
    await clock.advance(3_000);
    const after = send(1);
    await clock.advance(100);
    expect(await after).toMatchObject({ response: { status: 200 } });
    expect(client.facts().bannedUntil).toBeUndefined();
  });

  it('tells the end by our clock though the venue’s is five minutes ahead', async () => {
    const { clock, venue, send } = setUp({ skewMs: 300_000 });
    venue.answer = (_, at) => respond(418, String(at + 120_000));
    const sent = send(1);
    await clock.advance(100);
    const error = await sent;
    expect(error).toBeInstanceOf(BannedError);
    expect(error).toMatchObject({ until: START + 20 + 120_000 + 1_000 });
  });

  it('holds two minutes when the venue does not say how long', async () => {
    const { clock, venue, client, send } = setUp();
    venue.answer = () => respond(418);
    await Promise.all([send(1), clock.advance(100)]);
    expect(client.facts().bannedUntil).toBeGreaterThanOrEqual(START + 120_000);
  });
});

describe('a ban whose end cannot be meant', () => {
  it.each([
    ['is a year away', (now: number) => String(now + 365 * 86_400_000), 3 * 86_400_000],
    ['is over', (now: number) => String(now - 60_000), 120_000],
    ['is the first of times', () => '0', 120_000],
  ])('is kept for a time that can: %s', async (_, end, heldMs) => {
    const { clock, venue, client, send } = setUp();
    venue.answer = (_request, at) => respond(418, end(at));
    await Promise.all([send(1), clock.advance(100)]);
    const { bannedUntil = 0 } = client.facts();
    expect(bannedUntil - clock.now()).toBeGreaterThan(heldMs - 1_000);
    expect(bannedUntil - clock.now()).toBeLessThanOrEqual(heldMs + 1_000);
  });

  it('is three days where Retry-After says more', async () => {
    const { clock, venue, client, send } = setUp();
    venue.answer = () => respond(418, '', { 'retry-after': '1000000000' });
    await Promise.all([send(1), clock.advance(100)]);
    expect((client.facts().bannedUntil ?? 0) - clock.now()).toBeLessThanOrEqual(3 * 86_400_000 + 1_000);
  });
});

describe('when this location is refused', () => {
  it('has one request try again and again, soon at first, and serves everyone from the first answer on', async () => {
    const { clock, venue, client, send } = setUp();
    venue.answer = (_, at) => (at < START + 70_000 ? respond(451, 'not from here') : undefined);
    let served: number | undefined;
    for (let second = 0; second < 120 && served === undefined; second += 1) {
      const sent = [send(1, 'repair'), send(1, 'boundary'), send(1)];
      await clock.advance(1_000);
      const answers = await Promise.all(sent);
      if (answers.every((answer) => !(answer instanceof Error))) served = second;
    }
    expect(served).toBeLessThan(70 + 41);
    expect(venue.seen.filter(({ status }) => status === 451).length).toBeLessThanOrEqual(3 + 4);
    expect(client.facts()).toMatchObject({ breaker: 'closed' });
    expect(client.facts()).not.toHaveProperty('blocked');
  });

  it('fails everyone at once and asks again only after a while', async () => {
    const { clock, venue, send } = setUp();
    venue.answer = () => respond(451, 'restricted location');
    const sent = Array.from({ length: 34 }, () => send(1));
    await clock.advance(100);
    for (const error of await Promise.all(sent)) expect(error).toBeInstanceOf(BlockedError);
    expect(venue.seen).toHaveLength(32);
    expect(await send(1)).toBeInstanceOf(BlockedError);
    await clock.advance(60_000);
    venue.answer = undefined;
    const after = send(1);
    await clock.advance(100);
    expect(await after).toMatchObject({ response: { status: 200 } });
  });
});

it('logs a trouble that goes on once in ten seconds, with how often it struck', async () => {
  const lines: unknown[] = [];
  const logger: Logger = { ...silentLogger, warn: (fields) => lines.push(fields) };
  const { clock, venue, send, troubles } = setUp({}, { logger });
  venue.answer = () => respond(503);
  const sent = Array.from({ length: 20 }, () => send(1));
  await clock.advance(9_000);
  expect(lines).toHaveLength(1);
  await clock.advance(60_000);
  await Promise.all(sent);
  expect(lines.length).toBeLessThan(10);
  expect(troubles).toHaveLength(lines.length);
  expect(lines[1]).toMatchObject({
    event: 'rest_unavailable',
    exchange: 'sandbox',
    suppressed: expect.any(Number),
  });
});

it('states what it does, for metrics', async () => {
  const { clock, client, send } = setUp();
  const sent = Array.from({ length: 40 }, () => send(2));
  await clock.advance(0);
  expect(client.facts()).toMatchObject({
    weight: { used: 64, limit: 100, forecast: 16 },
    inFlight: 32,
    queued: { warmup: 8 },
    requests: 32,
    retries: 0,
    byStatus: {},
  });
  await clock.advance(1_000);
  await Promise.all(sent);
  expect(client.facts()).toMatchObject({ inFlight: 0, byStatus: { 200: 40 } });
});
