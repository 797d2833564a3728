import type { FaultKind, FaultScript, SimulatedVenue } from '@livermore/simulator';

/** Faults that a venue has and that do not reach us: on Binance we hear no stream whose frames carry several elements. */
const OUT_OF_REACH: Readonly<Partial<Record<SimulatedVenue, readonly FaultKind[]>>> = {
  binance: ['element-bad'],
  binance_us: ['element-bad'],
};

/** Kinds of faults of a script that never acted, so that what they were to prove was not tried. */
export function neverActed(
  venue: SimulatedVenue,
  script: FaultScript,
  applied: Readonly<Record<string, number>>,
): readonly FaultKind[] {
  const ordered = new Set(script.map(({ fault }) => fault.kind));
  return [...ordered].filter(
    (kind) => applied[kind] === undefined && OUT_OF_REACH[venue]?.includes(kind) !== true,
  );
}
