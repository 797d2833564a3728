import type { Redis } from 'ioredis';
import type { CandleCacheStrategy } from '../../strategies/candle-cache';
import { EXAMPLE_OPEN_TIME, freshExchangeId } from '../candles';
import { cachedBar, take } from './cached-bar';
import type { CachedBar, Transition } from './cached-bar';
import type { Step } from './steps';

/** Which wrong evidence a sequence has brought: none, one thing (however often), or more. */
export type Lies = Step | 'none' | 'many';

/** A bar after some sequence, with what of the sequence matters for what is promised. */
export interface Situation {
  readonly bar: CachedBar;
  readonly lies: Lies;
  /** Values last announced of the bar; `taken back` after that was announced; nothing was said when absent. */
  readonly lastTold: string | undefined;
}

/** A step in a situation, what it made of the bar, and what the same step made of that. */
export interface Edge {
  readonly before: Situation;
  readonly step: Step;
  readonly done: Transition;
  readonly repeated: Transition;
}

/** A promise about every step of every sequence: says what is wrong, or nothing. */
export interface Promised {
  readonly name: string;
  readonly isBrokenBy: (edge: Edge) => boolean;
}

export interface Found {
  readonly sequences: number;
  /** Different bars reached, and steps that were run on Redis for it. */
  readonly bars: number;
  readonly runs: number;
  /** The first sequence found to break each promise. */
  readonly broken: ReadonlyMap<string, string>;
  /** Every bar that any sequence led to. */
  readonly reached: readonly CachedBar[];
}

interface Tools {
  readonly redis: Redis;
  readonly cache: CandleCacheStrategy;
}

const AT_ONCE = 250;

/** Steps run on Redis, each once for each different bar: equal bars behave equally. */
export class Memo {
  readonly #tools: Tools;
  readonly #known = new Map<string, Transition>();
  readonly #ids = Array.from({ length: AT_ONCE }, freshExchangeId);

  constructor(tools: Tools) {
    this.#tools = tools;
  }

  get runs(): number {
    return this.#known.size;
  }

  async learn(wanted: readonly (readonly [CachedBar, Step])[]): Promise<void> {
    const missing = new Map(
      wanted
        .filter(([bar, step]) => !this.#known.has(nameOf(bar, step)))
        .map((pair) => [nameOf(...pair), pair]),
    );
    const all = [...missing];
    for (let at = 0; at < all.length; at += AT_ONCE) {
      const batch = all.slice(at, at + AT_ONCE);
      const done = await Promise.all(
        batch.map(([, [bar, step]], place) => take(this.#tools, this.#ids[place] ?? 0, bar, step)),
      );
      for (const [place, [name]] of batch.entries()) {
        const transition = done[place];
        if (transition !== undefined) this.#known.set(name, transition);
      }
    }
  }

  get(bar: CachedBar, step: Step): Transition {
    const known = this.#known.get(nameOf(bar, step));
    if (known === undefined) throw new Error(`${step.name} was not run on that bar`);
    return known;
  }
}

function nameOf(bar: CachedBar, step: Step): string {
  return `${bar.key}#${step.name}`;
}

interface Branch {
  readonly situation: Situation;
  /** How many sequences lead here. */
  count: number;
  /** One of them, shortest first. */
  readonly trace: readonly string[];
}

/**
 * Every sequence of up to `depth` steps, from a series of which nothing was told and from one whose bar before was. Sequences
 * that lead to one situation go on as one, counted.
 */
export async function explore(
  memo: Memo,
  alphabet: readonly Step[],
  depth: number,
  promises: readonly Promised[],
): Promise<Found> {
  const broken = new Map<string, string>();
  const reached = new Map<string, CachedBar>();
  let level = new Map<string, Branch>(
    startingBars().map((bar) => [
      bar.key,
      { situation: { bar, lies: 'none', lastTold: undefined }, count: 1, trace: [] },
    ]),
  );
  let sequences = 0;
  for (let length = 1; length <= depth; length += 1) {
    const bars = [...level.values()].map(({ situation }) => situation.bar);
    await memo.learn(bars.flatMap((bar) => alphabet.map((step) => [bar, step] as const)));
    await memo.learn(
      bars.flatMap((bar) => alphabet.map((step) => [memo.get(bar, step).after, step] as const)),
    );
    const next = new Map<string, Branch>();
    for (const branch of level.values()) {
      for (const step of alphabet) {
        const edge = edgeOf(memo, branch.situation, step);
        const trace = [...branch.trace, step.name];
        for (const { name, isBrokenBy } of promises) {
          if (!broken.has(name) && isBrokenBy(edge)) broken.set(name, trace.join(' → '));
        }
        sequences += branch.count;
        reached.set(edge.done.after.key, edge.done.after);
        grow(next, afterOf(edge), branch.count, trace);
      }
    }
    level = next;
  }
  return { sequences, bars: reached.size, runs: memo.runs, broken, reached: [...reached.values()] };
}

function startingBars(): readonly CachedBar[] {
  const nothing = { member: undefined, doubt: undefined, look: undefined };
  const before = EXAMPLE_OPEN_TIME - 60_000;
  return [undefined, `${before}:${before}`].map((told) => cachedBar({ ...nothing, told }));
}

function edgeOf(memo: Memo, before: Situation, step: Step): Edge {
  const done = memo.get(before.bar, step);
  return { before, step, done, repeated: memo.get(done.after, step) };
}

function afterOf({ before, step, done }: Edge): Situation {
  return {
    bar: done.after,
    lies: liesAfter(before.lies, step),
    lastTold: toldAfter(before.lastTold, done),
  };
}

function liesAfter(lies: Lies, step: Step): Lies {
  if (!step.isLie || lies === step) return lies;
  return lies === 'none' ? step : 'many';
}

function toldAfter(lastTold: string | undefined, done: Transition): string | undefined {
  if (done.removed) return done.removalTold ? 'taken back' : lastTold;
  return done.outcome?.news === undefined ? lastTold : done.after.values;
}

function grow(
  level: Map<string, Branch>,
  situation: Situation,
  count: number,
  trace: readonly string[],
): void {
  const { bar, lies, lastTold } = situation;
  const key = [bar.key, typeof lies === 'string' ? lies : lies.name, lastTold ?? ''].join('#');
  const known = level.get(key);
  if (known === undefined) level.set(key, { situation, count, trace });
  else known.count += count;
}
