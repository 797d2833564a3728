import type { InstanceState } from './facts';

/** What happens to a running exchange, in the order in which it does when nothing goes wrong. */
export const LIFE_EVENTS = ['start', 'connected', 'warmed', 'stop', 'drained'] as const;
export type LifeEvent = (typeof LIFE_EVENTS)[number];

/** What becomes of a state: another one, or nothing, because the event comes too late or too early for it. */
type Row = Readonly<Record<LifeEvent, InstanceState | undefined>>;

const NOTHING: Row = {
  start: undefined,
  connected: undefined,
  warmed: undefined,
  stop: undefined,
  drained: undefined,
};

/**
 * The life of an exchange. It can be stopped at any time, and nothing leads out of that but its end: whatever was under way
 * when it was stopped changes nothing any more.
 */
export const LIFE: Readonly<Record<InstanceState, Row>> = {
  idle: { ...NOTHING, start: 'starting', stop: 'stopping' },
  starting: { ...NOTHING, connected: 'warming', stop: 'stopping' },
  warming: { ...NOTHING, warmed: 'active', stop: 'stopping' },
  active: { ...NOTHING, stop: 'stopping' },
  stopping: { ...NOTHING, drained: 'stopped' },
  stopped: NOTHING,
};

/** What is undone at the end. */
type Undo = () => void | Promise<void>;

/**
 * Where an exchange is in its life. Its signal is aborted when it is stopped; what is made on the way is undone then, the
 * last first, and what is made too late at once.
 */
export class Life {
  readonly #onState: (state: InstanceState) => void;
  readonly #abort = new AbortController();
  readonly #undo: Undo[] = [];
  #state: InstanceState = 'idle';

  constructor(onState: (state: InstanceState) => void) {
    this.#onState = onState;
  }

  get state(): InstanceState {
    return this.#state;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Takes the step that the table has for an event. @returns whether there was one */
  happens(event: LifeEvent): boolean {
    const next = LIFE[this.#state][event];
    if (next === undefined) return false;
    this.#state = next;
    this.#onState(next);
    if (event === 'stop') this.#abort.abort(new Error('the exchange is being stopped'));
    return true;
  }

  /** Does a part of the start, unless it was stopped before or meanwhile. @throws the signal's reason then, or as `part` */
  async still<T>(part: () => T | Promise<T>): Promise<T> {
    this.signal.throwIfAborted();
    const done = await part();
    this.signal.throwIfAborted();
    return done;
  }

  /** Something was made that is to be undone at the end: at once where that has come. */
  async owes(...undo: readonly Undo[]): Promise<void> {
    if (this.signal.aborted) for (const each of undo.toReversed()) await each();
    else this.#undo.push(...undo);
  }

  /** Undoes everything, the last first. What fails keeps nothing else from being undone. @throws the first failure */
  async letGo(): Promise<void> {
    let failed: { readonly error: unknown } | undefined;
    for (const undo of this.#undo.splice(0).toReversed()) {
      try {
        await undo();
      } catch (error) {
        failed ??= { error };
      }
    }
    if (failed !== undefined) throw failed.error;
  }
}
