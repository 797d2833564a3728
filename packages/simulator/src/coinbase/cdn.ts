import type { FaultOf } from '../faults/active-faults';
import type { SimRequest, SimResponse } from '../server/venue';

/** Answers kept at once; the oldest falls out first. */
const MAX_ANSWERS = 512;

interface Kept {
  readonly at: number;
  readonly response: SimResponse;
}

/**
 * The content network in front of public routes: repeats an answer for about a second although it announces four
 * hours, unless the request says `no-cache`.
 */
export class Cdn {
  readonly #kept = new Map<string, Kept>();
  readonly #freshMs: number;

  constructor(freshMs: number) {
    this.#freshMs = freshMs;
  }

  /**
   * `stale`: while set, even `no-cache` is answered from what was kept within its `byMs`, and the answer tells its age as
   * it says.
   */
  answer(
    request: SimRequest,
    now: number,
    options: {
      readonly stale: FaultOf<'rest-cached'> | undefined;
      readonly fresh: () => SimResponse;
      /** Something kept was given out because of that. */
      readonly onStale: () => void;
    },
  ): SimResponse {
    const key = `${request.path}?${request.query.toString()}`;
    const kept = this.#kept.get(key);
    const isBypassed = options.stale === undefined && asksForFresh(request);
    const maxAge = options.stale?.byMs ?? this.#freshMs;
    if (!isBypassed && kept !== undefined && now >= kept.at && now - kept.at < maxAge) {
      if (options.stale === undefined) return kept.response;
      options.onStale();
      return { ...kept.response, headers: { ...kept.response.headers, ...ageOf(kept, now, options.stale) } };
    }
    const response = options.fresh();
    const cached = {
      ...response,
      headers: { ...response.headers, 'cache-control': 'public, max-age=14400' },
    };
    if (response.status === 200) this.#keep(key, { at: now, response: cached });
    return response.status === 200 ? cached : response;
  }

  #keep(key: string, kept: Kept): void {
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    if (this.#kept.size <= MAX_ANSWERS) return;
    const oldest = this.#kept.keys().next();
    if (!oldest.done) this.#kept.delete(oldest.value);
  }
}

function ageOf({ at }: Kept, now: number, { tells }: FaultOf<'rest-cached'>): SimResponse['headers'] {
  if (tells === 'date') return { date: new Date(at).toUTCString() };
  return tells === 'age' ? { age: String(Math.floor((now - at) / 1000)) } : {};
}

function asksForFresh(request: SimRequest): boolean {
  return (request.headers['cache-control'] ?? '').toLowerCase().includes('no-cache');
}
