import { derive, Dice } from './dice';
import { MARGIN, MOST_TRADES_OF_A_LEAF } from './node';
import type { Node, Side, Tape } from './node';
import { timesOf } from './tape';
import { DAY_MS } from '../intervals';

/** The character of one symbol, in whole units. */
export interface Character {
  readonly seed: number;
  /** Price (ticks) around which the walk wanders. */
  readonly ticks: number;
  /** Size of typical daily moves, as a share of the price. */
  readonly volatility: number;
  readonly tradesPerDay: number;
  /** Base units traded on a typical day. */
  readonly unitsPerDay: number;
  /** Day number (since the epoch) of the listing. */
  readonly firstDay: number;
}

/** Periods (days) and weights of the walk: slow tides, weeks, single days. */
const WAVES = [
  [512, 9],
  [128, 5],
  [32, 3],
  [8, 1.6],
  [2, 0.8],
] as const;

/** The last price of a day, in ticks: noise of several periods, so that no day needs the days before it. */
export function closeOfDay(character: Character, day: number): number {
  let drift = 0;
  for (const [period, weight] of WAVES) {
    const at = Math.floor(day / period);
    const along = day / period - at;
    const from = noise(character.seed, period, at);
    const to = noise(character.seed, period, at + 1);
    const smooth = along * along * (3 - 2 * along);
    drift += weight * (from + (to - from) * smooth);
  }
  return Math.max(40, Math.round(character.ticks * Math.exp(character.volatility * drift)));
}

function noise(seed: number, period: number, at: number): number {
  return (derive(derive(seed, period), at) / 4_294_967_296) * 2 - 1;
}

/** One day of a symbol, decided by the seed and the day's number alone. */
export function dayOf(character: Character, day: number): Node {
  const seed = derive(derive(character.seed, 0xda1), day);
  const frame = {
    start: day * DAY_MS,
    length: DAY_MS,
    seed,
    firstId: 1 + (day - character.firstDay) * character.tradesPerDay,
    before: closeOfDay(character, day - 1),
    children: undefined,
  };
  const close = closeOfDay(character, day);
  return character.tradesPerDay <= MOST_TRADES_OF_A_LEAF
    ? thinDay(character, frame, close)
    : busyDay(character, frame, close);
}

type Frame = Pick<Node, 'start' | 'length' | 'seed' | 'firstId' | 'before' | 'children'>;

function busyDay(character: Character, frame: Frame, close: number): Node {
  const dice = new Dice(frame.seed);
  const open = Math.max(1, frame.before + dice.below(3) - 1);
  const reach = Math.max(4, close * character.volatility);
  const high = Math.ceil(Math.max(open, close) + (0.1 + dice.next()) * reach);
  const low = Math.max(1, Math.floor(Math.min(open, close) - (0.1 + dice.next()) * reach));
  // Both sides trade at nearly the same average: if they did not, every minute would have to span the difference.
  const middle = ((open + close) / 2 - low) / (high - low);
  const least = MARGIN + 0.1;
  const share = Math.min(1 - least, Math.max(least, middle));
  const side = (): Side => {
    const base = Math.floor((character.unitsPerDay / 2) * (0.6 + 0.8 * dice.next()));
    const average = low + (high - low) * (share + dice.bell() * 0.005);
    return { base, quote: Math.floor(base * average) };
  };
  const count = character.tradesPerDay;
  return { ...frame, open, high, low, close, count, bought: side(), sold: side(), tape: undefined };
}

/** A day with few trades is written out at once, and summed up from below. */
function thinDay(character: Character, frame: Frame, close: number): Node {
  const dice = new Dice(frame.seed);
  const count = character.tradesPerDay;
  const time = timesOf({ ...frame, count }, dice);
  const reach = Math.max(2, close * character.volatility * 0.5);
  const price = time.map((_, at) => {
    if (at === count - 1) return close;
    const line = frame.before + ((close - frame.before) * (at + 1)) / count;
    return Math.max(1, Math.round(line + dice.bell() * reach));
  });
  const most = Math.max(1, Math.floor((2 * character.unitsPerDay) / count));
  const tape: Tape = {
    time,
    price,
    size: time.map(() => 1 + dice.below(most)),
    isBought: time.map(() => dice.next() < 0.5),
  };
  return {
    ...frame,
    open: price[0] ?? close,
    high: Math.max(...price),
    low: Math.min(...price),
    close,
    count,
    bought: sideOf(tape, true),
    sold: sideOf(tape, false),
    tape,
  };
}

function sideOf(tape: Tape, isBought: boolean): Side {
  let base = 0;
  let quote = 0;
  tape.size.forEach((size, at) => {
    if (tape.isBought[at] !== isBought) return;
    base += size;
    quote += size * (tape.price[at] ?? 0);
  });
  return { base, quote };
}
