import type { AdapterEvent, AdapterListener } from './exchange-adapter';

type Listeners = { [T in AdapterEvent['type']]?: readonly AdapterListener<T>[] };

/**
 * Calls listeners in the order they came. What a listener throws is handed to `onFault` and harms nobody else.
 * Listeners may come and go while an event is being told.
 */
export class Emitter {
  readonly #onFault: (type: AdapterEvent['type'], error: unknown) => void;
  #listeners: Listeners = {};

  constructor(onFault: (type: AdapterEvent['type'], error: unknown) => void) {
    this.#onFault = onFault;
  }

  on<T extends AdapterEvent['type']>(type: T, listener: AdapterListener<T>): () => void {
    const own: AdapterListener<T> = (event) => listener(event);
    this.#set(type, [...(this.#listeners[type] ?? []), own]);
    return () => this.#set(type, this.#listeners[type]?.filter((other) => other !== own) ?? []);
  }

  emit<T extends AdapterEvent['type']>(type: T, event: Extract<AdapterEvent, { type: T }>): void {
    const listeners: readonly AdapterListener<T>[] | undefined = this.#listeners[type];
    if (listeners === undefined) return;
    for (const listener of listeners) {
      try {
        listener(event);
      } catch (error) {
        this.#onFault(type, error);
      }
    }
  }

  #set<T extends AdapterEvent['type']>(type: T, listeners: readonly AdapterListener<T>[]): void {
    this.#listeners = { ...this.#listeners, [type]: listeners };
  }
}
