import type { FaultKind, FaultScript, SimulatedVenue } from '@livermore/simulator';

/** Faults that a venue has and that do not reach us: on Binance we hear no stream whose frames carry several elements. */
const OUT_OF_REACH: Readonly<Partial<Record<SimulatedVenue, readonly FaultKind[]>>> = {
  binance: ['element-bad'],
  binance_us: ['element-bad'],
};

/** A fault that takes a smaller share than this may well not act in a run of hours: it has a row of its own. */
const RARE_SHARE = 0.05;

type Line = FaultScript[number];

/** Kinds of faults of a script that never acted, so that what they were to prove was not tried; rare ones left out. */
export function neverActed(
  venue: SimulatedVenue,
  script: FaultScript,
  applied: Readonly<Record<string, number>>,
): readonly FaultKind[] {
  const ordered = script.filter((line) => mustAct(venue, line)).map(({ fault }) => fault.kind);
  return [...new Set(ordered)].filter((kind) => applied[kind] === undefined);
}

/** Lines of a script that never acted, as words; rare ones left out. `acted` has lines by their number from 0. */
export function idleLines(
  venue: SimulatedVenue,
  script: FaultScript,
  acted: ReadonlySet<number>,
): readonly string[] {
  return script.flatMap((line, at) =>
    acted.has(at) || !mustAct(venue, line) ? [] : [`line ${at} (${line.fault.kind}) never acted`],
  );
}

function mustAct(venue: SimulatedVenue, { fault }: Line): boolean {
  return OUT_OF_REACH[venue]?.includes(fault.kind) !== true && shareOf(fault) >= RARE_SHARE;
}

function shareOf(fault: Line['fault']): number {
  return 'share' in fault ? (fault.share ?? 1) : 1;
}
