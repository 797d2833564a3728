import { TIMEFRAMES, closeTimeOf } from '@livermore/schemas';
import type { Timeframe, UnifiedCandle } from '@livermore/schemas';
import type { Clock } from '@livermore/utils';
import { instant } from './format';
import { styled } from './print';

/** A bar that closed longer ago than this was not watched closing: it was repaired. */
const OLD_MS = 120_000;
/** Closes that belong to one boundary are shown together, once they have stopped coming for this long, ms. */
const GATHER_MS = 1_500;

const REPAIRED = 0;

interface Boundary {
  readonly closeTime: number;
  readonly counts: Map<Timeframe, number>;
  newest: UnifiedCandle | undefined;
  lastAt: number;
  cancel: () => void;
}

/** Shows closes as they come: one line for each boundary, not one for each candle. */
export class LiveView {
  readonly #clock: Clock;
  readonly #lead: string | undefined;
  readonly #print: (line: string) => void;
  readonly #open = new Map<number, Boundary>();
  #previous: number | undefined;

  /** `lead`: the symbol whose price a line shows. */
  constructor(options: {
    readonly clock: Clock;
    readonly lead: string | undefined;
    readonly print: (line: string) => void;
  }) {
    this.#clock = options.clock;
    this.#lead = options.lead;
    this.#print = options.print;
  }

  take(candle: UnifiedCandle): void {
    const closed = closeTimeOf(candle.timeframe, candle.timestamp);
    // What is repaired is shown together, under the time of its repair.
    const closeTime = this.#clock.now() - closed > OLD_MS ? REPAIRED : closed;
    const boundary = this.#open.get(closeTime) ?? this.#begin(closeTime);
    boundary.counts.set(candle.timeframe, (boundary.counts.get(candle.timeframe) ?? 0) + 1);
    boundary.lastAt = this.#clock.now();
    if (candle.symbol === this.#lead) boundary.newest = candle;
    boundary.cancel();
    boundary.cancel = this.#clock.setTimer(() => this.#show(boundary), GATHER_MS);
  }

  #begin(closeTime: number): Boundary {
    const boundary: Boundary = {
      closeTime,
      counts: new Map(),
      newest: undefined,
      lastAt: 0,
      cancel: () => undefined,
    };
    this.#open.set(closeTime, boundary);
    return boundary;
  }

  #show(boundary: Boundary): void {
    this.#open.delete(boundary.closeTime);
    const counts = TIMEFRAMES.flatMap((timeframe) => {
      const closed = boundary.counts.get(timeframe);
      return closed === undefined ? [] : [`${styled('bold', timeframe)} ×${closed}`];
    });
    if (boundary.closeTime === REPAIRED) {
      this.#print(
        `${instant(boundary.lastAt).slice(11)}  ${styled('yellow', 'repaired or corrected')}  ${counts.join('  ')}`,
      );
      return;
    }
    const late = `all written ${((boundary.lastAt - boundary.closeTime) / 1000).toFixed(2)} s after the close`;
    this.#print(
      `${instant(boundary.closeTime).slice(11)}  ${counts.join('  ')}  ${this.#price(boundary.newest)}${styled('dim', late)}`,
    );
  }

  #price(candle: UnifiedCandle | undefined): string {
    if (candle === undefined) return '';
    const before = this.#previous;
    this.#previous = candle.close;
    const change = before === undefined ? 0 : candle.close - before;
    const arrow = change > 0 ? styled('green', '▲') : change < 0 ? styled('red', '▼') : '·';
    return `${candle.symbol} ${candle.close} ${arrow}  `;
  }
}
