import type { Clock } from '@livermore/utils';

/** Something that is due at an instant. */
export interface Task {
  run(now: number): void;
}

/** Tasks by instant, with one timer per distinct instant however many tasks share it. */
export class Agenda {
  readonly #clock: Clock;
  readonly #entries = new Map<number, { readonly tasks: Set<Task>; readonly cancel: () => void }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(at: number, task: Task): void {
    const entry = this.#entries.get(at);
    if (entry !== undefined) {
      entry.tasks.add(task);
      return;
    }
    const cancel = this.#clock.setTimer(() => this.#fire(at), at - this.#clock.now());
    this.#entries.set(at, { tasks: new Set([task]), cancel });
  }

  remove(at: number, task: Task): void {
    const entry = this.#entries.get(at);
    if (entry === undefined || !entry.tasks.delete(task) || entry.tasks.size > 0) return;
    entry.cancel();
    this.#entries.delete(at);
  }

  stop(): void {
    for (const { cancel } of this.#entries.values()) cancel();
    this.#entries.clear();
  }

  #fire(at: number): void {
    const entry = this.#entries.get(at);
    if (entry === undefined) return;
    this.#entries.delete(at);
    // A machine's timer may fire a moment early.
    const now = Math.max(at, this.#clock.now());
    for (const task of entry.tasks) task.run(now);
  }
}
