import type { WeightLimit } from '../protocol/protocol';

/**
 * What this address may have spent, seen from our side of the wire. Pure. A request is counted by the venue
 * somewhere between its leaving and its answer, by the venue's clock, which we know to within `errorMs`; so a
 * request is charged wherever it may have been counted, and nothing the venue counts is ever left out.
 *
 * Invariant, for the current window of the venue: counted of ours ≤ `spentIn` ≤ what the limit allows.
 */

/** A reading of the venue's clock: `at` in ms, right to within `errorMs`. */
export interface VenueInstant {
  readonly at: number;
  readonly errorMs: number;
}

/** A request that left: kept by whoever sent it until its end. */
export interface Spending {
  readonly weight: number;
  readonly sentAt: VenueInstant;
}

export interface Ledger {
  /** Weight of requests that left and have not ended: they may be counted now or later. */
  readonly inFlight: number;
  readonly windows: readonly WindowCount[];
  /** Sliding windows: what ended less than a window ago, oldest first. */
  readonly ended: readonly { readonly at: number; readonly weight: number }[];
  /** Share (0..1) of what was charged that the venue counted, as far as its reports tell; 1 until they do. */
  readonly countedShare: number;
}

/** One window of the venue's clock. */
interface WindowCount {
  readonly index: number;
  /** Greatest used weight the venue has told for this window: it includes every request told about so far. */
  readonly reported: number;
  /** Weight of ended requests that may be counted here and that no report of this window is known to include. */
  readonly unreported: number;
  /** Of the requests that brought a report of this window: the least report, and what was charged for all the others. */
  readonly others?: OtherReports;
}

interface OtherReports {
  readonly least: number;
  readonly leastCharged: number;
  readonly charged: number;
}

export const emptyLedger: Ledger = { inFlight: 0, windows: [], ended: [], countedShare: 1 };

/** A request leaves. */
export function chargeLedger(ledger: Ledger, weight: number): Ledger {
  return { ...ledger, inFlight: ledger.inFlight + weight };
}

/** A request ended, with or without an answer. `reported`: the used weight its answer told. */
export function settleLedger(
  ledger: Ledger,
  limit: WeightLimit,
  spending: Spending,
  end: { readonly now: VenueInstant; readonly reported?: number | undefined },
): Ledger {
  const inFlight = Math.max(0, ledger.inFlight - spending.weight);
  if (limit.window === 'sliding') {
    return { ...ledger, inFlight, ended: settleSliding(ledger, limit, spending, end) };
  }
  const windows = settleFixed(ledger, limit, spending, end);
  return { ...ledger, inFlight, windows, countedShare: countedShareOf(windows) ?? ledger.countedShare };
}

/**
 * Between the least report of a window and the greatest, every other request that brought one was counted: so it is never
 * less than the venue's own share. It is more where others spend behind this address, or where answers do not come, and
 * never more than all. Undefined until there are two reports.
 */
function countedShareOf(windows: readonly WindowCount[]): number | undefined {
  const { reported = 0, others } = windows.at(-1) ?? {};
  // A counter that stands still while requests are answered is none.
  if (others === undefined || others.charged === 0 || reported <= others.least) return undefined;
  return Math.min(1, (reported - others.least) / others.charged);
}

/** The most that may be counted against a request sent now, and when that can next be less (venue ms). */
export function spentIn(
  ledger: Ledger,
  limit: WeightLimit,
  now: VenueInstant,
): { readonly spent: number; readonly lessAt: number } {
  if (limit.window === 'sliding') {
    const recent = ledger.ended.filter((each) => each.at > now.at - limit.perMs);
    const spent = recent.reduce((sum, each) => sum + each.weight, ledger.inFlight);
    return { spent, lessAt: (recent[0]?.at ?? now.at) + limit.perMs };
  }
  const [first, last] = indexes(limit, now, now);
  const live = ledger.windows.filter((each) => each.index >= first && each.index <= last);
  const counted = live.reduce((most, each) => Math.max(most, each.reported + each.unreported), 0);
  return {
    spent: counted + ledger.inFlight,
    // The instant from which even a clock that is wrong by the guard is past the boundary.
    lessAt: (first + 1) * limit.perMs + guardMs(limit, now),
  };
}

/** Our clock was set: whatever was spent is charged to the windows that `now` may lie in. */
export function realignLedger(ledger: Ledger, limit: WeightLimit, now: VenueInstant): Ledger {
  const [first, last] = indexes(limit, now, now);
  const most = ledger.windows.reduce((sum, each) => Math.max(sum, each.reported + each.unreported), 0);
  const recent = ledger.ended.reduce((sum, each) => sum + each.weight, 0);
  return {
    ...ledger,
    windows: most === 0 ? [] : range(first, last).map((index) => ({ index, reported: 0, unreported: most })),
    ended: recent === 0 ? [] : [{ at: now.at, weight: recent }],
  };
}

/** Least distance kept from a boundary of the venue's clock, however sure we are of it, ms. */
const GUARD_MS = 250;

/** Windows repeat, so no clock can be wrong by more than half a window where it matters. */
function guardMs(limit: WeightLimit, instant: VenueInstant): number {
  return Math.min(limit.perMs / 2, Math.max(GUARD_MS, instant.errorMs + GUARD_MS / 2));
}

/** First and last window that instants between two readings can lie in; the clock may have been set back between them. */
function indexes(limit: WeightLimit, from: VenueInstant, to: VenueInstant): readonly [number, number] {
  const [first, last] = from.at <= to.at ? [from, to] : [to, from];
  return [
    Math.floor((first.at - guardMs(limit, first)) / limit.perMs),
    Math.floor((last.at + guardMs(limit, last)) / limit.perMs),
  ];
}

function settleFixed(
  ledger: Ledger,
  limit: WeightLimit,
  spending: Spending,
  end: { readonly now: VenueInstant; readonly reported?: number | undefined },
): readonly WindowCount[] {
  const [oldest] = indexes(limit, end.now, end.now);
  const [first, last] = indexes(limit, spending.sentAt, end.now);
  // Across a boundary nobody can tell which window a report is about.
  const report = first === last ? end.reported : undefined;
  const touched = range(Math.max(first, oldest), Math.max(last, oldest));
  const kept = ledger.windows.filter((each) => each.index >= oldest && !touched.includes(each.index));
  return [
    ...kept,
    ...touched.map((index) => {
      const before: WindowCount = ledger.windows.find((each) => each.index === index) ?? {
        index,
        reported: 0,
        unreported: 0,
      };
      return report === undefined
        ? { ...before, unreported: before.unreported + spending.weight }
        : {
            ...before,
            reported: Math.max(before.reported, report),
            others: withReport(before.others, report, spending.weight),
          };
    }),
  ];
}

/** Answers do not arrive in the order in which the venue counted. */
function withReport(before: OtherReports | undefined, report: number, weight: number): OtherReports {
  if (before === undefined) return { least: report, leastCharged: weight, charged: 0 };
  const { least, leastCharged, charged } = before;
  return report < least
    ? { least: report, leastCharged: weight, charged: charged + leastCharged }
    : { least, leastCharged, charged: charged + weight };
}

function settleSliding(
  ledger: Ledger,
  limit: WeightLimit,
  spending: Spending,
  end: { readonly now: VenueInstant; readonly reported?: number | undefined },
): Ledger['ended'] {
  const recent = ledger.ended.filter((each) => each.at > end.now.at - limit.perMs);
  const ours = recent.reduce((sum, each) => sum + each.weight, ledger.inFlight);
  // What the venue counts beyond all of ours was spent by others behind this address.
  const others = Math.max(0, (end.reported ?? 0) - ours);
  return [...recent, { at: end.now.at, weight: spending.weight + others }];
}

/** Both included. */
function range(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => first + at);
}
