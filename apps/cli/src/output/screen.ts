import { StatusLine } from './status-line';

/** What the last line of the screen may show; the first of these that has something to say is shown. */
const SLOTS = ['health', 'warmup'] as const;
export type Slot = (typeof SLOTS)[number];

/** Lines that stay, above one that is rewritten in place. */
export class Screen {
  readonly #print: (line: string) => void;
  readonly #status: Pick<StatusLine, 'clear' | 'show'>;
  readonly #texts = new Map<Slot, string>();

  constructor(print: (line: string) => void, status: Pick<StatusLine, 'clear' | 'show'> = new StatusLine()) {
    this.#print = print;
    this.#status = status;
  }

  /** A line that stays. */
  say(text: string): void {
    this.#status.clear();
    this.#print(text);
    this.#show();
  }

  /** What goes on; nothing where it is empty. */
  show(slot: Slot, text: string): void {
    if ((this.#texts.get(slot) ?? '') === text) return;
    this.#texts.set(slot, text);
    this.#show();
  }

  #show(): void {
    const slot = SLOTS.find((each) => (this.#texts.get(each) ?? '') !== '');
    if (slot === undefined) this.#status.clear();
    else this.#status.show(this.#texts.get(slot) ?? '');
  }
}
