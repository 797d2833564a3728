import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type {
  ConnectionEffect,
  ConnectionInput,
  ConnectionInputName,
  ConnectionRules,
  ConnectionState,
  Vitals,
} from './connection-model';
import { isCarrying, nextDeadline, step } from './connection-state';

const NOW = 1_000_000_000;
const RULES: ConnectionRules = {
  deadAfterMs: 30_000,
  silentAfterMs: 60_000,
  rotateAfterMs: 3_600_000,
  openTimeoutMs: 15_000,
  rotationTimeoutMs: 90_000,
  healthyAfterMs: 300_000,
  backoffBaseMs: 1_000,
  backoffCapMs: 60_000,
};
type PlainInput = Exclude<ConnectionInputName, 'stop' | 'tick'>;
const INPUTS: Record<PlainInput, ConnectionInput> = {
  start: { input: 'start' },
  admitted: { input: 'admitted' },
  opened: { input: 'opened' },
  subscribed: { input: 'subscribed' },
  data: { input: 'data' },
  lost: { input: 'lost', reason: 'cut' },
  refused: { input: 'refused', reason: 'no' },
  goodbye: { input: 'goodbye', reason: 'restart' },
  'next-opened': { input: 'next-opened' },
  'next-subscribed': { input: 'next-subscribed' },
  'next-data': { input: 'next-data' },
  'next-lost': { input: 'next-lost', reason: 'cut' },
  'next-refused': { input: 'next-refused', reason: 'no' },
};
const STOP: ConnectionInput = { input: 'stop' };
const INPUT_NAMES: readonly (PlainInput | 'tick')[] = [
  'start',
  'admitted',
  'opened',
  'subscribed',
  'data',
  'lost',
  'refused',
  'goodbye',
  'next-opened',
  'next-subscribed',
  'next-data',
  'next-lost',
  'next-refused',
  'tick',
];

function isOfSocket(name: ConnectionInputName): boolean {
  return ['opened', 'subscribed', 'data', 'lost', 'refused', 'goodbye'].includes(name);
}

describe('any sequence of inputs', () => {
  const anyInput = fc.record({
    name: fc.constantFrom(...INPUT_NAMES),
    afterMs: fc.oneof(fc.integer({ min: 0, max: 2_000 }), fc.integer({ min: 0, max: 200_000 })),
    chance: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    frameAgeMs: fc.integer({ min: 0, max: 100_000 }),
    dataAgeMs: fc.integer({ min: 0, max: 100_000 }),
  });

  /** Sockets and places in the queue, as the effects leave them. */
  class World {
    current = 0;
    next = 0;
    queued = 0;

    apply(effect: ConnectionEffect): void {
      const changes: Partial<Record<ConnectionEffect['do'], () => void>> = {
        queue: () => void (this.queued += 1),
        unqueue: () => void (this.queued -= 1),
        open: () => void (this.current += 1),
        'open-next': () => void (this.next += 1),
        drop: () => void (this.current = 0),
        'drop-next': () => void (this.next -= 1),
        promote: () => this.#moveUp(),
        'hand-over': () => {
          this.current -= 1;
          this.#moveUp();
        },
      };
      changes[effect.do]?.();
    }

    #moveUp(): void {
      this.next -= 1;
      this.current += 1;
    }
  }

  /** Runs inputs as the shell does: inputs of a socket come only while there is one. */
  function run(inputs: readonly (typeof anyInput extends fc.Arbitrary<infer T> ? T : never)[]) {
    const world = new World();
    let state: ConnectionState = { name: 'idle' };
    let now = NOW;
    const seen: {
      state: ConnectionState;
      world: World;
      now: number;
      effects: readonly ConnectionEffect[];
    }[] = [];
    for (const { name, afterMs, chance, frameAgeMs, dataAgeMs } of inputs) {
      now += afterMs;
      if (name === 'admitted' && world.queued === 0) continue;
      if (name.startsWith('next-') ? world.next === 0 : isOfSocket(name) && world.current === 0) continue;
      const vitals = {
        lastFrameAt: now - frameAgeMs,
        lastDataAt: now - dataAgeMs,
        carriesData: true,
        quietMs: 0,
      };
      const input: ConnectionInput = name === 'tick' ? { input: 'tick', ...vitals } : INPUTS[name];
      if (name === 'admitted') world.queued -= 1;
      const [after, effects] = step(state, input, { now, chance }, RULES);
      for (const effect of effects) world.apply(effect);
      state = after;
      seen.push({ state, effects, now, world: Object.assign(new World(), world) });
    }
    return { state, world, seen, now };
  }

  const started = fc.array(anyInput, { maxLength: 80 }).map((inputs) => {
    const first = { name: 'start', afterMs: 0, chance: 0.5, frameAgeMs: 0, dataAgeMs: 0 } as const;
    return [first, ...inputs];
  });

  it('never has a second socket except the successor of a rotating connection', () => {
    fc.assert(
      fc.property(started, (inputs) => {
        for (const { state, world } of run(inputs).seen) {
          expect(world.current).toBe('openedAt' in state || state.name === 'connecting' ? 1 : 0);
          const hasNext = state.name === 'rotating' && state.next.phase !== 'queued';
          expect(world.next).toBe(hasNext ? 1 : 0);
        }
      }),
    );
  });

  it('waits in the gate exactly while it is queued', () => {
    fc.assert(
      fc.property(started, (inputs) => {
        for (const { state, world } of run(inputs).seen) {
          const isQueued =
            state.name === 'queued' || (state.name === 'rotating' && state.next.phase === 'queued');
          expect(world.queued).toBe(isQueued ? 1 : 0);
        }
      }),
    );
  });

  it('is never stuck: outside the gate it always has a deadline, and the deadline bites', () => {
    fc.assert(
      fc.property(started, (inputs) => {
        const { state, world, now } = run(inputs);
        const vitals: Vitals = { lastFrameAt: 0, lastDataAt: 0, carriesData: true, quietMs: 0 };
        const deadline = nextDeadline(state, vitals, RULES);
        if (world.queued > 0 && deadline === undefined) return;
        expect(deadline).toBeLessThan(Infinity);
        const at = Math.max(now, deadline ?? 0);
        const [after] = step(state, { input: 'tick', ...vitals }, { now: at, chance: 0 }, RULES);
        expect(after).not.toEqual(state);
      }),
    );
  });

  it('waits no longer than the cap, and owes a repair for every loss of a socket it had', () => {
    fc.assert(
      fc.property(started, (inputs) => {
        let before: ConnectionState = { name: 'idle' };
        for (const { state, effects, now } of run(inputs).seen) {
          if (state.name === 'waiting') expect(state.until - now).toBeLessThanOrEqual(RULES.backoffCapMs);
          const dropped = effects.some((effect) => effect.do === 'drop');
          if (isCarrying(before) && dropped)
            expect(effects.map((effect) => effect.do)).toContain('owe-repair');
          before = state;
        }
      }),
    );
  });

  it('stops from anywhere, leaving no socket and no place in the gate', () => {
    fc.assert(
      fc.property(started, (inputs) => {
        const { state, world, now } = run(inputs);
        const [after, effects] = step(state, STOP, { now, chance: 0 }, RULES);
        for (const effect of effects) world.apply(effect);
        expect(after).toEqual({ name: 'stopped' });
        expect([world.current, world.next, world.queued]).toEqual([0, 0, 0]);
        expect(step(after, INPUTS.start, { now, chance: 0 }, RULES)).toEqual([after, []]);
      }),
    );
  });
});
