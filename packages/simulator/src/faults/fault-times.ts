import { AppError } from '@livermore/utils';

/** A fault script names an instant or a duration that cannot be read. */
export class FaultScriptError extends AppError {
  readonly code = 'fault_script_invalid';
  readonly recovery = 'stop';
}

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Milliseconds of `1500`, `"90s"`, `"5m"`, `"2h"`. @example parseDuration('90s') // 90000 */
export function parseDuration(text: number | string): number {
  if (typeof text === 'number') return text;
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text.trim());
  const unit = UNITS[match?.[2] ?? ''];
  if (match?.[1] === undefined || unit === undefined)
    throw new FaultScriptError(`"${text}" is no duration: write milliseconds, or 90s, 5m, 2h`, { text });
  return Number(match[1]) * unit;
}

/** The epoch instant (ms) of a script's `at`: after `startedAt`, or an ISO instant. */
export function parseStart(at: number | string, startedAt: number): number {
  if (typeof at === 'string' && /^\d{4}-\d{2}-\d{2}/.test(at)) {
    const instant = Date.parse(at);
    if (Number.isNaN(instant)) throw new FaultScriptError(`"${at}" is no ISO instant`, { at });
    return instant;
  }
  return startedAt + parseDuration(at);
}
