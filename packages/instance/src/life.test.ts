import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { INSTANCE_STATES } from './facts';
import type { InstanceState } from './facts';
import { LIFE, LIFE_EVENTS, Life } from './life';

describe('the life of an exchange', () => {
  it('is this table, and nothing else', () => {
    const steps = INSTANCE_STATES.flatMap((state) =>
      LIFE_EVENTS.flatMap((event) => {
        const next = LIFE[state][event];
        return next === undefined ? [] : [`${state} --${event}--> ${next}`];
      }),
    );
    expect(steps).toEqual([
      'idle --start--> starting',
      'idle --stop--> stopping',
      'starting --connected--> warming',
      'starting --stop--> stopping',
      'warming --warmed--> active',
      'warming --stop--> stopping',
      'active --stop--> stopping',
      'stopping --drained--> stopped',
    ]);
  });

  it('whatever happens: it can be stopped, and after that nothing but its end comes', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...LIFE_EVENTS)), (events) => {
        const seen: InstanceState[] = [];
        const life = new Life((state) => seen.push(state));
        for (const event of events) {
          const before = life.state;
          expect(life.happens(event)).toBe(LIFE[before][event] !== undefined);
        }
        expect(seen.at(-1) ?? 'idle').toBe(life.state);
        const stopped = seen.indexOf('stopping');
        expect(life.signal.aborted).toBe(stopped >= 0);
        if (stopped >= 0) expect(['stopping', 'stopping stopped']).toContain(seen.slice(stopped).join(' '));
        const wasStopped = life.state === 'stopping' || life.state === 'stopped';
        expect(life.happens('stop')).toBe(!wasStopped);
      }),
    );
  });

  it('a part of the start that was stopped meanwhile is the last, and one after it is not begun', async () => {
    const life = new Life(() => undefined);
    const done: string[] = [];
    life.happens('start');
    await life.still(() => done.push('learned'));
    const connecting = life.still(async () => {
      await Promise.resolve();
      done.push('connected');
    });
    life.happens('stop');
    await expect(connecting).rejects.toThrow('being stopped');
    await expect(life.still(() => done.push('warmed'))).rejects.toThrow('being stopped');
    expect(done).toEqual(['learned', 'connected']);
  });

  it('undoes what was made, the last first, whatever fails, and what is made too late at once', async () => {
    const life = new Life(() => undefined);
    const undone: string[] = [];
    await life.owes(() => void undone.push('first'));
    await life.owes(
      () => Promise.reject(new Error('stuck')),
      async () => void undone.push('last'),
    );
    life.happens('stop');
    await life.owes(
      () => void undone.push('late first'),
      () => void undone.push('late last'),
    );
    expect(undone).toEqual(['late last', 'late first']);
    await expect(life.letGo()).rejects.toThrow('stuck');
    await life.letGo();
    expect(undone.slice(2)).toEqual(['last', 'first']);
  });
});
