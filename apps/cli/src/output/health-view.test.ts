import { describe, expect, it } from 'vitest';
import { HealthView, worstOf } from './health-view';
import type { HealthAnswer } from './health-view';

const NOON = Date.UTC(2026, 0, 2, 12);
const at = (seconds: number) => NOON + seconds * 1000;

function answer(failing: Readonly<Record<string, string>>, state = 'active'): HealthAnswer {
  const names = ['redis', 'writes', 'state', 'feed', 'data', 'holes', 'truth', 'venue'];
  const checks = names.map((name) => ({ name, ok: !(name in failing), detail: failing[name] ?? 'fine' }));
  return { ok: Object.keys(failing).length === 0, state, checks };
}

describe('what the screen says of health', () => {
  it('is nothing while all is well', () => {
    const view = new HealthView({ isInPlace: true });
    expect(view.take(answer({}), at(0))).toEqual({ status: '' });
  });

  it('is the worst check with its reason, once it has failed for two seconds, and that it is over', () => {
    const view = new HealthView({ isInPlace: true });
    const ill = answer({ holes: '5 bars are missing', feed: '0 live of 1 connections' });
    expect(view.take(ill, at(0))).toEqual({ status: '  feed: 0 live of 1 connections' });
    expect(view.take(ill, at(2)).line).toBe('✖ 12:00:02  feed: 0 live of 1 connections');
    expect(view.take(ill, at(60))).toEqual({ status: '  feed: 0 live of 1 connections' });
    expect(view.take(answer({}), at(65))).toEqual({
      line: '✔ 12:01:05  well again, after 1m 5s',
      status: '',
    });
    expect(view.take(answer({}), at(66))).toEqual({ status: '' });
  });

  it('says nothing of a connection that was opened anew', () => {
    const view = new HealthView({ isInPlace: true });
    expect(view.take(answer({ feed: '0 live' }), at(0)).line).toBeUndefined();
    expect(view.take(answer({}), at(1))).toEqual({ status: '' });
  });

  it('says what became worse, and goes on to what is left', () => {
    const view = new HealthView({ isInPlace: true });
    const said = [
      view.take(answer({ holes: 'a hole' }), at(0)),
      view.take(answer({ holes: 'a hole' }), at(2)),
      view.take(answer({ holes: 'a hole', redis: 'gone' }), at(4)),
      view.take(answer({ holes: 'a hole', redis: 'gone' }), at(6)),
      view.take(answer({ holes: 'a hole' }), at(8)),
      view.take(answer({ holes: 'a hole' }), at(10)),
      view.take(answer({}), at(12)),
    ];
    expect(said.flatMap(({ line }) => line ?? [])).toEqual([
      '✖ 12:00:02  holes: a hole',
      '✖ 12:00:04  redis: gone',
      '✖ 12:00:08  holes: a hole',
      '✔ 12:00:12  well again, after 12s',
    ]);
  });

  it('repeats what lasts where nothing can be rewritten in place, with what is true by then', () => {
    const view = new HealthView({ isInPlace: false });
    const lines: string[] = [];
    for (let second = 0; second <= 70; second += 1) {
      const { line } = view.take(answer({ venue: `paused, ${100 - second} s left` }), at(second));
      if (line !== undefined) lines.push(line);
    }
    expect(lines).toEqual([
      '✖ 12:00:02  venue: paused, 98 s left',
      '✖ 12:00:32  venue: paused, 68 s left',
      '✖ 12:01:02  venue: paused, 38 s left',
    ]);
  });

  it('tells of two troubles in turn, neither of which lasts', () => {
    const view = new HealthView({ isInPlace: false });
    const lines = Array.from({ length: 4 }, (_, second) => {
      const failing: Record<string, string> =
        second % 2 === 0 ? { holes: 'a hole' } : { holes: 'a hole', feed: 'down' };
      return view.take(answer(failing), at(second)).line;
    });
    expect(lines).toEqual([undefined, undefined, '✖ 12:00:02  holes: a hole', '✖ 12:00:03  feed: down']);
  });

  it('says that a node does not answer', () => {
    const view = new HealthView({ isInPlace: true });
    view.take(undefined, at(0));
    expect(view.take(undefined, at(2)).line).toBe('✖ 12:00:02  node: its health address does not answer');
  });

  it.each([
    ['starting', { feed: '0 live of 0', data: 'none yet', state: 'starting' }, undefined],
    [
      'starting',
      { feed: '0 live of 0', state: 'starting: no venue time: refused; next try in 4 s' },
      'state',
    ],
    ['starting', { redis: 'gone', state: 'starting' }, 'redis'],
    ['warming', { state: 'warming, 43 %', holes: '9 bars are missing' }, undefined],
    ['warming', { state: 'warming, 43 %', venue: 'banned' }, 'venue'],
    ['active', { holes: '9 bars are missing' }, 'holes'],
  ])('while %s, of %o the worst is %s', (state, failing, name) => {
    expect(worstOf(answer(failing, state))?.name).toBe(name);
  });
});
