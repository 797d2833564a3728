import type { FaultKind, FaultScript, SimulatedVenue } from '@livermore/simulator';

/** Faults that a venue has and that do not reach us: on Binance we hear no stream whose frames carry several elements. */
const OUT_OF_REACH: Readonly<Partial<Record<SimulatedVenue, readonly FaultKind[]>>> = {
  binance: ['element-bad'],
  binance_us: ['element-bad'],
};

/** A fault that takes a smaller share than this may well not act in a run of hours: it has a row of its own. */
const RARE_SHARE = 0.05;

/** Kinds of faults of a script that never acted, so that what they were to prove was not tried; rare ones left out. */
export function neverActed(
  venue: SimulatedVenue,
  script: FaultScript,
  applied: Readonly<Record<string, number>>,
): readonly FaultKind[] {
  const ordered = new Set(
    script
      .map(({ fault }) => fault)
      .filter(isSureToAct)
      .map(({ kind }) => kind),
  );
  return [...ordered].filter(
    (kind) => applied[kind] === undefined && OUT_OF_REACH[venue]?.includes(kind) !== true,
  );
}

function isSureToAct(fault: FaultScript[number]['fault']): boolean {
  return !('share' in fault) || fault.share === undefined || fault.share >= RARE_SHARE;
}
