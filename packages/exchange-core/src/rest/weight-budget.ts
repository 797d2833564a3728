import type { WeightLimit } from '../protocol/protocol';
import { chargeLedger, emptyLedger, realignLedger, settleLedger, spentIn } from './weight-ledger';
import type { Ledger, Spending, VenueInstant } from './weight-ledger';

/**
 * May this much weight be spent now, or when? Pure; the state of one venue address. All times are the
 * venue's, in ms.
 */
export interface WeightBudget {
  readonly limit: WeightLimit;
  readonly ledger: Ledger;
  /** The venue asked for a pause until then. */
  readonly pausedUntil: number;
  /** This address is banned until then. */
  readonly bannedUntil: number;
}

/** `at`: the earliest time at which asking again can have another answer, unless a request ends before. */
export type Decision = { readonly now: true } | { readonly now: false; readonly at: number };

export function newBudget(limit: WeightLimit): WeightBudget {
  return { limit, ledger: emptyLedger, pausedUntil: 0, bannedUntil: 0 };
}

/**
 * Whether a request of `weight` may leave.
 * @param share of the allowance (0..1) that may be spent by everyone together with this request
 */
export function decide(budget: WeightBudget, weight: number, now: VenueInstant, share = 1): Decision {
  const heldUntil = Math.max(budget.pausedUntil, budget.bannedUntil);
  if (heldUntil > now.at) return { now: false, at: heldUntil };
  const { spent, lessAt } = spentIn(budget.ledger, budget.limit, now);
  // A request dearer than the allowance goes alone: it would wait for ever otherwise.
  const allowed = Math.max(allowanceOf(budget.limit) * share, weight);
  return spent + weight <= allowed ? { now: true } : { now: false, at: lessAt };
}

/** Of a window that is minutes long, what bulk work leaves for repairs that cannot wait for the next one. */
const BULK_SHARE = 0.97;

/** The share of the allowance (0..1) that bulk work may spend. */
export function bulkShareOf(limit: Pick<WeightLimit, 'window'>): number {
  return limit.window === 'fixed' ? BULK_SHARE : 1;
}

/** A request leaves: charge it, and keep the spending until it ends. */
export function spend(
  budget: WeightBudget,
  weight: number,
  now: VenueInstant,
): { readonly budget: WeightBudget; readonly spending: Spending } {
  return {
    budget: { ...budget, ledger: chargeLedger(budget.ledger, weight) },
    spending: { weight, sentAt: now },
  };
}

/** A request ended. `reported`: the used weight the venue told with it, if it did. */
export function settle(
  budget: WeightBudget,
  spending: Spending,
  end: { readonly now: VenueInstant; readonly reported?: number | undefined },
): WeightBudget {
  return { ...budget, ledger: settleLedger(budget.ledger, budget.limit, spending, end) };
}

/** The venue asked for a pause: nothing leaves before `until`. A shorter pause never shortens a longer one. */
export function pauseUntil(budget: WeightBudget, until: number): WeightBudget {
  return { ...budget, pausedUntil: Math.max(budget.pausedUntil, until) };
}

/** The venue has banned this address until `until`. */
export function banUntil(budget: WeightBudget, until: number): WeightBudget {
  return { ...budget, bannedUntil: Math.max(budget.bannedUntil, until) };
}

/** The venue states its limit: it replaces the constant, kind of window and reserve stay. */
export function learnLimit(
  budget: WeightBudget,
  stated: { readonly weight: number; readonly perMs: number },
  now: VenueInstant,
): WeightBudget {
  const limit = { ...budget.limit, ...stated };
  const ledger =
    limit.perMs === budget.limit.perMs ? budget.ledger : realignLedger(budget.ledger, limit, now);
  return { ...budget, limit, ledger };
}

/**
 * The reading of the venue's clock moved by `byMs` in one step: pauses move along, windows are charged anew. The
 * end of a ban may have been told as a time or as a wait, so it moves only away.
 */
export function clockStepped(budget: WeightBudget, byMs: number, now: VenueInstant): WeightBudget {
  return {
    ...budget,
    pausedUntil: budget.pausedUntil + byMs,
    bannedUntil: Math.max(budget.bannedUntil, budget.bannedUntil + byMs),
    ledger: realignLedger(budget.ledger, budget.limit, now),
  };
}

/**
 * Weight that may be counted against us now, of how much we allow ourselves; and the share (0..1) of what we charge that
 * the venue counts, which is less than all where it asks less than its price list.
 */
export function usage(
  budget: WeightBudget,
  now: VenueInstant,
): { readonly used: number; readonly allowed: number; readonly countedShare: number } {
  const { ledger, limit } = budget;
  return {
    used: spentIn(ledger, limit, now).spent,
    allowed: allowanceOf(limit),
    countedShare: ledger.countedShare,
  };
}

function allowanceOf(limit: WeightLimit): number {
  return Math.floor(limit.weight * (1 - limit.reserve));
}
