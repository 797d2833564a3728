import { fullJitterMs } from '@livermore/utils';
import type {
  Carrying,
  ConnectionEffect,
  ConnectionInput,
  ConnectionRules,
  ConnectionState,
  Moment,
  Open,
  Step,
  Successor,
  Vitals,
} from './connection-model';

/**
 * The life of one connection, as a pure table: (state, input, moment) → [state, effects].
 *
 * ```
 *  idle ──start──► queued ──admitted──► connecting ──opened──► subscribing ──subscribed──► subscribed
 *                    ▲ ▲                    │                      │   (data came before)      │ data
 *          tick: due │ │ lost, refused      │ lost, tick: too late │ lost, refused, dead       ▼
 *                    │ │ before admission   ▼                      ▼                          live
 *                    └─┼──────────────── waiting ◄─────────────────┴──── lost, refused, ───────┤
 *                      │                    ▲                            dead or silent        │
 *                      │                    │ both gone                                        │
 *                      └──── rotating ◄─────┴───────────── goodbye, tick: too old ─────────────┘
 *                              │
 *                              └─ next-subscribed and next-data: hand over ─► live
 *  any ──stop──► stopped
 * ```
 *
 * `queued` waits for the connect gate. `subscribed` is acknowledged but has not delivered yet. While
 * `rotating`, the old socket still delivers and a successor is on its way; if the old one is lost, the
 * successor is promoted to wherever it has got. Heartbeats and pings keep a connection from being *dead*;
 * only data keeps it from being *silent*.
 */

/** Share of the permitted age by which connections leave earlier than they must, so that they do not leave together. */
const ROTATION_SPREAD = 0.1;

/** What a connection does next. Pure; an input that means nothing in a state changes nothing. */
export function step(
  state: ConnectionState,
  input: ConnectionInput,
  moment: Moment,
  rules: ConnectionRules,
): Step {
  if (input.input === 'stop') return stop(state);
  switch (state.name) {
    case 'idle':
      return input.input === 'start' ? enqueue(0) : stay(state);
    case 'waiting':
      return input.input === 'tick' && moment.now >= state.until ? enqueue(state.failures) : stay(state);
    case 'queued':
      return input.input === 'admitted' ? dial(state.failures, moment, rules) : stay(state);
    case 'connecting':
      return whileConnecting(state, input, moment, rules);
    case 'subscribing':
      return whileSubscribing(state, input, moment, rules);
    case 'subscribed':
    case 'live':
      return whileCarrying(state, input, moment, rules);
    case 'rotating':
      return whileRotating(state, input, moment, rules);
    case 'stopped':
      break;
  }
  return stay(state);
}

/** The instant (ms) at which a tick could change something, or undefined when none can. */
export function nextDeadline(
  state: ConnectionState,
  vitals: Vitals,
  rules: ConnectionRules,
): number | undefined {
  switch (state.name) {
    case 'waiting':
      return state.until;
    case 'connecting':
      return state.deadline;
    case 'subscribing':
      return deadAt(state, vitals, rules);
    case 'subscribed':
    case 'live':
      return Math.min(deadAt(state, vitals, rules), silentAt(state, vitals, rules), state.rotateAt);
    case 'rotating': {
      const watched = Math.min(deadAt(state, vitals, rules), silentAt(state, vitals, rules));
      return state.next.phase === 'queued' ? watched : Math.min(watched, state.next.deadline);
    }
    case 'idle':
    case 'queued':
    case 'stopped':
      break;
  }
  return undefined;
}

/** Whether this state has a socket on which everything wanted is acknowledged. */
export function isCarrying(
  state: ConnectionState,
): state is Extract<ConnectionState, { name: 'subscribed' | 'live' | 'rotating' }> {
  return state.name === 'subscribed' || state.name === 'live' || state.name === 'rotating';
}

function stay(state: ConnectionState): Step {
  return [state, []];
}

function enqueue(failures: number): Step {
  return [{ name: 'queued', failures }, [{ do: 'queue' }]];
}

function dial(failures: number, { now }: Moment, rules: ConnectionRules): Step {
  return [{ name: 'connecting', failures, deadline: now + rules.openTimeoutMs }, [{ do: 'open' }]];
}

function stop(state: ConnectionState): Step {
  const reason = 'stopped';
  const drop: ConnectionEffect = { do: 'drop', reason };
  const gone: ConnectionEffect = { do: 'announce', what: 'disconnected', reason };
  switch (state.name) {
    case 'queued':
      return [{ name: 'stopped' }, [{ do: 'unqueue' }]];
    case 'connecting':
      return [{ name: 'stopped' }, [drop]];
    case 'subscribing':
    case 'subscribed':
    case 'live':
      return [{ name: 'stopped' }, [drop, gone]];
    case 'rotating':
      return [{ name: 'stopped' }, [abandon(state.next, reason), drop, gone]];
    case 'idle':
    case 'waiting':
    case 'stopped':
      break;
  }
  return [{ name: 'stopped' }, []];
}

function whileConnecting(
  state: Extract<ConnectionState, { name: 'connecting' }>,
  input: ConnectionInput,
  moment: Moment,
  rules: ConnectionRules,
): Step {
  const { failures } = state;
  if (input.input === 'opened') {
    const open: ConnectionState = { name: 'subscribing', openedAt: moment.now, failures, hasData: false };
    return [open, [{ do: 'announce', what: 'connected' }]];
  }
  const reason =
    input.input === 'lost' || input.input === 'refused'
      ? input.reason
      : input.input === 'tick' && moment.now >= state.deadline
        ? 'the socket did not open in time'
        : undefined;
  if (reason === undefined) return stay(state);
  const failed: ConnectionEffect = { do: 'announce', what: 'error', reason };
  return retreat(failures + 1, [{ do: 'drop', reason }, { do: 'owe-repair', reason }, failed], moment, rules);
}

function whileSubscribing(
  state: Extract<ConnectionState, { name: 'subscribing' }>,
  input: ConnectionInput,
  moment: Moment,
  rules: ConnectionRules,
): Step {
  switch (input.input) {
    case 'data':
      return [{ ...state, hasData: true }, []];
    case 'subscribed': {
      const { openedAt, failures } = state;
      const rotateAt = rotationDue(openedAt, moment, rules);
      const carrying = { openedAt, failures, subscribedAt: moment.now, rotateAt };
      if (!state.hasData) return [{ name: 'subscribed', ...carrying }, []];
      return [{ name: 'live', ...carrying }, [{ do: 'announce', what: 'live' }]];
    }
    case 'lost':
    case 'refused':
    case 'goodbye':
      return lose(state, input.reason, moment, rules);
    case 'tick':
      return moment.now >= deadAt(state, input, rules) ? lose(state, DEAD, moment, rules) : stay(state);
    default:
      return stay(state);
  }
}

function whileCarrying(
  state: Extract<ConnectionState, { name: 'subscribed' | 'live' }>,
  input: ConnectionInput,
  moment: Moment,
  rules: ConnectionRules,
): Step {
  switch (input.input) {
    case 'data':
      if (state.name === 'live') return stay(state);
      return [{ ...state, name: 'live' }, [{ do: 'announce', what: 'live' }]];
    case 'lost':
    case 'refused':
      return lose(state, input.reason, moment, rules);
    case 'goodbye': {
      if (isHealthy(state, moment, rules)) return rotate(state);
      // A venue that says goodbye to each newcomer must not make us dial without pause.
      const failures = state.failures + 1;
      return [{ ...state, failures, rotateAt: moment.now + backoffMs(failures, moment, rules) }, []];
    }
    case 'tick': {
      const fault = faultOf(state, input, moment, rules);
      if (fault !== undefined) return lose(state, fault, moment, rules);
      return moment.now < state.rotateAt ? stay(state) : rotate(state);
    }
    default:
      return stay(state);
  }
}

function rotate(state: Carrying): Step {
  return [{ ...state, name: 'rotating', next: { phase: 'queued' } }, [{ do: 'queue' }]];
}

function whileRotating(
  state: Extract<ConnectionState, { name: 'rotating' }>,
  input: ConnectionInput,
  moment: Moment,
  rules: ConnectionRules,
): Step {
  const { next } = state;
  switch (input.input) {
    case 'lost':
    case 'refused':
      return promote(state, input.reason, moment, rules);
    case 'admitted': {
      if (next.phase !== 'queued') return stay(state);
      const deadline = moment.now + rules.openTimeoutMs;
      return [{ ...state, next: { phase: 'connecting', deadline } }, [{ do: 'open-next' }]];
    }
    case 'next-opened': {
      if (next.phase !== 'connecting') return stay(state);
      const deadline = moment.now + rules.rotationTimeoutMs;
      const opened = { phase: 'subscribing', deadline, openedAt: moment.now, hasData: false } as const;
      return [{ ...state, next: opened }, []];
    }
    case 'next-data':
      if (next.phase === 'subscribing') return [{ ...state, next: { ...next, hasData: true } }, []];
      return next.phase === 'subscribed' ? handOver(state, next, moment, rules) : stay(state);
    case 'next-subscribed': {
      if (next.phase !== 'subscribing') return stay(state);
      const { deadline, openedAt } = next;
      const ready = { phase: 'subscribed', deadline, openedAt, subscribedAt: moment.now } as const;
      return next.hasData ? handOver(state, ready, moment, rules) : [{ ...state, next: ready }, []];
    }
    case 'next-lost':
    case 'next-refused':
      return next.phase === 'queued' ? stay(state) : giveUpNext(state, input.reason, moment, rules);
    case 'tick':
      return watchRotation(state, input, moment, rules);
    default:
      return stay(state);
  }
}

type Rotating = Extract<ConnectionState, { name: 'rotating' }>;

function watchRotation(state: Rotating, vitals: Vitals, moment: Moment, rules: ConnectionRules): Step {
  const fault = faultOf(state, vitals, moment, rules);
  if (fault !== undefined) return promote(state, fault, moment, rules);
  const { next } = state;
  if (next.phase === 'queued' || moment.now < next.deadline) return stay(state);
  // Nobody had anything to say since the successor was subscribed: a quiet market, not a bad successor.
  const isQuiet = next.phase === 'subscribed' && vitals.lastDataAt < next.subscribedAt;
  if (isQuiet) return handOver(state, next, moment, rules);
  return giveUpNext(state, 'the successor did not deliver in time', moment, rules);
}

function handOver(
  state: Rotating,
  next: Extract<Successor, { phase: 'subscribed' }>,
  moment: Moment,
  rules: ConnectionRules,
): Step {
  const { openedAt, subscribedAt } = next;
  const rotateAt = rotationDue(openedAt, moment, rules);
  const failures = isHealthy(state, moment, rules) ? 0 : state.failures;
  const live: ConnectionState = { name: 'live', openedAt, subscribedAt, rotateAt, failures };
  return [live, [{ do: 'hand-over' }, { do: 'announce', what: 'live' }]];
}

/** The old socket still serves: keep it, and try again after a while. */
function giveUpNext(state: Rotating, reason: string, moment: Moment, rules: ConnectionRules): Step {
  const { next, ...carrying } = state;
  const failures = state.failures + 1;
  const rotateAt = moment.now + backoffMs(failures, moment, rules);
  const error: ConnectionEffect = { do: 'announce', what: 'error', reason: `rotation: ${reason}` };
  return [{ ...carrying, name: 'live', failures, rotateAt }, [abandon(next, reason), error]];
}

/** The old socket is lost: the successor takes its place, wherever it has got. */
function promote(state: Rotating, reason: string, moment: Moment, rules: ConnectionRules): Step {
  const { next, failures } = state;
  const gone: readonly ConnectionEffect[] = [
    { do: 'drop', reason },
    { do: 'owe-repair', reason },
    { do: 'announce', what: 'disconnected', reason },
  ];
  if (next.phase === 'queued') return [{ name: 'queued', failures }, gone];
  const promoted: readonly ConnectionEffect[] = [...gone, { do: 'promote' }];
  if (next.phase === 'connecting') {
    return [{ name: 'connecting', deadline: next.deadline, failures }, promoted];
  }
  const connected: ConnectionEffect = { do: 'announce', what: 'connected' };
  const open = { openedAt: next.openedAt, failures };
  if (next.phase === 'subscribing') {
    return [{ name: 'subscribing', ...open, hasData: next.hasData }, [...promoted, connected]];
  }
  const rotateAt = rotationDue(next.openedAt, moment, rules);
  const carrying = { ...open, subscribedAt: next.subscribedAt, rotateAt };
  return [{ name: 'subscribed', ...carrying }, [...promoted, connected]];
}

function abandon(next: Successor, reason: string): ConnectionEffect {
  return next.phase === 'queued' ? { do: 'unqueue' } : { do: 'drop-next', reason };
}

function lose(state: Open, reason: string, moment: Moment, rules: ConnectionRules): Step {
  const gone: readonly ConnectionEffect[] = [
    { do: 'drop', reason },
    { do: 'owe-repair', reason },
    { do: 'announce', what: 'disconnected', reason },
  ];
  return retreat(isHealthy(state, moment, rules) ? 1 : state.failures + 1, gone, moment, rules);
}

/** Whether it lived long enough for its backoff to start anew. */
function isHealthy(state: Open, { now }: Moment, rules: ConnectionRules): boolean {
  return now - state.openedAt >= rules.healthyAfterMs;
}

function retreat(
  failures: number,
  before: readonly ConnectionEffect[],
  moment: Moment,
  rules: ConnectionRules,
): Step {
  const delayMs = backoffMs(failures, moment, rules);
  const again: ConnectionEffect = { do: 'announce', what: 'reconnecting', attempt: failures, delayMs };
  return [{ name: 'waiting', until: moment.now + delayMs, failures }, [...before, again]];
}

function backoffMs(failures: number, { chance }: Moment, rules: ConnectionRules): number {
  const random = { next: () => chance };
  return fullJitterMs(failures - 1, { baseMs: rules.backoffBaseMs, capMs: rules.backoffCapMs, random });
}

function rotationDue(openedAt: number, { chance }: Moment, rules: ConnectionRules): number {
  if (rules.rotateAfterMs === undefined) return Infinity;
  return openedAt + rules.rotateAfterMs * (1 - ROTATION_SPREAD * chance);
}

const DEAD = 'dead: no frame of any kind';
/** Why a connection is dropped that lives and does not deliver. */
export const SILENT = 'silent: no data';

function deadAt(state: Open, vitals: Vitals, rules: ConnectionRules): number {
  return Math.max(vitals.lastFrameAt, state.openedAt) + rules.deadAfterMs;
}

function silentAt(state: Carrying, vitals: Vitals, rules: ConnectionRules): number {
  if (!vitals.carriesData) return Infinity;
  return Math.max(vitals.lastDataAt, state.subscribedAt) + Math.max(rules.silentAfterMs, vitals.quietMs);
}

function faultOf(
  state: Carrying,
  vitals: Vitals,
  { now }: Moment,
  rules: ConnectionRules,
): string | undefined {
  if (now >= deadAt(state, vitals, rules)) return DEAD;
  return now >= silentAt(state, vitals, rules) ? SILENT : undefined;
}
