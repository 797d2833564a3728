import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Frame, Subscription } from '../protocol/protocol';
import { FakeRequestSchema, fakeStream } from '../testing/fake-protocol';
import type { FakeProtocolOptions } from '../testing/fake-protocol';
import { SubscriptionLedger } from './subscription-ledger';
import type { LedgerReport, Pacer } from './subscription-ledger';

const RULES = { ackTimeoutMs: 10_000, auditEveryMs: 300_000, auditSpacingMs: 30_000, retryDelayMs: 1_000 };
const NONE: ReadonlySet<string> = new Set();
const topicNames = (count: number) => Array.from({ length: count }, (_, at) => `t${at}`);
const subs = (topics: readonly string[]): Subscription[] =>
  topics.map((topic) => ({ topic, channel: 'candles' }));

const ledgerOf = (options: FakeProtocolOptions = {}, pacer?: Pacer) =>
  new SubscriptionLedger(fakeStream(options), RULES, pacer);
const requestOf = (frame: Frame | undefined) =>
  frame === undefined ? undefined : FakeRequestSchema.parse(JSON.parse(frame.text));

/** Takes every frame that may be sent from `now` on, with the time of each. */
function drain(ledger: SubscriptionLedger, now: number, most = 50) {
  const sent: { at: number; request: ReturnType<typeof requestOf>; frame: Frame }[] = [];
  let at = now;
  for (let turn = 0; turn < most; turn += 1) {
    const frame = ledger.nextFrame(at);
    if (frame !== undefined) sent.push({ at, request: requestOf(frame), frame });
    const wake = ledger.wakeAt();
    if (wake > at + 200) break;
    at = Math.max(at, wake);
  }
  return sent;
}

describe('subscribing', () => {
  it('fills frames, spaces them without bursts, and is complete when all are acknowledged', () => {
    const ledger = ledgerOf();
    ledger.want(subs(topicNames(25)), NONE, 0);
    const sent = drain(ledger, 1_000);
    expect(sent.map(({ at, request }) => [at, request?.op, request?.topics.length])).toEqual([
      [1_000, 'sub', 10],
      [1_100, 'sub', 10],
      [1_200, 'sub', 5],
    ]);
    for (const { frame } of sent) {
      expect(ledger.isComplete).toBe(false);
      expect(ledger.acknowledged(frame.requestId, undefined, 1_300).confirmed).toEqual(frame.topics);
    }
    expect(ledger.isComplete).toBe(true);
    expect(ledger.activeCount).toBe(25);
  });

  it('keeps one frame in flight where answers carry no id', () => {
    const ledger = ledgerOf({ ids: 'none' });
    ledger.want(subs(topicNames(15)), NONE, 0);
    expect(drain(ledger, 0)).toHaveLength(1);
    expect(ledger.wakeAt()).toBe(10_000);
    ledger.acknowledged(undefined, topicNames(10), 50);
    expect(drain(ledger, 100).map(({ request }) => request?.topics.length)).toEqual([5]);
  });

  it('takes an unsubscribe before a subscribe, and says nothing of a topic the venue never heard of', () => {
    const ledger = ledgerOf();
    ledger.want(subs(['a']), NONE, 0);
    ledger.acknowledged(ledger.nextFrame(0)?.requestId, undefined, 10);
    ledger.want(subs(['b', 'c']), NONE, 10);
    ledger.unwant(['a', 'c']);
    const ops = drain(ledger, 1_000).map(({ request }) => [request?.op, request?.topics]);
    expect(ops).toEqual([
      ['unsub', ['a']],
      ['sub', ['b']],
    ]);
  });

  it('renews a topic by taking it off first', () => {
    const ledger = ledgerOf();
    ledger.want(subs(['a', 'b']), NONE, 0);
    ledger.acknowledged(ledger.nextFrame(0)?.requestId, undefined, 10);
    ledger.renew(['a', 'unknown']);
    expect(ledger.isActive('a')).toBe(false);
    const ops = drain(ledger, 1_000).map(({ request }) => [request?.op, request?.topics]);
    expect(ops).toEqual([
      ['unsub', ['a']],
      ['sub', ['a']],
    ]);
  });

  it('shares its pace with other connections where the venue counts by address', () => {
    const pacer = { sendAt: 0 };
    const [one, two] = [ledgerOf({}, pacer), ledgerOf({}, pacer)];
    one.want(subs(['a']), NONE, 0);
    two.want(subs(['b']), NONE, 0);
    expect(one.nextFrame(0)).toBeDefined();
    expect(two.nextFrame(0)).toBeUndefined();
    expect(two.wakeAt()).toBe(100);
    expect(two.nextFrame(100)).toBeDefined();
  });
});

const ask = (ledger: SubscriptionLedger, at: number) => ledger.nextFrame(at)?.requestId;

describe('what is not acknowledged', () => {
  it('is asked once more, then the connection is given up', () => {
    const ledger = ledgerOf();
    ledger.want(subs(['a']), NONE, 0);
    ask(ledger, 0);
    expect(ledger.expire(9_999)).toEqual({ confirmed: [] });
    expect(ledger.expire(10_000).failed).toBeUndefined();
    expect(ledger.nextFrame(10_999)).toBeUndefined();
    expect(ask(ledger, 11_000)).toBe(2);
    expect(ledger.expire(21_000).failed).toEqual({ reason: 'no acknowledgement in time', topics: ['a'] });
  });

  it('is what the acknowledged map lacks, and only that is asked again', () => {
    const ledger = ledgerOf({ ids: 'none' });
    ledger.want(subs(['a', 'b']), NONE, 0);
    ask(ledger, 0);
    const report = ledger.acknowledged(undefined, ['a'], 50);
    expect(report).toEqual({ confirmed: ['a'] });
    expect(requestOf(ledger.nextFrame(1_050))?.topics).toEqual(['b']);
    expect(ledger.acknowledged(undefined, ['a'], 1_100).failed).toEqual({
      reason: 'the acknowledgement lacks topics',
      topics: ['b'],
    });
  });

  it('is asked again in parts, so that one bad topic does not condemn the others', () => {
    const ledger = ledgerOf();
    ledger.want(subs(topicNames(10)), NONE, 0);
    ledger.refused(ask(ledger, 0), 'bad', 50);
    const sent = drain(ledger, 1_050);
    expect(sent.map(({ request }) => request?.topics.length)).toEqual([2, 2, 2, 2, 2]);
    let failed: LedgerReport['failed'];
    for (const { frame } of sent) {
      const report = frame.topics.includes('t3')
        ? ledger.refused(frame.requestId, 'bad', 2_000)
        : ledger.acknowledged(frame.requestId, undefined, 2_000);
      failed ??= report.failed;
    }
    expect(failed?.topics).toEqual(['t2', 't3']);
    expect(ledger.activeCount).toBe(8);
  });

  it('does not condemn the connection when it is a known suspect, which is tried again later', () => {
    const ledger = ledgerOf({ ids: 'none' });
    ledger.want(subs(['a', 'b']), new Set(['b']), 0);
    ask(ledger, 0);
    ledger.acknowledged(undefined, ['a'], 50);
    expect(ledger.isComplete).toBe(true);
    for (let at = 1_000; at < 1_000_000; at += 1_000) {
      if (ledger.nextFrame(at) === undefined) continue;
      expect(ledger.acknowledged(undefined, ['a'], at).failed).toBeUndefined();
      expect(ledger.wakeAt()).toBe(at + RULES.auditEveryMs);
    }
  });

  it('is what was in flight when an error without an id came', () => {
    const ledger = ledgerOf();
    ledger.want(subs(['a']), NONE, 0);
    ask(ledger, 0);
    expect(ledger.refused(undefined, 'not understood', 50).failed).toBeUndefined();
    ask(ledger, 1_050);
    expect(ledger.refused(undefined, 'not understood', 1_100).failed?.reason).toBe('refused: not understood');
    expect(ledger.refused(undefined, 'out of the blue', 1_200)).toEqual({ confirmed: [] });
  });

  it('gives up on a second unanswered unsubscribe', () => {
    const ledger = ledgerOf();
    ledger.want(subs(['a']), NONE, 0);
    ledger.acknowledged(ask(ledger, 0), undefined, 5);
    ledger.unwant(['a']);
    ask(ledger, 100);
    expect(ledger.expire(10_100).failed).toBeUndefined();
    expect(requestOf(ledger.nextFrame(10_200))).toMatchObject({ op: 'unsub', topics: ['a'] });
    expect(ledger.expire(20_200).failed).toBeDefined();
  });
});

const subscribed = () => {
  const ledger = ledgerOf({ hasListing: true });
  ledger.want(subs(['a', 'b']), NONE, 0);
  ledger.acknowledged(ledger.nextFrame(0)?.requestId, undefined, 10);
  return ledger;
};

describe('the listing', () => {
  it('is asked for once everything is acknowledged, and then politely', () => {
    const ledger = subscribed();
    const first = ledger.nextFrame(100);
    expect(requestOf(first)?.op).toBe('list');
    ledger.acknowledged(first?.requestId, ['a', 'b'], 120);
    expect(ledger.wakeAt()).toBe(100 + RULES.auditEveryMs);
    ledger.want(subs(['c']), NONE, 500);
    ledger.acknowledged(ledger.nextFrame(500)?.requestId, undefined, 510);
    expect(ledger.nextFrame(30_099)).toBeUndefined();
    expect(requestOf(ledger.nextFrame(30_100))?.op).toBe('list');
  });

  it('has what it lacks asked again once, then the connection is given up', () => {
    const ledger = subscribed();
    const lacking = ledger.acknowledged(ledger.nextFrame(100)?.requestId, ['a'], 120);
    expect(lacking).toEqual({ confirmed: [], lost: ['b'] });
    const again = ledger.nextFrame(1_120);
    expect(requestOf(again)).toMatchObject({ op: 'sub', topics: ['b'] });
    expect(ledger.acknowledged(again?.requestId, undefined, 1_130).confirmed).toEqual(['b']);
    const second = ledger.nextFrame(30_100);
    expect(requestOf(second)?.op).toBe('list');
    expect(ledger.acknowledged(second?.requestId, ['a'], 30_110).failed?.topics).toEqual(['b']);
  });

  it('has what it shows too much unsubscribed again', () => {
    const ledger = subscribed();
    ledger.acknowledged(ledger.nextFrame(100)?.requestId, ['a', 'b'], 120);
    ledger.unwant(['b']);
    ledger.acknowledged(ledger.nextFrame(200)?.requestId, undefined, 210);
    const audit = ledger.nextFrame(100 + RULES.auditEveryMs);
    ledger.acknowledged(audit?.requestId, ['a', 'b'], 400_000);
    expect(requestOf(ledger.nextFrame(400_100))).toMatchObject({ op: 'unsub', topics: ['b'] });
  });
});

describe('any venue that answers truthfully', () => {
  const change = fc.record({
    kind: fc.constantFrom('want', 'unwant', 'renew'),
    topics: fc.array(fc.constantFrom(...topicNames(30)), { minLength: 1, maxLength: 12 }),
    afterMs: fc.integer({ min: 0, max: 400 }),
  });
  const options = fc.constantFrom<FakeProtocolOptions>({}, { hasListing: true }, { ids: 'none' });

  it('ends up subscribed to exactly what is wanted, in spaced frames within their size', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 25 }), options, (changes, kind) => {
        const ledger = ledgerOf(kind);
        const venue = new Set<string>();
        const wanted = new Set<string>();
        const sentAt: number[] = [];
        let now = 0;
        const turn = () => {
          const frame = ledger.nextFrame(now);
          const request = requestOf(frame);
          if (frame === undefined || request === undefined) return;
          sentAt.push(now);
          expect(request.topics.length).toBeLessThanOrEqual(10);
          for (const topic of request.topics) {
            if (request.op === 'sub') venue.add(topic);
            if (request.op === 'unsub') venue.delete(topic);
          }
          const isMap = request.op === 'list' || kind.ids === 'none';
          const report = ledger.acknowledged(frame.requestId, isMap ? [...venue] : undefined, now);
          expect(report.failed).toBeUndefined();
        };
        for (const { kind: what, topics, afterMs } of changes) {
          if (what === 'want') ledger.want(subs(topics), NONE, now);
          if (what === 'unwant') ledger.unwant(topics);
          if (what === 'renew') ledger.renew(topics);
          for (const topic of topics) {
            if (what === 'want') wanted.add(topic);
            if (what === 'unwant') wanted.delete(topic);
          }
          for (const end = now + afterMs; now < end; now += 50) turn();
        }
        for (let spare = 0; spare < 400; spare += 1, now += 50) turn();
        expect(ledger.isComplete).toBe(true);
        expect(venue).toEqual(wanted);
        sentAt.forEach((at, index) => {
          if (index > 0) expect(at - (sentAt[index - 1] ?? 0)).toBeGreaterThanOrEqual(100);
        });
      }),
    );
  });
});
