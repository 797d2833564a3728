/** Chance, as an argument. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
}

/** The machine's own chance, for jitter in production. */
export const systemRandom: Random = { next: () => Math.random() };

/**
 * A seeded generator (mulberry32, 32-bit state): the same seed gives the same sequence on every machine.
 * @example seededRandom(7).next()
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return {
    next() {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
    },
  };
}

/** A stable 32-bit hash of a text (FNV-1a), to derive one seed from another and a name. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
