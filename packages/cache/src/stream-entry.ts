import { LATEST_OPEN_TIME_MS } from '@livermore/schemas';

/** The fields of an entry of a stream, as Redis lists them: a name and its value in turn. */
export class StreamEntry {
  readonly #fields = new Map<string, Buffer>();

  constructor(flat: readonly Buffer[]) {
    for (let at = 0; at + 1 < flat.length; at += 2) {
      const [name, value] = [flat[at], flat[at + 1]];
      if (name !== undefined && value !== undefined) this.#fields.set(name.toString('latin1'), value);
    }
  }

  /** Undefined where there is none. */
  bytes(name: string): Buffer | undefined {
    return this.#fields.get(name);
  }

  /** Empty where there is none. */
  text(name: string): string {
    return this.#fields.get(name)?.toString('utf8') ?? '';
  }

  /** A whole number no greater than an open time can be; undefined where it is none. */
  count(name: string): number | undefined {
    const text = this.text(name);
    const count = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    return count <= LATEST_OPEN_TIME_MS ? count : undefined;
  }
}
