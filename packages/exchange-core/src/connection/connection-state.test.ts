import { describe, expect, it } from 'vitest';
import { step } from './connection-state';
import type {
  ConnectionEffect,
  ConnectionInput,
  ConnectionInputName,
  ConnectionRules,
  ConnectionState,
  ConnectionStateName,
  Successor,
  Vitals,
} from './connection-model';

const NOW = 1_000_000_000;
const MOMENT = { now: NOW, chance: 0.5 };
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

/** Healthy, lively, and due for nothing. */
const CARRYING = {
  openedAt: NOW - 400_000,
  subscribedAt: NOW - 399_000,
  rotateAt: NOW + 1_000_000,
  failures: 2,
};
const NEXT = {
  queued: { phase: 'queued' },
  connecting: { phase: 'connecting', deadline: NOW + 50_000 },
  subscribing: {
    phase: 'subscribing',
    deadline: NOW + 50_000,
    openedAt: NOW - 100,
    hasData: false,
  },
  delivering: { phase: 'subscribing', deadline: NOW + 50_000, openedAt: NOW - 100, hasData: true },
  subscribed: { phase: 'subscribed', deadline: NOW + 50_000, openedAt: NOW - 100, subscribedAt: NOW - 50 },
} as const satisfies Record<string, Successor>;

/** Every state, with the successor of a rotating connection at each point of its way. */
const STATES = {
  idle: { name: 'idle' },
  waiting: { name: 'waiting', until: NOW, failures: 2 },
  queued: { name: 'queued', failures: 2 },
  connecting: { name: 'connecting', deadline: NOW + 5_000, failures: 2 },
  subscribing: { name: 'subscribing', openedAt: NOW - 400_000, failures: 2, hasData: false },
  'subscribing, delivering': {
    name: 'subscribing',
    openedAt: NOW - 400_000,
    failures: 2,
    hasData: true,
  },
  subscribed: { name: 'subscribed', ...CARRYING },
  live: { name: 'live', ...CARRYING },
  'rotating, queued': { name: 'rotating', ...CARRYING, next: NEXT.queued },
  'rotating, connecting': { name: 'rotating', ...CARRYING, next: NEXT.connecting },
  'rotating, subscribing': { name: 'rotating', ...CARRYING, next: NEXT.subscribing },
  'rotating, delivering': { name: 'rotating', ...CARRYING, next: NEXT.delivering },
  'rotating, subscribed': { name: 'rotating', ...CARRYING, next: NEXT.subscribed },
  stopped: { name: 'stopped' },
} as const satisfies Record<string, ConnectionState>;
type Row = keyof typeof STATES;

/** A state name without a row does not compile. */
const ROWS_COVER_STATES: Record<ConnectionStateName, Row> = {
  idle: 'idle',
  waiting: 'waiting',
  queued: 'queued',
  connecting: 'connecting',
  subscribing: 'subscribing',
  subscribed: 'subscribed',
  live: 'live',
  rotating: 'rotating, queued',
  stopped: 'stopped',
};

const LIVELY: Vitals = { lastFrameAt: NOW - 100, lastDataAt: NOW - 200, carriesData: true, quietMs: 0 };
const INPUTS: Record<ConnectionInputName, ConnectionInput> = {
  start: { input: 'start' },
  stop: { input: 'stop' },
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
  tick: { input: 'tick', ...LIVELY },
};

type Expected = readonly [ConnectionStateName, ...string[]];
const SAME = 'same';

const FAILED: Expected = ['waiting', 'drop', 'owe-repair', 'announce error', 'announce reconnecting'];
const LOST: Expected = ['waiting', 'drop', 'owe-repair', 'announce disconnected', 'announce reconnecting'];
const GONE = ['drop', 'owe-repair', 'announce disconnected'] as const;
const HANDED: Expected = ['live', 'hand-over', 'announce live'];
const QUIT_NEXT: Expected = ['live', 'drop-next', 'announce error'];

function inert(rest: Partial<Record<ConnectionInputName, Expected>>) {
  const cells: Record<ConnectionInputName, Expected | typeof SAME> = {
    start: SAME,
    stop: SAME,
    admitted: SAME,
    opened: SAME,
    subscribed: SAME,
    data: SAME,
    lost: SAME,
    refused: SAME,
    goodbye: SAME,
    'next-opened': SAME,
    'next-subscribed': SAME,
    'next-data': SAME,
    'next-lost': SAME,
    'next-refused': SAME,
    tick: SAME,
  };
  return { ...cells, ...rest };
}

function rotating(promoted: Expected, rest: Partial<Record<ConnectionInputName, Expected>>) {
  const stop: Expected = ['stopped', 'drop-next', 'drop', 'announce disconnected'];
  return inert({
    stop,
    lost: promoted,
    refused: promoted,
    'next-lost': QUIT_NEXT,
    'next-refused': QUIT_NEXT,
    ...rest,
  });
}

/** The whole table. A cell that is not named changes nothing. */
const TABLE: Record<Row, Record<ConnectionInputName, Expected | typeof SAME>> = {
  idle: inert({ start: ['queued', 'queue'], stop: ['stopped'] }),
  waiting: inert({ tick: ['queued', 'queue'], stop: ['stopped'] }),
  queued: inert({ admitted: ['connecting', 'open'], stop: ['stopped', 'unqueue'] }),
  connecting: inert({
    opened: ['subscribing', 'announce connected'],
    lost: FAILED,
    refused: FAILED,
    stop: ['stopped', 'drop'],
  }),
  subscribing: inert({
    data: ['subscribing'],
    subscribed: ['subscribed'],
    lost: LOST,
    refused: LOST,
    goodbye: LOST,
    stop: ['stopped', 'drop', 'announce disconnected'],
  }),
  'subscribing, delivering': inert({
    subscribed: ['live', 'announce live'],
    lost: LOST,
    refused: LOST,
    goodbye: LOST,
    stop: ['stopped', 'drop', 'announce disconnected'],
  }),
  subscribed: inert({
    data: ['live', 'announce live'],
    lost: LOST,
    refused: LOST,
    goodbye: ['rotating', 'queue'],
    stop: ['stopped', 'drop', 'announce disconnected'],
  }),
  live: inert({
    lost: LOST,
    refused: LOST,
    goodbye: ['rotating', 'queue'],
    stop: ['stopped', 'drop', 'announce disconnected'],
  }),
  'rotating, queued': inert({
    admitted: ['rotating', 'open-next'],
    lost: ['queued', ...GONE],
    refused: ['queued', ...GONE],
    stop: ['stopped', 'unqueue', 'drop', 'announce disconnected'],
  }),
  'rotating, connecting': rotating(['connecting', ...GONE, 'promote'], { 'next-opened': ['rotating'] }),
  'rotating, subscribing': rotating(['subscribing', ...GONE, 'promote', 'announce connected'], {
    'next-data': ['rotating'],
    'next-subscribed': ['rotating'],
  }),
  'rotating, delivering': rotating(['subscribing', ...GONE, 'promote', 'announce connected'], {
    'next-subscribed': HANDED,
  }),
  'rotating, subscribed': rotating(['subscribed', ...GONE, 'promote', 'announce connected'], {
    'next-data': HANDED,
  }),
  stopped: inert({}),
};

function named(effects: readonly ConnectionEffect[]): readonly string[] {
  return effects.map((effect) => (effect.do === 'announce' ? `announce ${effect.what}` : effect.do));
}

function rowsOf<T extends object>(table: T): (keyof T & string)[] {
  return Object.keys(table).filter((key): key is keyof T & string => key in table);
}

describe('the connection table', () => {
  for (const row of rowsOf(TABLE)) {
    for (const input of rowsOf(INPUTS)) {
      const expected = TABLE[row][input];
      it(`${row} + ${input} → ${expected === SAME ? SAME : expected.join(', ')}`, () => {
        const state: ConnectionState = STATES[row];
        const [after, effects] = step(state, INPUTS[input], MOMENT, RULES);
        if (expected === SAME) expect([after, effects]).toEqual([state, []]);
        else expect([after.name, ...named(effects)]).toEqual(expected);
      });
    }
  }

  it('has a row for every state', () => {
    for (const [name, row] of Object.entries(ROWS_COVER_STATES)) expect(STATES[row].name).toBe(name);
  });
});

const tick = (vitals: Partial<Vitals>): ConnectionInput => ({ input: 'tick', ...LIVELY, ...vitals });
const reasonOf = (effects: readonly ConnectionEffect[]) =>
  effects.map((effect) => ('reason' in effect ? effect.reason : '')).find((reason) => reason !== '');

describe('deadlines', () => {
  it('waits until its time has come', () => {
    const state: ConnectionState = { name: 'waiting', until: NOW + 1, failures: 1 };
    expect(step(state, tick({}), MOMENT, RULES)[0]).toBe(state);
  });

  it('gives up a socket that does not open in time', () => {
    const [after, effects] = step(
      { name: 'connecting', deadline: NOW, failures: 0 },
      tick({}),
      MOMENT,
      RULES,
    );
    expect([after.name, ...named(effects)]).toEqual(FAILED);
  });

  it.each(['subscribing', 'subscribed', 'live'] as const)('replaces a dead connection while %s', (row) => {
    const [after, effects] = step(STATES[row], tick({ lastFrameAt: NOW - 30_000 }), MOMENT, RULES);
    expect([after.name, ...named(effects)]).toEqual(LOST);
    expect(reasonOf(effects)).toMatch(/^dead/);
  });

  it.each(['subscribed', 'live'] as const)(
    'replaces a connection that beats but is silent while %s',
    (row) => {
      const [after, effects] = step(STATES[row], tick({ lastDataAt: NOW - 60_000 }), MOMENT, RULES);
      expect(after.name).toBe('waiting');
      expect(reasonOf(effects)).toMatch(/^silent/);
    },
  );

  it('does not miss data on a connection that carries none', () => {
    const quiet = tick({ lastDataAt: 0, carriesData: false });
    expect(step(STATES.live, quiet, MOMENT, RULES)[0]).toBe(STATES.live);
  });

  it('leaves a connection that is too old by overlap', () => {
    const old: ConnectionState = { ...STATES.live, rotateAt: NOW };
    const [after, effects] = step(old, tick({}), MOMENT, RULES);
    expect([after.name, ...named(effects)]).toEqual(['rotating', 'queue']);
  });

  it('never rotates where the venue has no age limit, and spreads rotations where it has', () => {
    const { rotateAfterMs, ...ageless } = RULES;
    const open = STATES['subscribing, delivering'];
    const rotateAt = (rules: ConnectionRules, chance: number) => {
      const [after] = step(open, INPUTS.subscribed, { now: NOW, chance }, rules);
      return after.name === 'live' ? after.rotateAt - open.openedAt : undefined;
    };
    expect(rotateAt(ageless, 0)).toBe(Infinity);
    expect(rotateAt(RULES, 0)).toBe(rotateAfterMs);
    expect(rotateAt(RULES, 0.999)).toBeLessThan(3_600_000 * 0.91);
  });

  it('gives up a successor that does not deliver while the old socket does', () => {
    const state: ConnectionState = {
      ...STATES['rotating, subscribed'],
      next: { ...NEXT.subscribed, deadline: NOW },
    };
    const [after, effects] = step(state, tick({ lastDataAt: NOW - 1 }), MOMENT, RULES);
    expect([after.name, ...named(effects)]).toEqual(QUIT_NEXT);
  });

  it('trusts a successor that does not deliver while the old socket does not either', () => {
    const state: ConnectionState = {
      ...STATES['rotating, subscribed'],
      next: { ...NEXT.subscribed, deadline: NOW },
    };
    const [after, effects] = step(state, tick({ lastDataAt: NOW - 51 }), MOMENT, RULES);
    expect([after.name, ...named(effects)]).toEqual(HANDED);
  });

  it('promotes the successor when the old socket dies during the overlap', () => {
    const [after] = step(STATES['rotating, subscribing'], tick({ lastFrameAt: NOW - 30_000 }), MOMENT, RULES);
    expect(after.name).toBe('subscribing');
  });

  it('does not dial at once for a venue that says goodbye to a newcomer', () => {
    const young: ConnectionState = { ...STATES.live, openedAt: NOW - 1_000 };
    const [after, effects] = step(young, INPUTS.goodbye, MOMENT, RULES);
    expect(effects).toEqual([]);
    expect(after).toMatchObject({ name: 'live', failures: 3, rotateAt: NOW + 2_000 });
  });
});

const delay = (failures: number, chance: number) => {
  const [after] = step(
    { name: 'connecting', deadline: NOW, failures },
    INPUTS.lost,
    { now: NOW, chance },
    RULES,
  );
  return after.name === 'waiting' ? after.until - NOW : undefined;
};

const failuresAfter = (openedAt: number) => {
  const [after] = step({ ...STATES.live, openedAt }, INPUTS.lost, MOMENT, RULES);
  return after.name === 'waiting' ? after.failures : undefined;
};

describe('backoff', () => {
  it('grows with each failure, is jittered over its whole length, and is capped', () => {
    expect([0, 1, 2, 3, 6, 50].map((failures) => delay(failures, 1))).toEqual([
      1_000, 2_000, 4_000, 8_000, 60_000, 60_000,
    ]);
    expect(delay(50, 0)).toBe(0);
  });

  it('starts anew after a connection that lived long enough, and only then', () => {
    expect(failuresAfter(NOW - 300_000)).toBe(1);
    expect(failuresAfter(NOW - 299_999)).toBe(3);
  });
});
