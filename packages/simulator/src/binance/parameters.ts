import { z } from 'zod';
import { refusals } from './answers';

export type ParameterKind = 'symbol' | 'symbols' | 'integer' | 'text';

/** Parameters a route reads; `!` marks a mandatory one. */
export type ParameterSpec = Readonly<Record<string, ParameterKind | `${ParameterKind}!`>>;

const KIND_PATTERNS: Readonly<Record<ParameterKind, RegExp>> = {
  // Letters of other scripts are legal, lowercase Latin ones are not.
  symbol: /^[^a-z\s"'/\\[\]{}<>,;:?&=%]{1,50}$/,
  symbols: /^\[("[^a-z\s"'/\\[\]{}<>,;:?&=%]{1,50}"(,"[^a-z\s"'/\\[\]{}<>,;:?&=%]{1,50}")*)?\]$/,
  integer: /^[0-9]{1,20}$/,
  text: /^.*$/,
};

/**
 * Checks a query in the venue's order: mandatory parameters, then illegal characters, then parameters nobody reads.
 * @throws Refusal
 */
export function checkParameters(query: URLSearchParams, spec: ParameterSpec): void {
  for (const [name, kind] of Object.entries(spec)) {
    if (kind.endsWith('!') && !query.has(name)) throw refusals.missing(name);
  }
  for (const [name, kind] of Object.entries(spec)) {
    const value = query.get(name);
    if (value === null) continue;
    if (value === '') throw refusals.empty(name);
    checkCharacters(name, value, kindOf(kind));
  }
  const names = [...query.keys()];
  const read = names.filter((name) => Object.hasOwn(spec, name)).length;
  if (read < names.length) throw refusals.unread(read, names.length);
}

function kindOf(kind: ParameterKind | `${ParameterKind}!`): ParameterKind {
  const bare = kind.replace('!', '');
  return bare === 'symbol' || bare === 'symbols' || bare === 'integer' ? bare : 'text';
}

function checkCharacters(name: string, value: string, kind: ParameterKind): void {
  if (kind !== 'text' && !KIND_PATTERNS[kind].test(value)) throw refusals.illegal(name, kind);
}

/** An integer parameter, or undefined. */
export function integerOf(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  return value === null ? undefined : Number(value);
}

/** From this magnitude on, an instant is in microseconds. */
const MICROSECONDS_FROM = 1e14;

/** An instant in ms or µs, told apart by magnitude. */
export function instantOf(query: URLSearchParams, name: string, rounding: 'up' | 'down'): number | undefined {
  const value = integerOf(query, name);
  if (value === undefined || value < MICROSECONDS_FROM) return value;
  return rounding === 'up' ? Math.ceil(value / 1000) : Math.floor(value / 1000);
}

const NamesSchema = z.array(z.string());

/** The names of a `symbols` list. @throws Refusal when one is there twice */
export function symbolsOf(text: string): readonly string[] {
  const names = NamesSchema.parse(JSON.parse(text));
  if (new Set(names).size < names.length) throw refusals.repeated();
  return names;
}

/**
 * Milliseconds of `8`, `-03`, `+5:45`, `-12:00`, between -12:00 and +14:00.
 * @throws Refusal
 */
export function timeZoneOf(text: string | null): number {
  if (text === null) return 0;
  const match = /^([+-]?)(\d{1,2})(?::(\d{2}))?$/.exec(text.trim());
  if (match === null) throw refusals.invalid('timeZone');
  const minutes = Number(match[2]) * 60 + Number(match[3] ?? 0);
  const shift = match[1] === '-' ? -minutes : minutes;
  if (shift < -720 || shift > 840 || Number(match[3] ?? 0) > 59) throw refusals.invalid('timeZone');
  return shift * 60_000;
}
