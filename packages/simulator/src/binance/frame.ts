/** One event on its way to many connections: written once per framing and time unit, however many read it. */
export class Frame {
  readonly #stream: string;
  readonly #write: (unit: 1 | 1000) => string;
  readonly #texts = new Map<string, string>();

  constructor(stream: string, write: (unit: 1 | 1000) => string) {
    this.#stream = stream;
    this.#write = write;
  }

  text(isCombined: boolean, unit: 1 | 1000): string {
    const key = `${isCombined}|${unit}`;
    const known = this.#texts.get(key);
    if (known !== undefined) return known;
    const data = this.#write(unit);
    const text = isCombined ? `{"stream":${JSON.stringify(this.#stream)},"data":${data}}` : data;
    this.#texts.set(key, text);
    return text;
  }
}
