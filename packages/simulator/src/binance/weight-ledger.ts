import { BAN_LADDER_MS, RAW_WINDOW_MS, STRIKES_BEFORE_BAN } from './profile';
import { Refusal, refusals } from './answers';

interface Account {
  minute: number;
  used: number;
  strikes: number;
  rawWindow: number;
  raw: number;
  bannedUntil: number;
  bans: number;
}

/** Addresses remembered; the least recently seen one is forgotten. */
const ADDRESSES_KEPT = 10_000;

/** What an address pays for a request, or why it may not make it. */
export interface Charge {
  readonly used: number;
  readonly refusal?: Refusal;
  readonly retryAfterSeconds?: number;
}

/**
 * Weight per address in UTC clock minutes, requests per five minutes, and bans that grow:
 *
 *   serve ──over limit──▶ 429 ──over limit again and again──▶ 418 until the ban ends ──▶ serve
 */
export class WeightLedger {
  readonly #accounts = new Map<string, Account>();
  readonly #weightLimit: number;
  readonly #rawLimit: number;

  constructor(limits: { readonly weightLimit: number; readonly rawLimit: number }) {
    this.#weightLimit = limits.weightLimit;
    this.#rawLimit = limits.rawLimit;
  }

  /** Weight used in the current minute. */
  used(ip: string, now: number): number {
    const account = this.#accounts.get(ip);
    return account !== undefined && account.minute === minuteOf(now) ? account.used : 0;
  }

  charge(ip: string, weight: number, now: number): Charge {
    const account = this.#account(ip);
    turnWindows(account, now);
    if (now < account.bannedUntil) return banned(account, now);
    account.used += weight;
    account.raw += 1;
    const retryAfterSeconds = Math.ceil((60_000 - (now % 60_000)) / 1000);
    if (account.used > this.#weightLimit) {
      account.strikes += 1;
      if (account.strikes > STRIKES_BEFORE_BAN) return this.#ban(account, now);
      return { used: account.used, refusal: refusals.tooMuchWeight(this.#weightLimit), retryAfterSeconds };
    }
    if (account.raw > this.#rawLimit) {
      const left = RAW_WINDOW_MS - (now % RAW_WINDOW_MS);
      return {
        used: account.used,
        refusal: refusals.tooManyQueued(),
        retryAfterSeconds: Math.ceil(left / 1000),
      };
    }
    return { used: account.used };
  }

  #ban(account: Account, now: number): Charge {
    const step = Math.min(account.bans, BAN_LADDER_MS.length - 1);
    account.bannedUntil = now + (BAN_LADDER_MS[step] ?? 0);
    account.bans += 1;
    return banned(account, now);
  }

  #account(ip: string): Account {
    const known = this.#accounts.get(ip) ?? {
      minute: -1,
      used: 0,
      strikes: 0,
      rawWindow: -1,
      raw: 0,
      bannedUntil: 0,
      bans: 0,
    };
    this.#accounts.delete(ip);
    this.#accounts.set(ip, known);
    if (this.#accounts.size > ADDRESSES_KEPT) this.#accounts.delete(this.#accounts.keys().next().value ?? '');
    return known;
  }
}

function minuteOf(now: number): number {
  return Math.floor(now / 60_000);
}

function turnWindows(account: Account, now: number): void {
  if (account.minute !== minuteOf(now)) {
    account.minute = minuteOf(now);
    account.used = 0;
    account.strikes = 0;
  }
  const rawWindow = Math.floor(now / RAW_WINDOW_MS);
  if (account.rawWindow !== rawWindow) {
    account.rawWindow = rawWindow;
    account.raw = 0;
  }
}

function banned(account: Account, now: number): Charge {
  return {
    used: account.used,
    refusal: refusals.banned(account.bannedUntil),
    retryAfterSeconds: Math.ceil((account.bannedUntil - now) / 1000),
  };
}
