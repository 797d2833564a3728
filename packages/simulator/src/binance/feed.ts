import type { ActiveFaults } from '../faults/active-faults';
import type { Blemishes } from '../faults/blemish';
import type { Revisions } from '../faults/revisions';
import type { Market } from '../market/market';
import type { Agenda } from './agenda';
import type { Frame } from './frame';
import type { Listing } from './listing';
import type { Profile } from './profile';
import type { Quotes } from './quotes';

export interface Subscriber {
  deliver(frame: Frame): void;
}

/** What every stream draws from. */
export interface FeedContext {
  readonly market: Market;
  readonly listing: Listing;
  readonly quotes: Quotes;
  readonly profile: Profile;
  readonly faults: ActiveFaults;
  readonly blemishes: Blemishes;
  readonly revisions: Pick<Revisions, 'told' | 'shown'>;
  readonly seed: number;
  /** For what comes later than it should. */
  readonly agenda: Pick<Agenda, 'add'>;
  /** `timer`: closes by the clock; `2021`: only when a later bucket's first trade arrives. */
  readonly timing: 'timer' | '2021';
}

/** One stream and who reads it. */
export interface Feed {
  readonly name: string;
  readonly subscribers: Set<Subscriber>;
  /** Sends what changed in (since, now]. */
  emit(now: number, since: number): void;
}
