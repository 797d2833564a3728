import { z } from 'zod';
import { duration } from './format';
import { styled } from './print';

/** What a node's `/health` answers. */
export const HealthAnswerSchema = z.object({
  ok: z.boolean(),
  state: z.string(),
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })),
});
export type HealthAnswer = z.infer<typeof HealthAnswerSchema>;

type Check = HealthAnswer['checks'][number];

/** What is told first where several checks fail: what makes the others fail. */
const WORST_FIRST = ['redis', 'writes', 'venue', 'feed', 'data', 'state', 'truth', 'holes'];
/** A check that fails for less than this, ms, is not worth a line: a connection that was opened anew is one. */
const PATIENCE_MS = 2_000;
/** Where nothing can be rewritten in place, a trouble that goes on is told again after this, ms. */
const AGAIN_MS = 30_000;
const NO_ANSWER: Check = { name: 'node', ok: false, detail: 'its health address does not answer' };

/** What is to be said now: a line of its own, and what the last line of the screen shows, which may be nothing. */
export interface HealthNews {
  readonly line?: string;
  readonly status: string;
}

/**
 * Tells the worst that is wrong, why and what happens next, when it begins, while it lasts and when it is over. Pure; times
 * are ms.
 */
export class HealthView {
  /** Whether a status can be rewritten in place: what lasts needs no line of its own then. */
  readonly #isInPlace: boolean;
  /** Since when it is not well; undefined while it is. */
  #illSince: number | undefined;
  /** Since when anything was told to be wrong; undefined while all is well. */
  #toldSince: number | undefined;
  #toldName: string | undefined;
  #toldAt = 0;

  constructor(options: { readonly isInPlace: boolean }) {
    this.#isInPlace = options.isInPlace;
  }

  /** `answer`: undefined where there was none. */
  take(answer: HealthAnswer | undefined, now: number): HealthNews {
    const worst = answer === undefined ? NO_ANSWER : worstOf(answer);
    if (worst === undefined) return this.#isWell(now);
    this.#illSince ??= now;
    const text = `${worst.name}: ${worst.detail}`;
    const status = `  ${styled('red', text)}`;
    if (now - this.#illSince < PATIENCE_MS) return { status };
    const isAgain = !this.#isInPlace && now - this.#toldAt >= AGAIN_MS;
    if (this.#toldName === worst.name && !isAgain) return { status };
    this.#toldSince ??= this.#illSince;
    this.#toldName = worst.name;
    this.#toldAt = now;
    return { line: `${styled('red', '✖')} ${clock(now)}  ${text}`, status };
  }

  #isWell(now: number): HealthNews {
    const since = this.#toldSince;
    this.#illSince = this.#toldSince = this.#toldName = undefined;
    if (since === undefined) return { status: '' };
    return {
      line: `${styled('green', '✔')} ${clock(now)}  well again, after ${duration(now - since)}`,
      status: '',
    };
  }
}

/** The worst check that fails. While a warmup is under way, what it is there for is no trouble. */
export function worstOf({ state, checks }: HealthAnswer): Check | undefined {
  const failing = checks.filter((check) => !check.ok && !isExpected(state, check));
  return failing.toSorted((a, b) => rankOf(a) - rankOf(b))[0];
}

function isExpected(state: string, { name, detail }: Check): boolean {
  if (state === 'idle') return true;
  if (state === 'starting') return name !== 'redis' && name !== 'writes' && !detail.startsWith('starting: ');
  return state === 'warming' && (name === 'state' || name === 'holes');
}

function rankOf({ name }: Check): number {
  const rank = WORST_FIRST.indexOf(name);
  return rank < 0 ? WORST_FIRST.length : rank;
}

/** Time of day, UTC. */
function clock(now: number): string {
  return new Date(now).toISOString().slice(11, 19);
}
